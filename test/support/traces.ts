import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type pg from 'pg';

/** Every way in which a text could have been left somewhere: as bytes, in hex, in base64 at any alignment. */
export function formsOf(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and last characters hold bits of the neighbours as well.
    return encoded.slice(shift === 0 ? 0 : shift + 1, (shift + bytes.length) % 3 === 0 ? undefined : -1);
  });
  return [
    bytes,
    Buffer.from(text, 'utf16le'),
    ...[hex, hex.toUpperCase(), ...shifted].map((form) => Buffer.from(form)),
  ];
}

/** The eight bytes that PostgreSQL keeps of a bigint, in memory order and in network order. */
export function formsOfNumber(number: number): Buffer[] {
  const [little, big] = [Buffer.alloc(8), Buffer.alloc(8)];
  little.writeBigInt64LE(BigInt(number));
  big.writeBigInt64BE(BigInt(number));
  return [little, big];
}

/** The names of the marks that some form of is in the bytes. */
export function findMarks(bytes: Buffer | string, marks: Record<string, Buffer[]>): string[] {
  const heap = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return Object.keys(marks).filter((name) => marks[name]!.some((form) => heap.includes(form)));
}

/** Every value of every table, bytea as it is. */
export async function dumpTables(client: pg.Client): Promise<Buffer> {
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
  );
  const values: Buffer[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<unknown[]>({ text: `SELECT * FROM ${name}`, rowMode: 'array' });
    for (const value of rows.flat())
      values.push(Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)), Buffer.from('\n'));
  }
  return Buffer.concat(values);
}

/** All files below a folder, one by one. */
export function* filesBelow(folder: string): Generator<Buffer> {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) yield readFileSync(join(entry.parentPath, entry.name));
}
