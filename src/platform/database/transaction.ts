import type pg from 'pg';

/** Runs `work` in a transaction of the pool, for code that works without TypeORM. */
export async function inTransaction<T>(
  pool: pg.Pool,
  mode: 'READ COMMITTED' | 'REPEATABLE READ READ ONLY',
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let done = false;
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${mode}`);
    const result = await work(client);
    await client.query('COMMIT');
    done = true;
    return result;
  } finally {
    // A connection whose transaction did not end well is not used again.
    client.release(!done);
  }
}
