import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import { type Area, NumberingModel } from '../support/numbering-model.js';
import { addPartner, askMany, type Body, e164, post, upload } from '../support/registry.js';

const WIDTH = 10;
const HORIZON = 12;

const clock = new StandingClock();
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ clock });
  for (const code of ['ALFA', 'BRAVO', 'CHARLIE']) await addPartner(app, code);
});
afterAll(() => app.close());

const numbers = fc
  .record({ first: fc.nat(WIDTH - 1), size: fc.nat(WIDTH / 2) })
  .map(({ first, size }) => ({ first, last: Math.min(WIDTH - 1, first + size) }));
const instant = fc.nat(HORIZON - 1);
/** `undefined`: left out; `null`: open. */
const start = fc.oneof(fc.constant(undefined), fc.constant(null), instant);
const end = fc.oneof(fc.constant(null), instant);
const partner = fc.constantFrom('ALFA', 'BRAVO', 'CHARLIE');
const row = fc.record({ numbers, partner, from: fc.oneof(fc.constant(undefined), instant), to: end });

const action = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      numbers,
      from: fc.oneof(fc.constant(null), instant),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      numbers,
      partner,
      from: start,
      to: end,
      carve: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('import' as const),
      rows: fc.array(row, { minLength: 1, maxLength: 4 }),
      carve: fc.boolean(),
      partial: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('port' as const),
      numbers,
      to: fc.oneof(partner, fc.constant('nedmob')),
      from: start,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      number: fc.nat(WIDTH - 1),
      pick: fc.nat(5),
      at: fc.oneof(fc.constant(undefined), instant),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('return' as const),
      pick: fc.nat(5),
      at: fc.oneof(fc.constant(undefined), instant),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), by: fc.integer({ min: 1, max: 3 }) }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
type Kind<K extends Action['kind']> = Extract<Action, { kind: K }>;

/** One history: ten numbers of its own, beginning at the present instant of the clock. */
class History {
  private static next = 31_850_000_000;
  readonly base = (History.next += 100);
  readonly begin = clock.time;
  model = new NumberingModel(WIDTH, HORIZON);
  readonly ports: (Area & { id: number; isWithdrawn: boolean })[] = [];

  get now(): number {
    return clock.time - this.begin;
  }

  /** Does it to the registry and to the model; both must take it alike. */
  async act(act: Action): Promise<void> {
    const [told, expected] = await this[act.kind](act as never);
    expect([act, told]).toEqual([act, expected]);
  }

  private async block({ numbers, from }: Kind<'block'>): Promise<[number, number]> {
    const { status } = await post(app, 'blocks', { ...this.range(numbers), allocated_at: this.iso(from) });
    return [status, this.model.addBlock({ ...numbers, from, to: null }) ? 201 : 409];
  }

  private async assign({ numbers, partner, from, to, carve }: Kind<'assign'>): Promise<[number, number]> {
    const period = { effective_from: this.iso(from), effective_to: this.iso(to) };
    const { status } = await post(app, 'assignments', { ...this.range(numbers), partner, ...period, carve });
    const done = this.model.assign({ ...numbers, from: this.orNow(from), to }, partner, carve);
    return [status, { done: 201, refused: 422, overlaps: 409 }[done]];
  }

  private async import({ rows, carve, partial }: Kind<'import'>): Promise<[unknown, unknown]> {
    const lines = rows.map(({ numbers, partner, from, to }) => {
      const { first, last } = this.range(numbers);
      return [first, last, partner, this.iso(from) ?? '', this.iso(to) ?? ''].join(',');
    });
    const file = ['first,last,partner,effective_from,effective_to', ...lines].join('\n');
    const query = { mode: 'apply', carve: String(carve), partial: String(partial) };
    const { status, body } = await upload(app, 'assignment-imports', query, file);
    const after = this.model.copy();
    // Rows that are refused by themselves go first: what would have overlapped them does not.
    const rejected = rows.filter(
      ({ numbers, partner, from, to }) =>
        after.assign({ ...numbers, from: this.orNow(from), to }, partner, carve) !== 'done',
    ).length;
    if (rejected > 0 && !partial)
      return [
        [status, body.rejected],
        [422, rejected],
      ];
    this.model = after;
    return [
      [status, body.rejected],
      [200, rejected],
    ];
  }

  private async port({ numbers, to, from }: Kind<'port'>): Promise<[number, number]> {
    const destination = to === 'nedmob' ? { recipient: null, network: to } : { recipient: to };
    const input = { ...this.range(numbers), ...destination, effective_from: this.iso(from) };
    const { status, body } = await post(app, 'number-ports', input);
    const area = { ...numbers, from: this.orNow(from), to: null };
    const done = this.model.port(area, to);
    if (done) this.ports.push({ ...area, id: body.id, isWithdrawn: false });
    return [status, done ? 201 : 409];
  }

  private async release({ number, pick, at }: Kind<'release'>): Promise<[number, number]> {
    const query = { number: e164(this.base + number) };
    const { items } = (await app.as('admin').get('/v1/assignments').query(query).expect(200)).body;
    if (items.length === 0) return [0, 0];
    const item = items[pick % items.length];
    const { status } = await post(app, `assignments/${item.id}/release`, { effective_at: this.iso(at) });
    const area = this.areaOf(item);
    return [status, this.end('assignments', area, item.withdrawn_at !== null, at) ? 200 : 409];
  }

  private async return({ pick, at }: Kind<'return'>): Promise<[number, number]> {
    const port = this.ports[pick % this.ports.length];
    if (!port) return [0, 0];
    const { status } = await post(app, `number-ports/${port.id}/return`, { effective_at: this.iso(at) });
    const done = this.end('ports', port, port.isWithdrawn, at);
    const until = at ?? this.now;
    if (done && port.from !== null && until <= port.from) port.isWithdrawn = true;
    else if (done) port.to = until;
    return [status, done ? 200 : 409];
  }

  private async wait({ by }: Kind<'wait'>): Promise<[number, number]> {
    clock.time += Math.min(by, HORIZON - 1 - this.now);
    return [0, 0];
  }

  private end(layer: 'assignments' | 'ports', area: Area, isWithdrawn: boolean, at = this.now): boolean {
    if (isWithdrawn || (area.to !== null && area.to <= at)) return false;
    this.model.end(layer, { ...area, from: Math.max(at, area.from ?? -1) });
    return true;
  }

  /** What the registry says of all numbers, now or at an instant, through a node. */
  async told(node: TestApp, at?: number | null): Promise<string[]> {
    const asked = at === undefined ? undefined : this.iso(at ?? -1);
    const results = await askMany(
      node,
      Array.from({ length: WIDTH }, (_, i) => this.base + i),
      asked,
    );
    return results.map(({ number, at, outcome, matched, partner, network }: Answer) => {
      if (matched) expect(holds(matched, number, at)).toBe(true);
      return [outcome, matched?.rule, partner?.code, network].filter(Boolean).join(' ');
    });
  }

  expected(at: number | null): string[] {
    return Array.from({ length: WIDTH }, (_, i) => this.model.answer(i, at));
  }

  private orNow(from: number | null | undefined): number | null {
    return from === undefined ? this.now : from;
  }

  private range({ first, last }: { first: number; last: number }) {
    return { first: e164(this.base + first), last: e164(this.base + last) };
  }

  private iso<T extends number | null | undefined>(at: T): T extends number ? string : T {
    return (typeof at === 'number' ? new Date(this.begin + at).toISOString() : at) as never;
  }

  private areaOf(item: Body): Area {
    const offset = (at: unknown) => (at === null ? null : Date.parse(String(at)) - this.begin);
    return {
      first: Number(item.first) - this.base,
      last: Number(item.last) - this.base,
      from: offset(item.effective_from),
      to: offset(item.effective_to),
    };
  }
}

interface Matched {
  rule: string;
  first: string;
  last: string;
  effective_from: string | null;
  effective_to: string | null;
}
interface Answer {
  number: string;
  at: string;
  outcome: string;
  matched: Matched | null;
  partner: { code: string } | null;
  network?: string;
}

function holds(
  { first, last, effective_from: from, effective_to: to }: Matched,
  number: string,
  at: string,
): boolean {
  const isWithin = Number(first) <= Number(number) && Number(number) <= Number(last);
  return isWithin && (from === null || from <= at) && (to === null || at < to);
}

describe('the index, the database and a naive model', () => {
  const INSTANTS = [null, ...Array.from({ length: HORIZON }, (_, i) => i), 1000];

  it('agree about every number at every instant, whatever the history', async () => {
    const counts: Record<string, number> = {};
    const property = fc.asyncProperty(
      fc.array(action, { minLength: 1, maxLength: 20, size: 'max' }),
      async (actions) => {
        const history = new History();
        await history.act({ kind: 'block', numbers: { first: 0, last: 6 }, from: null });
        for (const act of actions) {
          await history.act(act);
          expect([act, await history.told(app)]).toEqual([act, history.expected(history.now)]);
        }
        for (const at of INSTANTS)
          expect([at, await history.told(app, at)]).toEqual([at, history.expected(at)]);
        for (; history.now < HORIZON; clock.time += 1)
          expect([history.now, await history.told(app)]).toEqual([
            history.now,
            history.expected(history.now),
          ]);
        clock.time += 1000;
        for (const text of INSTANTS.flatMap((at) => history.expected(at)))
          counts[text] = (counts[text] ?? 0) + 1;
      },
    );
    await fc.assert(property, { numRuns: 40 });
    // Every kind of answer came up.
    expect(Object.keys(counts).length).toBeGreaterThanOrEqual(9);
  });

  it('agree on a node that loads it all anew, at every instant that is still to come', async () => {
    const actions = fc.sample(action, { numRuns: 60 });
    const history = new History();
    await history.act({ kind: 'block', numbers: { first: 0, last: 6 }, from: null });
    for (const act of actions) if (act.kind !== 'wait') await history.act(act);
    const node = await app.addNode();
    for (; history.now < HORIZON; clock.time += 1)
      expect([history.now, await history.told(node)]).toEqual([history.now, history.expected(history.now)]);
  });
});
