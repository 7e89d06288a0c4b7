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

const TABLES = `
  CREATE TABLE IF NOT EXISTS floor_entry (index bigint PRIMARY KEY CHECK (index >= 0), leaf bytea NOT NULL);
  CREATE TABLE IF NOT EXISTS floor_opening (index bigint PRIMARY KEY, data_key integer NOT NULL, sealed bytea NOT NULL)`;

const INSERT = `
  WITH given AS (SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS given (index, leaf, sealed)),
  entry AS (INSERT INTO floor_entry SELECT index, leaf FROM given)
  INSERT INTO floor_opening SELECT index, $4::integer, sealed FROM given`;

let index = 0;

/**
 * The least that such entries cost to store: the same bytes into tables of the same shape, one statement and one
 * commit for each batch, with nothing resolved, hashed, sealed or answered. What is stored was made before.
 */
serve(
  async ({ url, leaf, sealed, entries, clients, statements }: InsertJob): Promise<{ seconds: number }> => {
    const pool = new pg.Pool({ connectionString: url, max: clients });
    await pool.query(TABLES);
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
