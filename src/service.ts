import { access, constants, stat } from 'node:fs/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';

import { createApplication } from './application.js';
import { ENTITIES } from './entities.js';
import { type Credentials, fillRegistry, openLog } from './first-start.js';
import { type Config, ConfigError } from './platform/config.js';
import { openConnections } from './platform/database/connections.js';
import { type Database, prepareDatabase } from './platform/database/prepare.js';
import { makeFolder } from './platform/database/embedded-folder.js';
import { checkPort, drain, listen } from './platform/http/listening.js';
import { createLogger } from './platform/logging.js';
import { SystemClock } from './shared/clock.js';

/** A running service. */
export interface Service {
  address: string;
  /** Secrets and key that this start made; `null` where they were there before. */
  credentials: Credentials | null;
  auditorKey: string | null;
  /** Rejects when the embedded server ends by itself: without it nothing can go on. */
  lost: Promise<never>;
  /** Finishes what is in flight, then closes everything. */
  stop(): Promise<void>;
}

/** Starts the whole program in this process. Throws ConfigError for what its operator can mend. */
export async function startService(config: Config): Promise<Service> {
  await checkHome(config.home);
  await checkPort(config);
  const logger = createLogger(config.logLevel);
  const closing: (() => Promise<void>)[] = [];
  const stop = () => closeAll(closing.splice(0).reverse());
  try {
    const database = await prepareDatabase(config, (line) => logger.debug({ line }, 'postgres'));
    closing.push(() => database.stop());
    const { origin, auditorKey } = await openLog(config, database.ownerUrl);
    const app = await openApplication(config, database, origin, logger, closing);
    const credentials = await fillRegistry(app, config);
    const address = await listen(app, config);
    return { address, credentials, auditorKey, lost: database.lost, stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function openApplication(
  config: Config,
  database: Database,
  origin: string,
  logger: Logger,
  closing: (() => Promise<void>)[],
): Promise<NestFastifyApplication> {
  const connections = await openConnections(database, ENTITIES);
  closing.push(() => connections.close());
  const app = await createApplication({ config, clock: new SystemClock(), logger, connections, origin });
  closing.push(() => drain(app));
  return app;
}

/** All of them, also after one has failed. */
async function closeAll(closing: (() => Promise<void>)[]): Promise<void> {
  const failed: unknown[] = [];
  for (const close of closing) await close().catch((error: unknown) => failed.push(error));
  if (failed.length > 0) throw failed[0];
}

async function checkHome(home: string): Promise<void> {
  try {
    await makeFolder(home);
    if (!(await stat(home)).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    await access(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ConfigError(`${home} cannot be written (${code}): set WEGWIJZER_HOME to a directory that can`);
  }
}
