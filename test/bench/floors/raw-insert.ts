import { randomBytes } from 'node:crypto';

import pg from 'pg';

import { serve } from '../processes.js';

export interface InsertJob {
  url: string;
  /** Bytes of a leaf and of a sealed opening. */
  leaf: number;
  sealed: number;
  entries: number;
  clients: number;
  statements: number;
}

const TABLE = `
  CREATE TABLE IF NOT EXISTS floor_entry
    (index bigint PRIMARY KEY, leaf bytea NOT NULL, data_key integer NOT NULL, sealed bytea NOT NULL)`;

const INSERT = `
  INSERT INTO floor_entry SELECT index, leaf, $4::integer, sealed
  FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS entry (index, leaf, sealed)`;

let index = 0;

/**
 * The least that such entries cost to store: the same bytes, a row for each entry, one statement and one commit
 * for each batch, with nothing resolved, hashed, sealed or answered. What is stored was made before.
 */
serve(
  async ({ url, leaf, sealed, entries, clients, statements }: InsertJob): Promise<{ seconds: number }> => {
    const pool = new pg.Pool({ connectionString: url, max: clients });
    await pool.query(TABLE);
    const leaves = Array.from({ length: entries }, () => randomBytes(leaf));
    const openings = Array.from({ length: entries }, () => randomBytes(sealed));
    let left = statements;
    const insertSome = async () => {
      const client = await pool.connect();
      await client.query('SELECT 1');
      while (left-- > 0) {
        const indexes = Array.from({ length: entries }, () => index++);
        await client.query({ name: 'insert', text: INSERT, values: [indexes, leaves, openings, 1] });
      }
      client.release();
    };
    const begin = performance.now();
    await Promise.all(Array.from({ length: clients }, insertSome));
    const seconds = (performance.now() - begin) / 1000;
    await pool.end();
    return { seconds };
  },
);
