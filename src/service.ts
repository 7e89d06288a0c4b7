import { access, constants } from 'node:fs/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Logger } from 'pino';

import { createApplication } from './application.js';
import { ENTITIES } from './entities.js';
import { type Credentials, fillRegistry, openLog } from './first-start.js';
import { type Config, ConfigError } from './platform/config.js';
import { openConnections } from './platform/database/connections.js';
import { type Database, prepareDatabase } from './platform/database/prepare.js';
import { makeFolder } from './platform/database/embedded-folder.js';
import { createLogger } from './platform/logging.js';
import { SystemClock } from './shared/clock.js';

/** A running service. */
export interface Service {
  address: string;
  /** Secrets and key that this start made; `null` where they were there before. */
  credentials: Credentials | null;
  auditorKey: string | null;
  /** Finishes what is in flight, then closes everything. */
  stop(): Promise<void>;
}

/** Starts the whole program in this process. Throws ConfigError for what its operator can mend. */
export async function startService(config: Config): Promise<Service> {
  await checkHome(config.home);
  const logger = createLogger(config.logLevel);
  const closing: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    const database = await prepareDatabase(config, (line) => logger.debug({ line }, 'postgres'));
    closing.push(() => database.stop());
    const { origin, auditorKey } = await openLog(config, database.ownerUrl);
    const app = await openApplication(config, database, origin, logger, closing);
    const credentials = await fillRegistry(app, config);
    const address = await listen(app, config);
    return { address, credentials, auditorKey, stop };
  } catch (error) {
    await stop();
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
  closing.push(() => app.close());
  return app;
}

async function listen(app: NestFastifyApplication, config: Config): Promise<string> {
  try {
    await app.listen(config.port, config.host);
    return app.getUrl();
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE')
      throw new ConfigError(
        `port ${config.port} on ${config.host} is in use: stop what uses it, or set PORT to another`,
      );
    if (code === 'EACCES')
      throw new ConfigError(`port ${config.port} is not allowed to this user: set PORT to one above 1023`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new ConfigError(`there is no address ${config.host} on this machine: set HOST to one`);
    throw error;
  }
}

async function checkHome(home: string): Promise<void> {
  try {
    await makeFolder(home);
    await access(home, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ConfigError(`${home} cannot be written (${code}): set WEGWIJZER_HOME to a directory that can`);
  }
}
