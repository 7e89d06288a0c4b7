/** Writes the API's document as the code has it now: `npm run openapi`. Needs no database. */
import { writeFile } from 'node:fs/promises';

import { NestFactory } from '@nestjs/core';
import pg from 'pg';
import { DataSource } from 'typeorm';

import { AppModule } from '../../dist/src/app.module.js';
import { loadConfig } from '../../dist/src/platform/config.js';
import { buildDocument } from '../../dist/src/platform/http/openapi.js';
import { createAdapter } from '../../dist/src/platform/http/server.js';
import { createLogger } from '../../dist/src/platform/logging.js';
import { SystemClock } from '../../dist/src/shared/clock.js';

const FILE = new URL('../../openapi/openapi.json', import.meta.url);

const unconnected = new DataSource({ type: 'postgres' });
const app = await NestFactory.create(
  AppModule.with({
    config: loadConfig({}),
    clock: new SystemClock(),
    logger: createLogger('silent'),
    connections: { service: unconnected, tenant: unconnected, hot: new pg.Pool() },
    origin: 'wegwijzer.example/openapi',
  }),
  createAdapter(),
  { logger: false },
);
await writeFile(FILE, `${JSON.stringify(buildDocument(app), null, 2)}\n`);
