/*
 * Owns: the short way of a well-formed question that a known authority asks, from the router to the desk.
 * Invariant: it only leaves out work. Whatever is not surely right takes the long way through guard, pipe and
 *   controller, which accept, refuse and say the same; errors of the desk leave by the same filter.
 * On failure: as on the long way.
 * Budget: 3 µs a question. Measured: the long way takes 27 µs, two thirds of it in validation.
 */
import { Injectable } from '@nestjs/common';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';

import { JSON_TYPE } from '../platform/http/headers.js';
import { type QuickCheck, quickCheckOf } from '../platform/http/quick-check.js';
import type { Caller } from '../shared/caller.js';
import { CallerAuthenticator } from './caller-authenticator.js';
import { LookupBatchRequest, LookupRequest } from './lookup.dto.js';
import { LookupsService } from './lookups.service.js';

@Injectable()
export class FastLane {
  constructor(
    private readonly authenticator: CallerAuthenticator,
    private readonly lookups: LookupsService,
  ) {}

  /** Call it before the routes are made. */
  open(server: FastifyInstance): void {
    const lanes = new Map([
      [
        '/v1/lookups',
        (usual: RouteHandlerMethod) =>
          this.lane(usual, quickCheckOf(LookupRequest), (caller, body) => this.lookups.ask(caller, body)),
      ],
      [
        '/v1/lookup-batches',
        (usual: RouteHandlerMethod) =>
          this.lane(usual, quickCheckOf(LookupBatchRequest), (caller, body) =>
            this.lookups.askMany(caller, body),
          ),
      ],
    ]);
    server.addHook('onRoute', (route) => {
      const lane = route.method === 'POST' && lanes.get(route.url);
      if (lane) route.handler = lane(route.handler);
    });
  }

  private lane<Body>(
    usual: RouteHandlerMethod,
    isValid: QuickCheck<Body>,
    ask: (caller: Caller, body: Body) => Promise<string>,
  ): RouteHandlerMethod {
    const { authenticator } = this;
    return function (request, reply) {
      const { body, headers } = request;
      const caller = authenticator.known(headers.authorization);
      if (!caller || headers['idempotency-key'] !== undefined || !isValid(body))
        return usual.call(this, request, reply);
      request.caller = caller;
      ask(caller, body).then(
        (answer) => void reply.header('Content-Type', JSON_TYPE).send(answer),
        (error: unknown) => void reply.send(error),
      );
    };
  }
}
