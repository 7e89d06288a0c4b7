import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import supertest from 'supertest';
import type TestAgent from 'supertest/lib/agent.js';

import { createApplication } from '../../src/application.js';
import { ENTITIES } from '../../src/entities.js';
import { type Credentials, fillRegistry, openLog } from '../../src/first-start.js';
import { type Config, loadConfig } from '../../src/platform/config.js';
import { type Connections, openConnections } from '../../src/platform/database/connections.js';
import { createLogger } from '../../src/platform/logging.js';
import { type Clock, SystemClock } from '../../src/shared/clock.js';
import { createDatabase, type TestDatabase } from './database.js';

/** A node of the service in this process, on a database of its own. */
export interface TestApp {
  app: NestFastifyApplication;
  database: TestDatabase;
  connections: Connections;
  config: Config;
  secrets: Credentials;
  home: string;
  /** Requests without a secret. */
  http: TestAgent;
  /** Requests with the secret of the first start's credential for this role, or with a given one. */
  as(who: 'admin' | 'auditor' | 'authority' | { secret: string }): TestAgent;
  /** Another node on the same database. */
  addNode(clock?: Clock): Promise<TestApp>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  demo?: boolean;
  clock?: Clock;
}

export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const database = await createDatabase();
  const home = await mkdtemp(join(tmpdir(), 'wegwijzer-app-'));
  const node = await startNode(database, home, options, undefined);
  return {
    ...node,
    close: async () => {
      await node.close();
      await database.drop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function startNode(
  database: TestDatabase,
  home: string,
  options: TestAppOptions,
  known: Credentials | undefined,
): Promise<TestApp> {
  const config = loadConfig({
    DATABASE_URL: database.url,
    WEGWIJZER_HOME: home,
    WEGWIJZER_DEMO: options.demo ? '1' : '0',
    LOG_LEVEL: 'silent',
  });
  const { origin } = await openLog(config, database.url);
  const connections = await openConnections({ serviceUrl: database.url, tenantUrl: database.url }, ENTITIES);
  const clock = options.clock ?? new SystemClock();
  const logger = createLogger(config.logLevel);
  const app = await createApplication({ config, clock, logger, connections, origin });
  const secrets = (await fillRegistry(app, config)) ?? known!;
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const extra: TestApp[] = [];
  return {
    app,
    database,
    connections,
    config,
    secrets,
    home,
    http: supertest.agent(url),
    as: (who) => {
      const secret = typeof who === 'string' ? secrets[who] : who.secret;
      return supertest.agent(url).set('Authorization', `Bearer ${secret}`);
    },
    addNode: async (nodeClock) => {
      const node = await startNode(database, home, { ...options, clock: nodeClock ?? clock }, secrets);
      extra.push(node);
      return node;
    },
    close: async () => {
      for (const node of extra) await node.close();
      await app.close();
      await connections.close();
    },
  };
}

export const GROUND = {
  legal_basis: 'Sv 126n',
  case_reference: 'PL0900-2026-012345',
  requester: 'A-10472',
} as const;
