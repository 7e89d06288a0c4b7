import pg from 'pg';

import type { ChangeScope } from '../log/log.queries.js';
import type { Disclosure } from '../partners/partner.entity.js';
import type { LegalBasis } from '../partners/legal-basis.js';
import { inTransaction } from '../platform/database/transaction.js';
import type { Role } from '../shared/caller.js';
import type { Layer } from './routing-index.js';

export interface PartnerRow {
  id: number;
  code: string;
  name: string;
  disclosure: Disclosure;
}

export interface AuthorityRow {
  id: number;
  code: string;
  legal_bases: LegalBasis[];
}

export interface CredentialRow {
  id: string;
  role: Role;
  authority_id: number | null;
  secret_hash: Buffer;
  previous_hash: Buffer | null;
  previous_expires_at: number | null;
  expires_at: number | null;
  revoked: boolean;
}

/** Runs `work` on one snapshot of the database: all that it reads belongs to one serial. */
export function readConsistently<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, 'REPEATABLE READ READ ONLY', work);
}

/** Makes every commit of a change send a notification to this connection. */
export async function listenToChanges(client: pg.Client): Promise<void> {
  await client.query('LISTEN registry');
}

/** The present serial, and the instant of the change that it belongs to (0 before the first). */
export async function selectSerial(client: pg.PoolClient): Promise<{ serial: number; at: number }> {
  const { rows } = await client.query<{ serial: number; at: number }>(
    `SELECT serial, coalesce((SELECT (extract(epoch FROM max(at)) * 1000)::float8 FROM registry_change
       WHERE serial > log_head.serial - 1000), 0) AS at FROM log_head`,
  );
  return rows[0]!;
}

export interface ChangeRow {
  change: number;
  serial: number;
  scope: ChangeScope;
}

export async function selectChangesAfter(client: pg.PoolClient, serial: number): Promise<ChangeRow[]> {
  const { rows } = await client.query<ChangeRow>(
    'SELECT change, serial, scope FROM registry_change WHERE serial > $1 ORDER BY serial',
    [serial],
  );
  return rows;
}

/** Of the rows that these changes touched last; of all rows where `changes` is null. */
export async function selectPartners(client: pg.PoolClient, changes: number[] | null): Promise<PartnerRow[]> {
  const { rows } = await client.query<PartnerRow>(
    `SELECT id, code, name, disclosure FROM partner WHERE ${touched}`,
    [changes],
  );
  return rows;
}

export async function selectAuthorities(
  client: pg.PoolClient,
  changes: number[] | null,
): Promise<AuthorityRow[]> {
  const { rows } = await client.query<AuthorityRow>(
    `SELECT id, code, legal_bases FROM authority WHERE ${touched}`,
    [changes],
  );
  return rows;
}

/** Only those of authorities: the others are looked up when they are shown. */
export async function selectAuthorityCredentials(
  client: pg.PoolClient,
  changes: number[] | null,
): Promise<CredentialRow[]> {
  const { rows } = await client.query<CredentialRow>(
    `SELECT id, role, authority_id, secret_hash, previous_hash, revoked_at IS NOT NULL AS revoked,
       (extract(epoch FROM previous_expires_at) * 1000)::float8 AS previous_expires_at,
       (extract(epoch FROM expires_at) * 1000)::float8 AS expires_at
     FROM credential WHERE role = 'authority' AND ${touched}`,
    [changes],
  );
  return rows;
}

const touched = '($1::bigint[] IS NULL OR change = ANY ($1))';

/** A row of a layer: id, first, last, target, from, to (milliseconds), withdrawn. */
export type RangeTuple = [number, number, number, number, number, number, boolean];

const TABLE = { number_port: 'number_port', assignment: 'assignment', block: 'number_block' } as const;

/** What the index keeps of a row besides numbers and period: the partner's row id, 0 where there is none. */
const TARGET = { number_port: 'coalesce(recipient_id, 0)', assignment: 'partner_id', block: '0' } as const;

/**
 * Hands the rows of a layer on one by one: those that `changes` touched last, or all that count and have not
 * ended by `at`. Row by row, since a million rows as objects would take ten times the memory of the index.
 */
export function eachRange(
  client: pg.PoolClient,
  layer: Layer,
  which: { changes: number[] } | { endingAfter: number },
  take: (row: RangeTuple) => void,
): Promise<void> {
  const withdrawn = layer === 'block' ? 'false' : 'withdrawn_at IS NOT NULL';
  const where =
    'changes' in which
      ? 'change = ANY ($1::bigint[])'
      : `NOT ${withdrawn} AND (upper_inf(effective) OR upper(effective) > to_timestamp($1::float8 / 1000))`;
  const query = new pg.Query<RangeTuple>({
    text: `SELECT id, lower(numbers), upper(numbers) - 1, ${TARGET[layer]},
          coalesce(extract(epoch FROM lower(effective)) * 1000, '-infinity')::float8,
          coalesce(extract(epoch FROM upper(effective)) * 1000, 'infinity')::float8, ${withdrawn}
        FROM ${TABLE[layer]} WHERE ${where} ORDER BY lower(numbers)`,
    values: ['changes' in which ? which.changes : which.endingAfter],
    rowMode: 'array',
  } as never);
  return new Promise((resolve, reject) => {
    query.on('row', (row) => take(row as unknown as RangeTuple));
    query.on('end', () => resolve());
    query.on('error', reject);
    client.query(query);
  });
}

/** Of ports that left us: their networks by id. */
export async function selectNetworks(
  client: pg.PoolClient,
  changes: number[] | null,
): Promise<{ id: number; network: string }[]> {
  const { rows } = await client.query<{ id: number; network: string }>(
    `SELECT id, network FROM number_port WHERE network IS NOT NULL AND ${touched}`,
    [changes],
  );
  return rows;
}
