import type { LegalBasis } from '../partners/legal-basis.js';
import type { HolderView } from './question.js';
import type { AuthorityRow, CredentialRow, PartnerRow } from './registry.queries.js';
import type { RoutingIndex } from './routing-index.js';

export interface AuthorityGrants {
  id: number;
  code: string;
  legalBases: Set<LegalBasis>;
}

export interface WorkingCredential {
  id: string;
  authorityId: number;
  /** Milliseconds; Infinity where it does not end by itself. */
  expiresAt: number;
}

/** All that an answer depends on, at one serial. Never changed once it is made. */
export interface RegistryView {
  serial: number;
  /** No instant before this one is now: that of the newest change. */
  asOf: number;
  routing: RoutingIndex;
  partners: ReadonlyMap<number, HolderView>;
  /** Where numbers left to, by the id of the number port. */
  networks: ReadonlyMap<number, string>;
  authorities: ReadonlyMap<number, AuthorityGrants>;
  /** Credentials of authorities, by the hash of a secret that works, in hex. */
  credentials: ReadonlyMap<string, WorkingCredential>;
}

export function withPartners(
  before: ReadonlyMap<number, HolderView>,
  rows: PartnerRow[],
): ReadonlyMap<number, HolderView> {
  if (rows.length === 0) return before;
  const after = new Map(before);
  for (const { id, code, name, disclosure } of rows)
    after.set(id, { code, text: JSON.stringify({ code, name, disclosure }) });
  return after;
}

export function withAuthorities(
  before: ReadonlyMap<number, AuthorityGrants>,
  rows: AuthorityRow[],
): ReadonlyMap<number, AuthorityGrants> {
  if (rows.length === 0) return before;
  const after = new Map(before);
  for (const { id, code, legal_bases } of rows) after.set(id, { id, code, legalBases: new Set(legal_bases) });
  return after;
}

/** A credential has up to two secrets that work: its own and, until its overlap ends, the one before. */
export function withCredentials(
  before: ReadonlyMap<string, WorkingCredential>,
  rows: CredentialRow[],
): ReadonlyMap<string, WorkingCredential> {
  if (rows.length === 0) return before;
  const touched = new Set(rows.map((row) => row.id));
  const after = new Map([...before].filter(([, credential]) => !touched.has(credential.id)));
  for (const row of rows) {
    if (row.revoked) continue;
    const { id } = row;
    const authorityId = row.authority_id!;
    const expiresAt = row.expires_at ?? Infinity;
    after.set(row.secret_hash.toString('hex'), { id, authorityId, expiresAt });
    if (row.previous_hash && row.previous_expires_at)
      after.set(row.previous_hash.toString('hex'), {
        id,
        authorityId,
        expiresAt: Math.min(expiresAt, row.previous_expires_at),
      });
  }
  return after;
}

export function withNetworks(
  before: ReadonlyMap<number, string>,
  rows: { id: number; network: string }[],
): ReadonlyMap<number, string> {
  if (rows.length === 0) return before;
  return new Map([...before, ...rows.map(({ id, network }) => [id, network] as const)]);
}
