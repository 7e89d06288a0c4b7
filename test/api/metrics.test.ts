import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import pg from 'pg';

import { GROUND, startApp, type TestApp } from '../support/app.js';

interface Family {
  type: string;
  help: string;
  /** Series, their labels as written, and their values. */
  samples: { name: string; labels: Record<string, string>; value: number }[];
}

const SAMPLE =
  /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/;

/** Reads the text format of Prometheus, version 0.0.4; throws at what is not in it. */
function readMetrics(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  expect(text.endsWith('\n')).toBe(true);
  let help: string | undefined;
  let family: Family | undefined;
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') help = rest;
    else if (kind === 'TYPE') {
      if (families.has(name!)) throw new Error(`two families ${name}`);
      families.set(name!, (family = { type: rest!, help: help!, samples: [] }));
      help = undefined;
    } else {
      const [, series, labels, value] = SAMPLE.exec(line) ?? [];
      if (!series || !family) throw new Error(`no sample: ${line}`);
      const pairs = [...(labels ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((m) => [m[1]!, m[2]!]);
      family.samples.push({ name: series, labels: Object.fromEntries(pairs), value: Number(value) });
    }
  }
  return families;
}

describe('the metrics', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ demo: true });
  });
  afterAll(() => app.close());

  async function scrape(): Promise<Map<string, Family>> {
    const reply = await app.http.get('/metrics').expect(200);
    expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    return readMetrics(reply.text);
  }

  async function valueOf(series: string, labels: Record<string, string> = {}): Promise<number> {
    for (const { samples } of (await scrape()).values())
      for (const sample of samples)
        if (sample.name === series && Object.entries(labels).every(([k, v]) => sample.labels[k] === v))
          return sample.value;
    return 0;
  }

  const lookUp = (number: string) =>
    app
      .as('authority')
      .post('/v1/lookups')
      .send({ number, ...GROUND });

  it('are families with a unit, a help and a type, and samples of their own name', async () => {
    await lookUp('+31850210123').expect(200);
    const families = await scrape();
    expect([...families.keys()].sort()).toEqual([
      'wegwijzer_event_loop_delay_seconds',
      'wegwijzer_http_requests_total',
      'wegwijzer_log_batch_size',
      'wegwijzer_log_queue_depth',
      'wegwijzer_lookup_duration_seconds',
      'wegwijzer_lookups_total',
      'wegwijzer_lookups_unavailable_total',
      'wegwijzer_registry_ranges',
      'wegwijzer_registry_serial',
      'wegwijzer_registry_serial_lag',
    ]);
    for (const [name, { type, help, samples }] of families) {
      expect(help).toMatch(/^[A-Z].{10,}\.$/);
      expect(['counter', 'gauge', 'histogram']).toContain(type);
      expect(type === 'counter').toBe(name.endsWith('_total'));
      const ends = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
      expect(samples.length).toBeGreaterThan(0);
      for (const sample of samples) expect(ends.map((end) => name + end)).toContain(sample.name);
      const series = samples.map((sample) => JSON.stringify([sample.name, sample.labels]));
      expect(new Set(series).size).toBe(series.length);
    }
  });

  it('have buckets that only grow, up to the count', async () => {
    await app
      .as('authority')
      .post('/v1/lookup-batches')
      .send({
        numbers: Array.from({ length: 300 }, (_, i) => `+31850210${String(i).padStart(3, '0')}`),
        ...GROUND,
      })
      .expect(200);
    for (const name of ['wegwijzer_lookup_duration_seconds', 'wegwijzer_log_batch_size']) {
      const { samples } = (await scrape()).get(name)!;
      const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
      const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Infinity : Number(labels.le)));
      expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
      expect(bounds.at(-1)).toBe(Infinity);
      const counts = buckets.map((bucket) => bucket.value);
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(samples.find((sample) => sample.name === `${name}_count`)!.value).toBe(counts.at(-1));
    }
    expect(await valueOf('wegwijzer_log_batch_size_sum')).toBeGreaterThanOrEqual(300);
  });

  it('count requests by route, method and status, and questions by what became of them', async () => {
    const of = (status: string) =>
      valueOf('wegwijzer_http_requests_total', { method: 'POST', route: '/v1/lookups', status });
    const outcome = (name: string) => valueOf('wegwijzer_lookups_total', { outcome: name });
    const before = [await of('200'), await of('422'), await outcome('held'), await outcome('not_ours')];
    await lookUp('+31850210123').expect(200);
    await lookUp('+4930123456').expect(200);
    await lookUp('nobody').expect(422);
    const after = [await of('200'), await of('422'), await outcome('held'), await outcome('not_ours')];
    expect(after).toEqual([before[0]! + 2, before[1]! + 1, before[2]! + 1, before[3]! + 1]);
    expect(await outcome('refused')).toBeGreaterThan(0);
  });

  it('tell the serial, what was caught up, the size of the index, and that nothing waits', async () => {
    const serial = await valueOf('wegwijzer_registry_serial');
    await app
      .as('admin')
      .post('/v1/blocks')
      .send({ first: '+31857310000', last: '+31857319999' })
      .expect(201);
    await lookUp('+31857310000').expect(200);
    expect(await valueOf('wegwijzer_registry_serial')).toBe(serial + 1);
    expect(await valueOf('wegwijzer_registry_ranges', { layer: 'assignment' })).toBeGreaterThan(300);
    for (const layer of ['block', 'number_port'])
      expect(await valueOf('wegwijzer_registry_ranges', { layer })).toBeGreaterThan(10);
    expect(await valueOf('wegwijzer_log_queue_depth')).toBe(0);
    expect(await valueOf('wegwijzer_lookups_unavailable_total')).toBe(0);
  });

  it('tell how late the event loop was, which at rest it is not', async () => {
    const delays = [];
    for (let i = 0; i < 6; i++) {
      delays.push(await valueOf('wegwijzer_event_loop_delay_seconds'));
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(Math.min(...delays.slice(1))).toBeLessThan(0.015);
    for (const end = Date.now() + 150; Date.now() < end;);
    await new Promise((resolve) => setTimeout(resolve, 40));
    const late = await valueOf('wegwijzer_event_loop_delay_seconds');
    expect(late).toBeGreaterThan(0.1);
    expect(late).toBeLessThan(2);
  });

  it('have labels from closed lists only, whatever is asked', async () => {
    const odd = [
      '/v1/lookups/+31850210123',
      '/v1/PL0900-2026-012345?case=PL0900',
      '/PL0900',
      '/v1/partners/VOORBEELD',
    ];
    for (const path of odd) await app.as('admin').get(path);
    await app
      .as('authority')
      .post('/v1/lookups')
      .send({ number: 'PL0900', ...GROUND });
    await app.as('admin').get('/v1/assignments').query({ number: '+31850210123', partner: 'VOORBEELD' });
    const labels = [...(await scrape()).values()].flatMap(({ samples }) => samples.map((s) => s.labels));
    const closed: Record<string, RegExp> = {
      le: /^(\+Inf|[0-9.]+)$/,
      layer: /^(number_port|assignment|block)$/,
      outcome: /^(held|unassigned|ported_out|not_ours|refused)$/,
      method: /^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)$/,
      status: /^[2-5][0-9][0-9]$/,
      route: /^(unknown|(\/[a-z0-9._-]+|\/:[a-z]+|\/\*)+)$/,
    };
    for (const set of labels)
      for (const [name, value] of Object.entries(set)) {
        expect(Object.keys(closed)).toContain(name);
        expect(value).toMatch(closed[name]!);
      }
    const routes = labels.map((set) => set.route);
    expect(routes).toEqual(expect.arrayContaining(['unknown', '/v1/partners/:code']));
    expect(JSON.stringify(labels)).not.toMatch(/\d{6}|PL0900|VOORBEELD|CIOT|A-10472/);
  });
});

describe('the health', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  it('is open to all and names what works', async () => {
    await app.http.get('/health/live').expect(200, { status: 'ok' });
    const ready = { status: 'ok', checks: { registry: 'ok', log: 'ok' } };
    await app.http.get('/health/ready').expect(200, ready);
  });

  it('is red, alive and specific while the log has no head', async () => {
    const owner = new pg.Client(app.database.url);
    await owner.connect();
    await owner.query('CREATE TABLE kept AS SELECT * FROM log_head; DELETE FROM log_head');
    await app.http
      .get('/health/ready')
      .expect(503, { status: 'failing', checks: { registry: 'ok', log: 'failing' } });
    await app.http.get('/health/live').expect(200);
    const { body } = await app
      .as('authority')
      .post('/v1/lookups')
      .send({ number: '+31850210123', ...GROUND })
      .expect(503);
    expect(body).toMatchObject({ code: 'unavailable' });
    await owner.query('INSERT INTO log_head SELECT * FROM kept; DROP TABLE kept');
    await owner.end();
    await app.http.get('/health/ready').expect(200);
    await app
      .as('authority')
      .post('/v1/lookups')
      .send({ number: '+31850210123', ...GROUND })
      .expect(200);
  });
});
