import { randomFillSync } from 'node:crypto';

import { commitmentTo, lookupLeaf } from '../log/entry.js';
import { Problem } from '../shared/errors.js';
import { formatInstant } from '../shared/instant.js';
import type { LookupFault, Outcome } from './lookup.dto.js';
import { answerText, type Found, type Holding, openingText } from './lookup-text.js';
import type { Match, Question } from './question.js';
import type { AuthorityGrants, RegistryView } from './registry-view.js';

/** An answer that waits for its entry: what is to be written, and what is said once that is durable. */
export interface Draft {
  leaf: Buffer;
  opening: Buffer;
  outcome: Found['outcome'];
  /** The answer as JSON; what was refused, as an object. */
  finish(origin: string, index: number): string | LookupFault | Problem;
}

/**
 * Answers a question from one view of the registry, at `now`. A refused question gets its entry too; only a
 * secret that no longer works gets none, for then nobody asked.
 */
export function draftAnswer(
  question: Question,
  view: RegistryView,
  now: number,
  match: Match | undefined,
): Draft | Problem {
  const authority = authorityOf(question, view, now);
  if (!authority)
    return new Problem('unauthenticated', 'send Authorization: Bearer with a secret that is valid');
  if (!authority.legalBases.has(question.legalBasis)) return draftForbidden(question, view, now, authority);
  if (question.fault) return draftFault(question, view, now, authority);
  return draftFound(question, view, now, authority, match);
}

function authorityOf(question: Question, view: RegistryView, now: number): AuthorityGrants | undefined {
  const credential = view.credentials.get(question.secretHash);
  return credential && credential.expiresAt > now ? view.authorities.get(credential.authorityId) : undefined;
}

function draftForbidden(
  question: Question,
  view: RegistryView,
  now: number,
  authority: AuthorityGrants,
): Draft {
  const entry = writeEntry(question, view, now, authority, {
    outcome: 'refused',
    reason: 'legal_basis_not_granted',
  });
  return {
    ...entry,
    outcome: 'refused',
    finish: () =>
      new Problem(
        'legal_basis_not_granted',
        'this legal basis is not granted to the authority; the question was logged',
      ),
  };
}

function draftFault(question: Question, view: RegistryView, now: number, authority: AuthorityGrants): Draft {
  const entry = writeEntry(question, view, now, authority, {
    outcome: 'refused',
    reason: question.fault!.code,
  });
  const finish = () => ({ number: question.given, error: question.fault! });
  return { ...entry, outcome: 'refused', finish };
}

function draftFound(
  question: Question,
  view: RegistryView,
  now: number,
  authority: AuthorityGrants,
  match: Match | undefined,
): Draft {
  const partner = match?.partnerId ? view.partners.get(match.partnerId)! : null;
  const outcome = outcomeOf(match);
  const found = { outcome, partner: partner?.code, network: match?.network ?? undefined, reason: undefined };
  const { leaf, opening } = writeEntry(question, view, now, authority, found);
  const { serial } = view;
  return new FoundDraft(leaf, opening, {
    number: question.number!,
    at: question.at ?? now,
    outcome,
    partner,
    match,
    serial,
  });
}

/** A class: a closure for each of a thousand drafts costs more than all that it closes over. */
class FoundDraft implements Draft {
  constructor(
    readonly leaf: Buffer,
    readonly opening: Buffer,
    private readonly holding: Holding,
  ) {}

  get outcome(): Outcome {
    return this.holding.outcome;
  }

  finish(origin: string, index: number): string {
    return answerText(this.holding, this, origin, index);
  }
}

function outcomeOf(match: Match | undefined): Outcome {
  if (!match) return 'not_ours';
  if (match.partnerId) return 'held';
  return match.layer === 'number_port' ? 'ported_out' : 'unassigned';
}

function writeEntry(
  question: Question,
  view: RegistryView,
  now: number,
  authority: AuthorityGrants,
  found: Found,
): { leaf: Buffer; opening: Buffer } {
  const context = { at: question.at ?? now, authority: authority.code, salt: salt(), serial: view.serial };
  const opening = Buffer.from(openingText(question, found, context));
  return { opening, leaf: lookupLeaf(formatInstant(now), commitmentTo(opening)) };
}

const SALT_BYTES = 16;
const pool = Buffer.alloc(SALT_BYTES * 512);
let used = pool.length;

/** 16 random bytes in base64. Drawn by the pool: one call of the generator for each costs as much as the hash. */
function salt(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.toString('base64', used, (used += SALT_BYTES));
}
