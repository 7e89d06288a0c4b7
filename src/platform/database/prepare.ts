import { join } from 'node:path';

import pg from 'pg';

import { type Config, ConfigError } from '../config.js';
import { connectionAs, type WorkingRole } from './data-source.js';
import { type EmbeddedServer, startEmbeddedServer } from './embedded-server.js';
import { migrate } from './migrations.js';
import { reasonOf } from '../logging.js';
import { sqlStateOf } from './sql-states.js';

const OLDEST_POSTGRES = 18;

/** A migrated database, and how to log in to it as each role. */
export interface Database {
  ownerUrl: string;
  serviceUrl: string;
  tenantUrl: string;
  /** Rejects when the embedded server ends without `stop`. */
  lost: Promise<never>;
  /** Stops the embedded server; nothing to do for one of the operator's own. */
  stop(): Promise<void>;
}

/** Starts the embedded server or takes the configured one, checks its version and migrates. Throws ConfigError. */
export async function prepareDatabase(config: Config, log: (line: string) => void): Promise<Database> {
  if (config.databaseUrl) return prepareConfigured(config);
  let lose!: (error: Error) => void;
  const lost = new Promise<never>((_, reject) => (lose = reject));
  lost.catch(() => undefined);
  const server = await startEmbeddedServer({
    directory: join(config.home, 'postgres'),
    log,
    onExit: (message) => lose(new Error(`the embedded PostgreSQL has stopped (${message}): start again`)),
  });
  try {
    return { ...(await prepareEmbedded(server)), lost };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function prepareConfigured(config: Config): Promise<Database> {
  const ownerUrl = config.databaseOwnerUrl!;
  const serviceUrl = config.databaseUrl!;
  const tenantUrl = config.databaseTenantUrl!;
  const owner = ownerUrl === serviceUrl ? 'DATABASE_URL' : 'DATABASE_OWNER_URL';
  await checkVersion(owner, ownerUrl);
  await migrateAs(owner, ownerUrl);
  await checkLogin('DATABASE_URL', serviceUrl, 'wegwijzer_service');
  const tenant = tenantUrl === serviceUrl ? 'DATABASE_URL' : 'DATABASE_TENANT_URL';
  await checkLogin(tenant, tenantUrl, 'wegwijzer_tenant');
  return {
    ownerUrl,
    serviceUrl,
    tenantUrl,
    lost: new Promise(() => undefined),
    stop: async () => undefined,
  };
}

/** Here the two working roles log in themselves: a session of the service cannot become anything else. */
async function prepareEmbedded(server: EmbeddedServer): Promise<Omit<Database, 'lost'>> {
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

async function checkVersion(name: string, url: string): Promise<void> {
  const version = await withClient(url, async (client) => {
    const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
    return Math.floor(Number(rows[0]!.server_version_num) / 10_000);
  }).catch((error: unknown) => {
    throw new ConfigError(`the database cannot be reached (${reasonOf(error)}): check ${name}`);
  });
  if (version < OLDEST_POSTGRES)
    throw new ConfigError(
      `the database is PostgreSQL ${version}: point ${name} to PostgreSQL ${OLDEST_POSTGRES} or newer`,
    );
}

const INSUFFICIENT_PRIVILEGE = '42501';

async function migrateAs(name: string, url: string): Promise<void> {
  await migrate(url).catch((error: unknown) => {
    if (sqlStateOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new ConfigError(
      `the login of ${name} may not set up the database (${reasonOf(error)}): make it the owner, with CREATEROLE, or make the roles as docker/roles.sh does`,
    );
  });
}

async function checkLogin(name: string, url: string, role: WorkingRole): Promise<void> {
  await withClient(connectionAs(role, url), (client) => client.query('SELECT')).catch((error: unknown) => {
    throw new ConfigError(
      `the login of ${name} cannot work as ${role} (${reasonOf(error)}): check it, or grant it that role WITH SET TRUE`,
    );
  });
}

async function withClient<T>(
  connection: string | pg.ClientConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const settings = typeof connection === 'string' ? { connectionString: connection } : connection;
  const client = new pg.Client({ ...settings, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
