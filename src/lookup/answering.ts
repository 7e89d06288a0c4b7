import { randomFillSync } from 'node:crypto';

import { commitmentTo, leafHash, lookupLeaf } from '../log/entry.js';
import { Problem } from '../shared/errors.js';
import { formatInstant } from '../shared/instant.js';
import type { LookupAnswer, LookupFault, Outcome } from './lookup.dto.js';
import type { Match, Question } from './question.js';
import type { AuthorityGrants, RegistryView } from './registry-view.js';

/** An answer that waits for its entry: what is to be written, and what is said once that is durable. */
export interface Draft {
  leaf: Buffer;
  opening: Buffer;
  finish(origin: string, index: number): LookupAnswer | LookupFault | Problem;
}

const NO_DATA = { state: 'none', synced_at: null } as const;

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
  return { ...entry, finish: () => ({ number: question.given, error: question.fault! }) };
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
  const network = match?.network ?? undefined;
  const entry = writeEntry(question, view, now, authority, { outcome, partner: partner?.code, network });
  return {
    ...entry,
    finish: (origin, index) => ({
      id: `${origin}#${index}`,
      number: `+${question.number}`,
      at: formatInstant(question.at ?? now),
      outcome,
      partner,
      ...(network !== undefined && { network }),
      matched: match
        ? {
            rule: match.layer,
            first: `+${match.first}`,
            last: `+${match.last}`,
            effective_from: formatInstant(match.from),
            effective_to: formatInstant(match.to),
          }
        : null,
      data: NO_DATA,
      serial: view.serial,
      receipt: {
        origin,
        index,
        leaf: entry.leaf.toString('base64'),
        leaf_hash: leafHash(entry.leaf),
        opening: entry.opening.toString('base64'),
      },
    }),
  };
}

function outcomeOf(match: Match | undefined): Outcome {
  if (!match) return 'not_ours';
  if (match.partnerId) return 'held';
  return match.layer === 'number_port' ? 'ported_out' : 'unassigned';
}

interface Found {
  outcome: Outcome | 'refused';
  partner?: string;
  network?: string;
  reason?: string;
}

/** Keys stand in the order of RFC 8785, so that `JSON.stringify` writes canonical JSON; undefined ones are left out. */
function writeEntry(
  question: Question,
  view: RegistryView,
  now: number,
  authority: AuthorityGrants,
  found: Found,
): { leaf: Buffer; opening: Buffer } {
  const opening = Buffer.from(
    JSON.stringify({
      at: formatInstant(question.at ?? now),
      authority: authority.code,
      case_reference: question.caseReference,
      legal_basis: question.legalBasis,
      network: found.network,
      number: question.number === null ? question.given : `+${question.number}`,
      outcome: found.outcome,
      partner: found.partner,
      purpose: question.purpose ?? undefined,
      reason: found.reason,
      request_id: question.requestId ?? undefined,
      requester: question.requester,
      salt: salt(),
      serial: view.serial,
    }),
  );
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
