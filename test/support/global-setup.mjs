import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

// From the build, which `npm test` makes first: Jest loads this file without its TypeScript transform.
import { startEmbeddedServer } from '../../dist/src/platform/database/embedded-server.js';
import { migrate } from '../../dist/src/platform/database/migrations.js';

const TEMPLATE = 'wegwijzer_template';

/** One server for all test files, and a migrated database that each file clones. Nothing is kept: no fsync. */
export default async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), 'wegwijzer-test-'));
  const server = await startEmbeddedServer({
    directory,
    log: () => undefined,
    settings: { fsync: 'off', full_page_writes: 'off', max_connections: '300', shared_buffers: '128MB' },
  });
  globalThis.testServer = { server, directory };
  const url = `postgres://postgres:${encodeURIComponent(server.password)}@${server.host}:${server.port}`;
  const client = new pg.Client(`${url}/postgres`);
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await migrate(`${url}/${TEMPLATE}`);
  await client.end();
  process.env.TEST_DATABASE_SERVER = url;
}
