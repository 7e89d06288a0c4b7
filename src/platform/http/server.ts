import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import type { Metrics } from '../metrics.js';
import { EVERY_ANSWER } from './headers.js';
import { refuseAddress, refuseRequest } from './refusals.js';
import { checkShape } from './shape.js';

/** Largest JSON body: a batch of 10,000 numbers, each written as long as is understood, fits. */
const JSON_LIMIT = 1_048_576;
const STREAMED_TYPES = ['text/csv', 'application/x-ndjson', 'application/ndjson'];

export function createAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: JSON_LIMIT,
    genReqId: () => randomUUID(),
    logger: false,
    forceCloseConnections: 'idle',
    // What still comes in on an open connection while the service stops gets its answer as well.
    return503OnClosing: false,
    // An upload of millions of rows takes a minute; what takes longer holds a connection for nothing.
    requestTimeout: 600_000,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseRequest,
  });
}

/** What holds for every request: its id, the API's version, uploads as streams, one line and one count. */
export function prepareServer(app: NestFastifyApplication, log: Logger, metrics: Metrics): void {
  const server = app.getHttpAdapter().getInstance();
  server.removeContentTypeParser(['text/plain', 'application/x-www-form-urlencoded']);
  for (const type of STREAMED_TYPES)
    server.addContentTypeParser(type, (_request: FastifyRequest, body: Readable) => Promise.resolve(body));
  server.addHook('onRequest', (request, reply, done) => {
    reply.headers(EVERY_ANSWER).header('X-Request-Id', request.id);
    done();
  });
  server.addHook('preValidation', (request, _reply, done) => {
    checkShape(request.body);
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    record(request, reply, log, metrics);
    done();
  });
}

/** Lookups get no line of their own: each has its entry in the log, and a line would cost a tenth of its time. */
function record(request: FastifyRequest, reply: FastifyReply, log: Logger, metrics: Metrics): void {
  const route = request.routeOptions.url ?? 'unknown';
  const status = reply.statusCode;
  metrics.requests.inc({ method: request.method, route, status });
  const level =
    status >= 500 ? 'warn' : route.startsWith('/v1/lookup') || !route.startsWith('/v1') ? 'debug' : 'info';
  if (!log.isLevelEnabled(level)) return;
  log[level](
    {
      request_id: request.id,
      method: request.method,
      route,
      status,
      role: request.caller?.role,
      credential: request.caller?.credentialId,
      ms: Math.round(reply.elapsedTime),
    },
    'request',
  );
}
