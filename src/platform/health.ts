import { monitorEventLoopDelay } from 'node:perf_hooks';

import { Controller, Get, Header, HttpCode, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { Public } from './http/access.js';
import { Metrics } from './metrics.js';

/** A part of the program that must work before it may answer. */
export interface ReadinessCheck {
  name: string;
  /** Resolves to true while the part works; never throws. */
  ready(): Promise<boolean> | boolean;
}

/** The checks that features register; the service is ready while all of them pass. */
export class Readiness {
  private readonly checks: ReadinessCheck[] = [];

  register(check: ReadinessCheck): void {
    this.checks.push(check);
  }

  async report(): Promise<Record<string, 'ok' | 'failing'>> {
    const results = await Promise.all(
      this.checks.map(async (check) => [check.name, (await check.ready()) ? 'ok' : 'failing'] as const),
    );
    return Object.fromEntries(results);
  }
}

/** The monitor looks every so often; what it finds is the time between two looks, so that much is no delay. */
const LOOK_MS = 20;
const eventLoop = monitorEventLoopDelay({ resolution: LOOK_MS });
eventLoop.enable();

@ApiExcludeController()
@Controller()
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
  ) {}

  @Public()
  @Get('health/live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Public()
  @Get('health/ready')
  @HttpCode(200)
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const checks = await this.readiness.report();
    const ready = Object.values(checks).every((state) => state === 'ok');
    if (!ready) void reply.status(503);
    return { status: ready ? 'ok' : 'failing', checks };
  }

  @Public()
  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  async show(): Promise<string> {
    this.metrics.eventLoopDelay.set(Math.max(0, eventLoop.max / 1e9 - LOOK_MS / 1e3));
    eventLoop.reset();
    return this.metrics.registry.metrics();
  }
}
