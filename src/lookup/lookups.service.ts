import { Inject, Injectable } from '@nestjs/common';

import type { Config } from '../platform/config.js';
import { CONFIG } from '../platform/tokens.js';
import type { Caller } from '../shared/caller.js';
import { type E164, type NumberFault, parseE164 } from '../shared/e164.js';
import { Problem } from '../shared/errors.js';
import { parseInstant } from '../shared/instant.js';
import type { Ground, LookupBatchRequest, LookupRequest } from './lookup.dto.js';
import { LookupDesk } from './lookup-desk.js';
import type { Question } from './question.js';

@Injectable()
export class LookupsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly desk: LookupDesk,
  ) {}

  /** A LookupAnswer as JSON. Throws `invalid_number` and `legal_basis_not_granted`, both after the question was logged. */
  async ask(caller: Caller, request: LookupRequest): Promise<string> {
    const [result] = await this.desk.ask([this.question(caller, request, request.number)]);
    if (result instanceof Problem) throw result;
    if (typeof result === 'object')
      throw new Problem('invalid_number', result.error.detail, {
        errors: [{ pointer: '/number', ...result.error }],
      });
    return result!;
  }

  /** A LookupBatchAnswer as JSON. Throws `legal_basis_not_granted`, after all questions were logged. */
  async askMany(caller: Caller, request: LookupBatchRequest): Promise<string> {
    const results = await this.desk.ask(
      request.numbers.map((number) => this.question(caller, request, number)),
    );
    const refused = results.find((result) => result instanceof Problem);
    if (refused) throw refused;
    const texts = results.map((result) => (typeof result === 'string' ? result : JSON.stringify(result)));
    return `{"results":[${texts.join(',')}]}`;
  }

  private question(caller: Caller, ground: Ground & { request_id?: string }, given: unknown): Question {
    const number: E164 | NumberFault =
      typeof given === 'string'
        ? parseE164(given, this.config.defaultCountry)
        : { code: 'not_digits', detail: 'a number is a string' };
    const isNumber = typeof number === 'number';
    return {
      number: isNumber ? number : null,
      given: isNumber ? null : shown(given),
      fault: isNumber ? null : number,
      at: ground.at === undefined ? null : parseInstant(ground.at)!,
      secretHash: caller.secretHash,
      legalBasis: ground.legal_basis,
      caseReference: ground.case_reference,
      requester: ground.requester,
      purpose: ground.purpose ?? null,
      requestId: ground.request_id ?? null,
    };
  }
}

/** What was given in place of a number, as far as an entry keeps it; well-formed, for canonical JSON must be. */
function shown(given: unknown): string {
  const text = typeof given === 'string' ? given : (JSON.stringify(given) ?? '');
  return Buffer.from(text.slice(0, 64)).toString();
}
