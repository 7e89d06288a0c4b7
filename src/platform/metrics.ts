import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * What `/metrics` shows. Labels are routes, methods, statuses and outcomes: never a number, a case, a partner
 * or an authority.
 */
export class Metrics {
  readonly registry = new Registry();

  readonly requests = new Counter({
    name: 'wegwijzer_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [this.registry],
  });

  readonly lookups = new Counter({
    name: 'wegwijzer_lookups_total',
    help: 'Questions logged and answered, by what became of them.',
    labelNames: ['outcome'] as const,
    registers: [this.registry],
  });

  readonly lookupSeconds = new Histogram({
    name: 'wegwijzer_lookup_duration_seconds',
    help: 'Time from a question entering the queue to its entry being durable.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });

  readonly batchSize = new Histogram({
    name: 'wegwijzer_log_batch_size',
    help: 'Entries made durable by one commit.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers: [this.registry],
  });

  /** Asked for at each scrape; set by the owner of the queue. */
  readDepth: () => number = () => 0;

  readonly queueDepth: Gauge = new Gauge({
    name: 'wegwijzer_log_queue_depth',
    help: 'Questions waiting for their entry.',
    registers: [this.registry],
    collect: () => this.queueDepth.set(this.readDepth()),
  });

  readonly refused = new Counter({
    name: 'wegwijzer_lookups_unavailable_total',
    help: 'Questions answered with 503: full queue, or no durable log.',
    registers: [this.registry],
  });

  readonly serial = new Gauge({
    name: 'wegwijzer_registry_serial',
    help: 'Serial of the registry that this node holds.',
    registers: [this.registry],
  });

  readonly serialLag = new Gauge({
    name: 'wegwijzer_registry_serial_lag',
    help: 'Changes that this node had to catch up with when it last looked.',
    registers: [this.registry],
  });

  readonly ranges = new Gauge({
    name: 'wegwijzer_registry_ranges',
    help: 'Rows of the in-memory index, by layer.',
    labelNames: ['layer'] as const,
    registers: [this.registry],
  });

  readonly eventLoopDelay = new Gauge({
    name: 'wegwijzer_event_loop_delay_seconds',
    help: 'Largest delay of the event loop since the last scrape.',
    registers: [this.registry],
  });
}
