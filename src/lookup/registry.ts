/*
 * Owns: this node's view of the registry, one immutable whole that is swapped, never changed.
 * Invariant: a view holds all rows of its serial and none of a later one; invalid rows fail the load whole.
 * On failure: there is no view, readiness is red and lookups get 503; it loads anew every few seconds.
 * Budget: nothing on the way of a lookup but a comparison of the time with the next boundary.
 */
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';

import { isWritable } from '../log/log.queries.js';
import { isOutOfReach } from '../platform/database/sql-states.js';
import { Readiness } from '../platform/health.js';
import { Metrics } from '../platform/metrics.js';
import { HOT_POOL, LOGGER } from '../platform/tokens.js';
import { Clock } from '../shared/clock.js';
import { Problem } from '../shared/errors.js';
import { catchUpWith, loadView } from './registry-loading.js';
import { listenToChanges } from './registry.queries.js';
import type { RegistryView } from './registry-view.js';
import type { RoutingIndex } from './routing-index.js';

const LOOK_EVERY_MS = 5_000;
const LISTEN_AGAIN_MS = 1_000;

@Injectable()
export class Registry implements OnModuleInit, OnApplicationShutdown {
  private view: RegistryView | undefined;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<RegistryView> | undefined;
  private listener: pg.Client | undefined;
  private stopped = false;
  private readonly timer = setInterval(
    () => void this.catchUp().catch(() => undefined),
    LOOK_EVERY_MS,
  ).unref();

  constructor(
    @Inject(HOT_POOL) private readonly pool: pg.Pool,
    @Inject(LOGGER) private readonly log: Logger,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    readiness: Readiness,
  ) {
    readiness.register({ name: 'registry', ready: () => this.view !== undefined });
    readiness.register({ name: 'log', ready: () => isWritable(this.pool).catch(() => false) });
  }

  async onModuleInit(): Promise<void> {
    await this.catchUp().catch(() => undefined);
    void this.listen();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.listener?.end().catch(() => undefined);
    await this.running;
  }

  /** The view at hand; `undefined` while nothing is loaded. */
  get atHand(): RegistryView | undefined {
    return this.view;
  }

  /** The view at hand, which may be older than the last change. Throws `unavailable` where there is none. */
  current(): RegistryView {
    if (!this.view) throw new Problem('unavailable', 'the registry is not loaded: try again shortly');
    return this.view;
  }

  /** The numbering of a view at an instant that is not before that of an earlier call. */
  routingAt(view: RegistryView, now: number): RoutingIndex {
    const routing = this.advanced(view, now);
    if (routing !== view.routing && this.view === view) this.view = { ...view, routing };
    return routing;
  }

  /** Rows to come are checked when they begin: where they are invalid, all is loaded anew, or stays red. */
  private advanced(view: RegistryView, now: number): RoutingIndex {
    try {
      return view.routing.advance(now);
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  private fail(error: unknown): void {
    this.view = undefined;
    this.log.error(
      { reason: error instanceof Error ? error.message : 'unknown' },
      'the registry cannot be loaded',
    );
  }

  /** A view with every change that was committed before this call. */
  catchUp(): Promise<RegistryView> {
    // A run under way may have read before this call; the one after it, shared by all that wait, has not.
    this.next ??= this.running.then(() => {
      this.next = undefined;
      const run = this.refresh();
      this.running = run.catch(() => undefined);
      return run;
    });
    return this.next;
  }

  private async refresh(): Promise<RegistryView> {
    try {
      const before = this.view;
      const view = before
        ? await catchUpWith(this.pool, before, this.clock)
        : await loadView(this.pool, this.clock);
      this.metrics.serial.set(view.serial);
      this.metrics.serialLag.set(view.serial - (before?.serial ?? view.serial));
      for (const [layer, size] of Object.entries<number>(view.routing.size))
        this.metrics.ranges.set({ layer }, size);
      return (this.view = view);
    } catch (error) {
      // Out of reach is not invalid: what is at hand stays, and every append checks its serial.
      if (!isOutOfReach(error)) this.fail(error);
      throw error;
    }
  }

  /** Only a hint that makes catching up early: whether a view is the newest is checked by every append. */
  private async listen(): Promise<void> {
    if (this.stopped) return;
    const client = new pg.Client({ ...(this.pool.options as pg.ClientConfig), query_timeout: undefined });
    const again = () => {
      if (this.listener !== client) return;
      this.listener = undefined;
      setTimeout(() => void this.listen(), LISTEN_AGAIN_MS).unref();
    };
    this.listener = client;
    client.on('error', again).on('end', again);
    client.on('notification', () => void this.catchUp().catch(() => undefined));
    await client
      .connect()
      .then(() => listenToChanges(client))
      .catch(again);
  }
}
