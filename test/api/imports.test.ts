import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import {
  addBlock,
  addPartner,
  ask,
  askMany,
  assign,
  dump,
  e164,
  HOUR,
  post,
  upload,
} from '../support/registry.js';

const BASE = 31_850_000_000;
const clock = new StandingClock();
let app: TestApp;

beforeAll(async () => {
  app = await startApp({ clock });
  for (const code of ['ALFA', 'BRAVO', 'CHARLIE']) await addPartner(app, code);
  await addBlock(app, BASE, BASE + 999_999);
});
afterAll(() => app.close());

type Query = Record<string, string>;

const blocks = (query: Query, file: string | Buffer) => upload(app, 'block-imports', query, file);
const assignments = (query: Query, file: string | Buffer, headers?: Query) =>
  upload(app, 'assignment-imports', query, file, headers);

/** A file of assignments out of rows `first,last,partner,…` with numbers from the start of the block. */
function file(...rows: (string | number | null)[][]): string {
  const lines = rows.map(([first, last, ...rest]) => [
    e164(BASE + Number(first)),
    e164(BASE + Number(last)),
    ...rest,
  ]);
  return [
    'first,last,partner,effective_from,effective_to',
    ...lines.map((line) => [...line, '', ''].slice(0, 5).join(',')),
  ].join('\n');
}

/** A stretch of a thousand numbers that no other test uses. */
let stretches = 0;
const stretch = () => 1000 * stretches++;

describe('an import of assignments', () => {
  it('is planned, then applied as it was planned', async () => {
    const at = stretch();
    const rows = file(
      [at, at + 99, 'ALFA'],
      [at + 100, at + 199, 'BRAVO', clock.iso(-HOUR), clock.iso(HOUR)],
    );
    const before = await dump(app);
    const plan = (await assignments({ mode: 'plan' }, rows).expect(200)).body;
    expect(plan).toEqual({
      mode: 'plan',
      state: 'planned',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      rows: 2,
      created: 2,
      updated: 0,
      withdrawn: 0,
      unchanged: 0,
      rejected: 0,
      rejects: [],
    });
    expect(await dump(app)).toEqual(before);
    clock.time += 5;
    const done = (await assignments({ mode: 'apply', hash: plan.hash }, rows).expect(200)).body;
    expect(done).toEqual({ ...plan, mode: 'apply', state: 'applied' });
    expect(await ask(app, BASE + at)).toMatchObject({
      partner: { code: 'ALFA' },
      matched: { effective_from: clock.iso() },
    });
    expect((await ask(app, BASE + at + 199)).matched).toMatchObject({
      effective_from: clock.iso(-HOUR - 5),
      effective_to: clock.iso(HOUR - 5),
    });
  });

  it('takes effect now where effective_from is empty or its column is missing', async () => {
    const at = stretch();
    const rows = `first,last,partner\n${e164(BASE + at)},${e164(BASE + at)},ALFA\n`;
    await assignments({ mode: 'apply' }, rows).expect(200);
    await assignments({ mode: 'apply' }, file([at + 1, at + 1, 'ALFA', null, clock.iso(HOUR)])).expect(200);
    for (const number of [BASE + at, BASE + at + 1]) {
      expect((await ask(app, number)).matched.effective_from).toBe(clock.iso());
      expect((await ask(app, number, clock.iso(-1))).outcome).toBe('unassigned');
    }
  });

  it('is refused (412), with nothing changed, where the registry moved since the plan', async () => {
    const at = stretch();
    const rows = file([at, at + 9, 'ALFA']);
    const moves = [
      () => assign(app, BASE + at + 500, BASE + at + 500, 'ALFA'),
      () => addPartner(app, 'DELTA'),
      () => post(app, 'number-ports', { first: e164(BASE + at + 600), recipient: 'BRAVO' }).expect(201),
      () => addBlock(app, BASE + 2_000_000, BASE + 2_000_009),
    ];
    for (const move of moves) {
      const { hash } = (await assignments({ mode: 'plan' }, rows).expect(200)).body;
      await move();
      const before = await dump(app);
      expect((await assignments({ mode: 'apply', hash }, rows).expect(412)).body.code).toBe('registry_moved');
      expect(await dump(app)).toEqual(before);
    }
    const { hash } = (await assignments({ mode: 'plan' }, rows).expect(200)).body;
    await assignments({ mode: 'apply', hash }, file([at, at + 8, 'ALFA'])).expect(412);
    await assignments({ mode: 'apply', hash }, rows).expect(200);
    await assignments({ mode: 'apply', hash }, rows).expect(412);
  });

  it('is refused where the plan would come out another by the time alone', async () => {
    const at = stretch();
    await assign(app, BASE + at, BASE + at + 9, 'ALFA', { effective_from: clock.iso(HOUR) });
    const rows = file([at, at + 9, 'BRAVO']);
    const { hash, withdrawn } = (await assignments({ mode: 'plan', carve: 'true' }, rows).expect(200)).body;
    expect(withdrawn).toBe(1);
    clock.time += 2 * HOUR;
    await assignments({ mode: 'apply', carve: 'true', hash }, rows).expect(412);
  });

  it('is refused where a row is rejected, unless partial is given', async () => {
    const at = stretch();
    await assign(app, BASE + at, BASE + at + 9, 'ALFA');
    const rows = file(
      [at + 20, at + 29, 'ALFA'],
      [at + 5, at + 14, 'BRAVO'],
      [at + 30, at + 39, 'BRAVO'],
      [at + 39, at + 39, 'CHARLIE'],
    );
    const plan = (await assignments({ mode: 'plan' }, rows).expect(200)).body;
    expect(plan).toMatchObject({ rows: 4, created: 2, rejected: 2 });
    const before = await dump(app);
    const refused = (await assignments({ mode: 'apply' }, rows).expect(422)).body;
    expect(refused).toMatchObject({ code: 'rows_rejected', rejected: 2, errors: plan.rejects });
    expect(await dump(app)).toEqual(before);
    const done = (await assignments({ mode: 'apply', partial: 'true', hash: plan.hash }, rows).expect(200))
      .body;
    expect(done).toEqual({ ...plan, mode: 'apply', state: 'applied' });
    const holder = async (place: number) => (await ask(app, BASE + at + place)).partner?.code;
    expect([await holder(9), await holder(10), await holder(20), await holder(39)]).toEqual([
      'ALFA',
      undefined,
      'ALFA',
      'BRAVO',
    ]);
  });

  it('carves: narrower rows take from wider ones, and later ones from earlier ones', async () => {
    const at = stretch();
    await assign(app, BASE + at, BASE + at + 999, 'CHARLIE', { effective_from: null });
    const rows = file(
      [at, at + 99, 'ALFA'],
      [at + 10, at + 59, 'BRAVO'],
      [at + 20, at + 29, 'CHARLIE'],
      [at + 25, at + 25, 'ALFA'],
      [at + 50, at + 69, 'ALFA'],
    );
    await assignments({ mode: 'apply' }, rows).expect(422);
    const plan = (await assignments({ mode: 'plan', carve: 'true' }, rows).expect(200)).body;
    expect(plan).toMatchObject({ updated: 1, withdrawn: 0, unchanged: 0, rejected: 0 });
    await assignments({ mode: 'apply', carve: 'true', hash: plan.hash }, rows).expect(200);
    const places = [0, 9, 10, 19, 20, 24, 25, 26, 29, 30, 49, 50, 59, 69, 70, 99, 100, 999];
    const answers = await Promise.all(places.map((place) => ask(app, BASE + at + place)));
    expect(answers.map(({ partner }) => partner.code[0]).join('')).toBe('AABBCCACCBBAAAAACC');
    expect((await ask(app, BASE + at + 25, clock.iso(-1))).partner.code).toBe('CHARLIE');
    const again = (
      await assignments(
        { mode: 'plan', carve: 'true' },
        file([at + 25, at + 25, 'ALFA', clock.iso()]),
      ).expect(200)
    ).body;
    expect(again).toMatchObject({ unchanged: 1, created: 0, updated: 0 });
  });

  it('comes as NDJSON and as gzip as well, and means the same', async () => {
    const at = stretch();
    const rows = file(
      [at, at + 9, 'ALFA', clock.iso()],
      [at + 10, at + 19, 'BRAVO', clock.iso(), clock.iso(HOUR)],
    );
    const [header, ...lines] = rows.split('\n');
    const ndjson = lines
      .map((line) =>
        JSON.stringify(
          Object.fromEntries(line.split(',').map((cell, i) => [header!.split(',')[i], cell || null])),
        ),
      )
      .join('\n');
    const types = {
      csv: { 'Content-Type': 'text/csv; charset=utf-8' },
      ndjson: { 'Content-Type': 'application/x-ndjson' },
    };
    const gzip = { 'Content-Encoding': 'gzip' };
    const plans = [
      await assignments({ mode: 'plan' }, rows, types.csv),
      await assignments({ mode: 'plan' }, ndjson, types.ndjson),
      await assignments({ mode: 'plan' }, gzipSync(rows), { ...types.csv, ...gzip }),
      await assignments({ mode: 'plan' }, gzipSync(ndjson), { ...types.ndjson, ...gzip }),
    ];
    expect(plans.map(({ status, body }) => [status, body.created])).toEqual(Array(4).fill([200, 2]));
    const [csv, other, packed, otherPacked] = plans.map(({ body }) => body);
    expect([packed, otherPacked]).toEqual([csv, other]);
    await assignments({ mode: 'apply', hash: other.hash }, gzipSync(ndjson), {
      ...types.ndjson,
      ...gzip,
    }).expect(200);
    const again = (await assignments({ mode: 'plan', carve: 'true' }, rows).expect(200)).body;
    expect(again).toMatchObject({ unchanged: 2, created: 0 });
  });

  it('of thousands of rows finds what stands there already, and what it changes', async () => {
    const base = 31_890_000_000;
    await addBlock(app, base, base + 9_999);
    const rows = Array.from({ length: 6000 }, (_, i) => [
      e164(base + i),
      e164(base + i),
      'ALFA',
      clock.iso(-HOUR),
    ]);
    const text = () => ['first,last,partner,effective_from', ...rows.map((row) => row.join(','))].join('\n');
    await assignments({ mode: 'apply' }, text()).expect(200);
    const again = (await assignments({ mode: 'apply', carve: 'true' }, text()).expect(200)).body;
    expect(again).toMatchObject({ rows: 6000, unchanged: 6000, created: 0, updated: 0, withdrawn: 0 });
    rows[3000] = [e164(base + 3000), e164(base + 3001), 'BRAVO', clock.iso()];
    const changed = (await assignments({ mode: 'apply', carve: 'true' }, text()).expect(200)).body;
    expect(changed).toMatchObject({ unchanged: 5999, created: 1, updated: 1, withdrawn: 0 });
    const told = await askMany(app, [base + 2999, base + 3000, base + 3001]);
    expect(told.map(({ partner }: { partner: { code: string } }) => partner.code)).toEqual([
      'ALFA',
      'BRAVO',
      'ALFA',
    ]);
  });

  it('of nothing but a header changes nothing', async () => {
    const before = await dump(app);
    const { body } = await assignments({ mode: 'apply' }, 'first,last,partner\n').expect(200);
    expect(body).toMatchObject({ state: 'applied', rows: 0, created: 0 });
    expect(await dump(app)).toEqual(before);
  });

  it('is done once for one Idempotency-Key and one file', async () => {
    const at = stretch();
    const rows = file([at, at, 'ALFA']);
    const send = (content: string) =>
      assignments({ mode: 'apply' }, content, { 'Idempotency-Key': 'import-1' });
    const first = await send(rows).expect(200);
    const before = await dump(app);
    expect((await send(rows).expect(200)).body).toEqual(first.body);
    expect((await send(file([at, at, 'BRAVO'])).expect(422)).body.code).toBe('idempotency_key_reused');
    expect(await dump(app)).toEqual(before);
  });
});

describe('an import of number blocks', () => {
  const rows = (...lines: string[]) => ['first,last,range_holder,allocated_at', ...lines].join('\n');

  it('is planned, then applied as it was planned; what is there already counts as unchanged', async () => {
    const input = rows(
      '+31860000000,+31860000999,KOEPEL,2009-05-01T00:00:00Z',
      '+31860001000,+31860001999,,',
    );
    const plan = (await blocks({ mode: 'plan' }, input).expect(200)).body;
    const done = (await blocks({ mode: 'apply', hash: plan.hash }, input).expect(200)).body;
    expect(done).toEqual({ ...plan, mode: 'apply', state: 'applied' });
    expect(done).toMatchObject({ rows: 2, created: 2, unchanged: 0 });
    const before = await dump(app);
    expect((await blocks({ mode: 'apply' }, input).expect(200)).body).toMatchObject({
      created: 0,
      unchanged: 2,
    });
    expect(await dump(app)).toEqual(before);
    expect((await ask(app, '+31860000000', '2009-04-30T23:59:59.999Z')).outcome).toBe('not_ours');
    expect((await ask(app, '+31860001000', '1990-01-01T00:00:00Z')).outcome).toBe('unassigned');
  });

  it('rejects what overlaps a block or an earlier row; partial takes the rest', async () => {
    const input = rows(
      '+31861000000,+31861000999,,',
      '+31861000999,+31861001000,,',
      '+31860000000,+31860000000,,',
      '+31861002000,+31861002000,,',
    );
    const { hash, rejects } = (await blocks({ mode: 'plan' }, input).expect(200)).body;
    expect(rejects).toMatchObject([
      { line: 3, column: 1, code: 'range_overlaps', conflicts: [{ line: 2 }] },
      { line: 4, column: 1, code: 'range_overlaps', conflicts: [{ id: expect.any(Number) }] },
    ]);
    await blocks({ mode: 'apply' }, input).expect(422);
    const done = (await blocks({ mode: 'apply', partial: 'true', hash }, input).expect(200)).body;
    expect(done).toMatchObject({ created: 2, rejected: 2 });
  });

  it('is refused (412) where the registry moved since the plan', async () => {
    const input = rows('+31862000000,+31862000999,,');
    const { hash } = (await blocks({ mode: 'plan' }, input).expect(200)).body;
    await addBlock(app, 31_863_000_000, 31_863_000_000);
    const before = await dump(app);
    await blocks({ mode: 'apply', hash }, input).expect(412);
    expect(await dump(app)).toEqual(before);
  });
});

describe('a plan', () => {
  const at = 100_000;
  const instant = fc.option(fc.integer({ min: 0, max: 8 }), { nil: null });
  const row = fc
    .record({
      first: fc.integer({ min: 0, max: 19 }),
      size: fc.integer({ min: 0, max: 9 }),
      partner: fc.constantFrom('ALFA', 'BRAVO', 'CHARLIE', 'NOBODY'),
      from: instant,
      to: instant,
    })
    .map(({ first, size, partner, from, to }) => {
      const iso = (hours: number | null) =>
        hours === null ? null : new Date(EPOCH + hours * HOUR).toISOString();
      return [at + first, at + first + size, partner, iso(from), iso(to)];
    });
  const EPOCH = Date.parse('2026-06-01T12:00:00Z');
  const given = fc.record({
    rows: fc.array(row, { minLength: 1, maxLength: 6 }),
    carve: fc.constantFrom('true', 'false'),
    partial: fc.constantFrom('true', 'false'),
    moves: fc.boolean(),
  });

  it('is what its apply does, in figures and in rows', async () => {
    let applied = 0;
    let extra = 200_000;
    const property = fc.asyncProperty(given, async ({ rows, carve, partial, moves }) => {
      const text = file(...rows);
      const plan = (await assignments({ mode: 'plan', carve }, text).expect(200)).body;
      clock.time += 1;
      const again = (await assignments({ mode: 'plan', carve }, text).expect(200)).body;
      expect(withoutInstants(again)).toEqual(withoutInstants(plan));
      if (moves) await assign(app, BASE + extra, BASE + extra++, 'ALFA');
      const before = await dump(app);
      const { status, body } = await assignments({ mode: 'apply', carve, partial, hash: plan.hash }, text);
      const after = await dump(app);
      if (moves || (plan.rejected > 0 && partial === 'false')) {
        expect(status).toBe(moves ? 412 : 422);
        expect(after).toEqual(before);
        return;
      }
      applied += 1;
      clock.time += 1;
      expect(status).toBe(200);
      expect(withoutInstants(body)).toEqual(withoutInstants({ ...plan, mode: 'apply', state: 'applied' }));
      expect(differences(before.assignment!, after.assignment!)).toEqual({
        created: plan.created,
        updated: plan.updated,
        withdrawn: plan.withdrawn,
      });
    });
    await fc.assert(property, { numRuns: 60 });
    expect(applied).toBeGreaterThan(5);
  });
});

/** A report; the conflicts among its rejects may begin now, and so differ from one plan to the next. */
function withoutInstants({ rejects, ...figures }: { rejects: { conflicts?: unknown }[] }) {
  return { ...figures, rejects: rejects.map(({ conflicts: _, ...reject }) => reject) };
}

/** What two dumps of the assignments differ in: rows that are new, that end earlier, that were withdrawn. */
function differences(before: unknown[], after: unknown[]) {
  const read = (rows: unknown[]) =>
    new Map(
      rows.map((row) => [
        /^\((\d+)/.exec(String(row))![1],
        { row, withdrawn: !/,,\d+\)$/.test(String(row)) },
      ]),
    );
  const [old, now] = [read(before), read(after)];
  const count = { created: 0, updated: 0, withdrawn: 0 };
  for (const [id, { row, withdrawn }] of now) {
    const was = old.get(id);
    if (!was) count.created += 1;
    else if (was.withdrawn !== withdrawn) count.withdrawn += 1;
    else if (was.row !== row) count.updated += 1;
  }
  return count;
}
