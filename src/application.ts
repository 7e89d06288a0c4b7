import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { AppModule, type Surroundings } from './app.module.js';
import { FastLane } from './lookup/fast-lane.js';
import { publishDocument } from './platform/http/openapi.js';
import { watchMethods } from './platform/http/refusals.js';
import { createAdapter, prepareServer } from './platform/http/server.js';
import { NestLog } from './platform/logging.js';
import { Metrics } from './platform/metrics.js';

/** Addresses that are not part of the API. */
const OUTSIDE_API = ['health/live', 'health/ready', 'metrics'];

/** The whole application, ready to listen. Whoever made the surroundings also takes them down. */
export async function createApplication(surroundings: Surroundings): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(surroundings),
    createAdapter(),
    {
      logger: new NestLog(surroundings.logger),
      abortOnError: false,
      // Nest's would also take forms; Fastify's own parser of JSON does what is needed.
      bodyParser: false,
    },
  );
  app.setGlobalPrefix('v1', { exclude: OUTSIDE_API });
  prepareServer(app, surroundings.logger, app.get(Metrics));
  app.get(FastLane).open(app.getHttpAdapter().getInstance());
  const refuseOtherMethods = watchMethods(app.getHttpAdapter().getInstance());
  publishDocument(app);
  await app.init();
  refuseOtherMethods();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}
