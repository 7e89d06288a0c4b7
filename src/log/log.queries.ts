import type pg from 'pg';
import type { EntityManager } from 'typeorm';

export type ChangeScope =
  'partner' | 'authority' | 'credential' | 'number_block' | 'assignment' | 'number_port';

/**
 * Appends entries resolved at `serial`; their first index, or `null` (nothing written) where the registry has
 * moved on. Atomic and durable once it resolves.
 */
export async function appendEntries(
  client: pg.Pool | pg.PoolClient,
  serial: number,
  leaves: Buffer[],
  dataKey: number,
  openings: Buffer[],
): Promise<number | null> {
  const { rows } = await client.query<{ first_index: number | null }>({
    name: 'append-entries',
    text: 'SELECT log_append($1, $2::bytea[], $3, $4::bytea[]) AS first_index',
    values: [serial, byteaArray(leaves), dataKey, byteaArray(openings)],
  });
  return rows[0]!.first_index;
}

/** Takes the head until the end of the transaction: no change can commit meanwhile. Answers its serial. */
export async function lockHead(client: pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ serial: number }>('SELECT log_lock() AS serial');
  return rows[0]!.serial;
}

/** Ends a change: gives it its serial and appends its entry. Last statement before the commit, for it locks the head. */
export async function appendChange(
  manager: EntityManager,
  change: { id: number; scope: ChangeScope; at: number },
  leaf: Buffer,
): Promise<number> {
  const [row] = await manager.query<{ serial: number }[]>(
    'SELECT log_append_change($1, $2, to_timestamp($3::float8 / 1000), $4) AS serial',
    [change.id, change.scope, change.at, leaf],
  );
  return row!.serial;
}

/** A new change's id. Bounds the change's waits for locks. */
export async function beginChange(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<{ id: number }[]>(
    `SELECT set_config('lock_timeout', '30s', true), nextval('change_id') AS id`,
  );
  return row!.id;
}

/** The instant of the newest committed change; 0 when there is none. */
export async function selectNewestInstant(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<{ at: number }[]>(
    'SELECT (extract(epoch FROM at) * 1000)::float8 AS at FROM registry_change ORDER BY serial DESC LIMIT 1',
  );
  return row?.at ?? 0;
}

export async function insertDataKey(client: pg.Pool, createdAt: number, wrapped: Buffer): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    'INSERT INTO log_data_key (created_at, wrapped) VALUES (to_timestamp($1::float8 / 1000), $2) RETURNING id',
    [createdAt, wrapped],
  );
  return rows[0]!.id;
}

export async function selectRecipients(client: pg.Pool): Promise<string[]> {
  const { rows } = await client.query<{ recipient: string }>(
    'SELECT recipient FROM auditor_recipient ORDER BY 1',
  );
  return rows.map((row) => row.recipient);
}

export interface StoredEntry {
  index: number;
  leaf: Buffer;
  data_key: number | null;
  sealed: Buffer | null;
  wrapped: Buffer | null;
}

export async function selectEntry(client: pg.Pool, index: number): Promise<StoredEntry | undefined> {
  const { rows } = await client.query<StoredEntry>(
    `SELECT entry.index, entry.leaf, opening.data_key, opening.sealed, key.wrapped
     FROM log_entry entry
     LEFT JOIN LATERAL (
       SELECT data_key, sealed[entry.index - first_index + 1] AS sealed FROM log_opening
       WHERE first_index <= entry.index ORDER BY first_index DESC LIMIT 1
     ) opening ON opening.sealed IS NOT NULL
     LEFT JOIN log_data_key key ON key.id = opening.data_key
     WHERE entry.index = $1`,
    [index],
  );
  return rows[0];
}

/** Whether an append could work now: the head is there and the server takes writes. */
export async function isWritable(client: pg.Pool): Promise<boolean> {
  const { rows } = await client.query<{ writable: boolean }>(
    'SELECT NOT pg_is_in_recovery() AND EXISTS (SELECT FROM log_head) AS writable',
  );
  return rows[0]!.writable;
}

const BYTEA_OID = 17;

/**
 * A bytea[] in PostgreSQL's binary form (`array_recv`): a Buffer goes over the wire as it is. Measured: 150,000
 * entries a second against 88,000 with the text form, which writes every byte as two hex digits.
 */
function byteaArray(items: Buffer[]): Buffer {
  let size = 20;
  for (const item of items) size += 4 + item.length;
  const array = Buffer.allocUnsafe(size);
  const header = [1, 0, BYTEA_OID, items.length, 1]; // dimensions, no nulls, element type, length, lower bound
  let place = 0;
  for (const value of header) place = array.writeInt32BE(value, place);
  for (const item of items) {
    place = array.writeInt32BE(item.length, place);
    place += item.copy(array, place);
  }
  return array;
}
