import { randomBytes } from 'node:crypto';

import pg from 'pg';

const TEMPLATE = 'wegwijzer_template';
const TEMPLATE_LOCK = 1;

export interface TestDatabase {
  /** Logs in as the owner; the program works as its own roles on it. */
  url: string;
  drop(): Promise<void>;
}

/** A database of this test file's own, cloned from the migrated one. */
export async function createDatabase(template: string = TEMPLATE): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_SERVER!;
  const name = `test_${randomBytes(6).toString('hex')}`;
  // Two clones of one template at the same moment get in each other's way.
  await onServer(server, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: `${server}/${name}`,
    drop: () =>
      onServer(server, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  };
}

async function onServer(server: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(`${server}/postgres`);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
