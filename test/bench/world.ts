import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import pg from 'pg';

import { type EmbeddedServer, startEmbeddedServer } from '../../src/platform/database/embedded-server.js';
import { startProgram } from './processes.js';

// As in the service: every bigint is below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** A running service, in a process of its own, on a database of the bench's server. */
export interface RunningService {
  address: string;
  secrets: { admin: string; authority: string };
  stop(): Promise<void>;
}

/**
 * Owns what all measurements stand on: one embedded PostgreSQL with the settings that the service itself gives it
 * (durable), so that ours and every floor write to the same server and disk.
 */
export class World {
  private constructor(
    readonly directory: string,
    private readonly server: EmbeddedServer,
    private readonly serviceArguments: string[],
  ) {}

  static async open(serviceArguments: string[]): Promise<World> {
    const parent = resolve('.wegwijzer');
    await mkdir(parent, { recursive: true });
    const directory = await mkdtemp(join(parent, 'bench-'));
    const server = await startEmbeddedServer({
      directory: join(directory, 'postgres'),
      log: () => undefined,
    });
    return new World(directory, server, serviceArguments);
  }

  async close(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  urlOf(database: string): string {
    const { superuser, password, host, port } = this.server;
    return `postgres://${superuser}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
  }

  async createDatabase(name: string, template = 'template1'): Promise<void> {
    await this.query('postgres', `CREATE DATABASE ${name} TEMPLATE ${template}`);
  }

  async hasDatabase(name: string): Promise<boolean> {
    return (await this.query('postgres', 'SELECT FROM pg_database WHERE datname = $1', [name])).length > 0;
  }

  async dropDatabase(name: string): Promise<void> {
    await this.query('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
  }

  /** One statement as the owner of everything, on a connection of its own. */
  async query<Row extends pg.QueryResultRow>(
    database: string,
    sql: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    const client = new pg.Client(this.urlOf(database));
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** The service as its operator starts it. The secrets are those that a first start on `home` wrote there. */
  async startService(database: string, home: string, demo: boolean): Promise<RunningService> {
    const path = join(this.directory, home);
    const program = await startProgram('../../src/main.js', /is ready on (\S+)/, {
      env: {
        DATABASE_URL: this.urlOf(database),
        WEGWIJZER_HOME: path,
        WEGWIJZER_DEMO: demo ? '1' : '0',
        PORT: '0',
      },
      nodeArguments: this.serviceArguments,
    });
    const secrets = JSON.parse(
      await readFile(join(path, 'credentials.json'), 'utf8'),
    ) as RunningService['secrets'];
    return { address: program.found, secrets, stop: () => program.stop() };
  }
}
