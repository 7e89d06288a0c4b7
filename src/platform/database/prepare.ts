import { join } from 'node:path';

import pg from 'pg';

import { type Config, ConfigError } from '../config.js';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.js';
import { migrate } from './migrations.js';

const OLDEST_POSTGRES = 18;

/** A migrated database, and how to log in to it as each role. */
export interface Database {
  ownerUrl: string;
  serviceUrl: string;
  tenantUrl: string;
  /** Stops the embedded server; nothing to do for one of the operator's own. */
  stop(): Promise<void>;
}

/** Starts the embedded server or takes the configured one, checks its version and migrates. Throws ConfigError. */
export async function prepareDatabase(config: Config, log: (line: string) => void): Promise<Database> {
  if (config.databaseUrl) return prepareConfigured(config);
  const server = await startEmbeddedServer({ directory: join(config.home, 'postgres'), log });
  try {
    return await prepareEmbedded(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function prepareConfigured(config: Config): Promise<Database> {
  await checkVersion(config.databaseOwnerUrl!);
  await migrate(config.databaseOwnerUrl!);
  return {
    ownerUrl: config.databaseOwnerUrl!,
    serviceUrl: config.databaseUrl!,
    tenantUrl: config.databaseTenantUrl!,
    stop: async () => undefined,
  };
}

/** Here the two working roles log in themselves: a session of the service cannot become anything else. */
async function prepareEmbedded(server: EmbeddedServer): Promise<Database> {
  const url = (login: string, database = 'wegwijzer') =>
    `postgres://${login}:${encodeURIComponent(server.password)}@${server.host}:${server.port}/${database}`;
  const ownerUrl = url(server.superuser);
  await createDatabase(url(server.superuser, 'postgres'));
  await migrate(ownerUrl);
  await withClient(ownerUrl, async (client) => {
    for (const role of ['wegwijzer_service', 'wegwijzer_tenant'])
      await client.query(`ALTER ROLE ${role} LOGIN PASSWORD ${client.escapeLiteral(server.password)}`);
  });
  return {
    ownerUrl,
    serviceUrl: url('wegwijzer_service'),
    tenantUrl: url('wegwijzer_tenant'),
    stop: () => server.stop(),
  };
}

async function createDatabase(adminUrl: string): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rowCount } = await client.query(`SELECT FROM pg_database WHERE datname = 'wegwijzer'`);
    if (!rowCount) await client.query('CREATE DATABASE wegwijzer');
  });
}

async function checkVersion(url: string): Promise<void> {
  const version = await withClient(url, async (client) => {
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    return Math.floor(Number(rows[0]!.server_version_num) / 10_000);
  }).catch((error: Error) => {
    throw new ConfigError(`the database cannot be reached (${error.message}): check DATABASE_URL`);
  });
  if (version < OLDEST_POSTGRES)
    throw new ConfigError(
      `the database is PostgreSQL ${version}: point DATABASE_URL to PostgreSQL ${OLDEST_POSTGRES} or newer`,
    );
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
