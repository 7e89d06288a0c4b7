/** Writes the schema as the migrations make it: `npm run schema`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pg from 'pg';

import { startEmbeddedServer } from '../../dist/src/platform/database/embedded-server.js';
import { migrate } from '../../dist/src/platform/database/migrations.js';
import { dumpSchema } from './schema-dump.mjs';

const FILE = new URL('../../migrations/schema.sql', import.meta.url);

const directory = await mkdtemp(join(tmpdir(), 'wegwijzer-schema-'));
const server = await startEmbeddedServer({ directory, log: () => undefined, settings: { fsync: 'off' } });
try {
  const { superuser, password, host, port } = server;
  const url = `postgres://${superuser}:${encodeURIComponent(password)}@${host}:${port}/postgres`;
  await migrate(url);
  const client = new pg.Client(url);
  await client.connect();
  await writeFile(FILE, await dumpSchema(client));
  await client.end();
} finally {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
