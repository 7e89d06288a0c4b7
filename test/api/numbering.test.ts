import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import {
  addBlock,
  addPartner,
  ask,
  assign,
  dump,
  e164,
  HOUR,
  issue,
  post,
  upload,
  withOwner,
} from '../support/registry.js';

const clock = new StandingClock();
let app: TestApp;
let blocks = 0;

/** The first number of a new block of ten thousand, with nobody in it. */
async function freshBlock(more: Record<string, unknown> = {}): Promise<number> {
  const first = 31_850_000_000 + 20_000 * blocks++;
  await addBlock(app, first, first + 9_999, more);
  return first;
}

beforeAll(async () => {
  app = await startApp({ clock });
  for (const code of ['ALFA', 'BRAVO', 'CHARLIE']) await addPartner(app, code);
});
afterAll(() => app.close());

describe('ranges in every form', () => {
  const forms: [string, string][] = [
    ['+31880000000', '+31880000999'],
    ['0031880001000', '0031 88 000 1999'],
    ['088 000 2000', '0880002999'],
    ['(088) 000-3000', '088.000.3999'],
    ['+31 (0)88 000 4000', '+31-88-000-4999'],
  ];
  it.each(forms)('understands %s to %s', async (first, last) => {
    const place = forms.findIndex(([given]) => given === first);
    const { body } = await post(app, 'blocks', { first, last }).expect(201);
    expect(body).toMatchObject({
      first: e164(31_880_000_000 + 1000 * place),
      last: e164(31_880_000_999 + 1000 * place),
    });
  });

  const wrong: [string, string, string, string, string][] = [
    ['unordered', '+31880010009', '+31880010000', '/last', 'unordered'],
    ['different digit counts', '+31880010000', '+318800100001', '/last', 'different_digit_counts'],
    ['16 digits', '+3188001000000001', '+3188001000000009', '/first', 'too_long'],
    ['16 digits at the end', '+31880010000', '+3188001000000009', '/last', 'too_long'],
    ['too few digits', '+318800', '+318801', '/first', 'too_short'],
    ['letters', '+3188001OOOO', '+31880010009', '/first', 'not_digits'],
    ['no country code', '31880010000', '31880010009', '/first', 'no_prefix'],
    ['a country code with a zero', '+0880010000', '+0880010009', '/first', 'leading_zero'],
    ['nothing but a plus', '+', '+31880010009', '/first', 'empty'],
  ];
  describe.each([
    ['blocks', {}],
    ['assignments', { partner: 'ALFA' }],
    ['number-ports', { recipient: 'ALFA' }],
  ])('%s refuse', (path, more) => {
    it.each(wrong)('%s', async (_, first, last, pointer, code) => {
      const { body } = await post(app, path, { first, last, ...more }).expect(422);
      expect(body).toMatchObject({ code: 'invalid_input', errors: [{ pointer, code }] });
    });
  });

  it('may have 15 digits, and stand beside ranges of other digit counts', async () => {
    await addBlock(app, 970_000_000_000_000, 970_000_000_999_999);
    await addBlock(app, 97_000_000_000_000, 97_000_000_099_999);
    await assign(app, 970_000_000_000_000, 970_000_000_000_000, 'ALFA');
    await assign(app, 97_000_000_000_000, 97_000_000_000_009, 'BRAVO');
    expect((await ask(app, 970_000_000_000_000)).partner.code).toBe('ALFA');
    expect((await ask(app, 97_000_000_000_000)).partner.code).toBe('BRAVO');
    expect((await ask(app, 9_700_000_000_000)).outcome).toBe('not_ours');
  });
});

describe('instants at the edges', () => {
  const far = [
    '2500-07-01T12:00:00.001Z',
    '5555-05-05T05:05:05.015Z',
    '9999-12-31T23:59:59.998Z',
    '9999-12-31T23:59:59.999Z',
  ];
  it.each(far)('keeps %s to the millisecond', async (end) => {
    const first = await freshBlock();
    const { id, effective_to } = await assign(app, first, first, 'ALFA', { effective_to: end });
    expect(effective_to).toBe(end);
    expect((await ask(app, first)).matched.effective_to).toBe(end);
    expect((await app.as('admin').get(`/v1/assignments/${id}`)).body.effective_to).toBe(end);
    await post(app, 'number-ports', { first: e164(first), recipient: 'BRAVO', effective_from: end }).expect(
      201,
    );
    const before = new Date(Date.parse(end) - 1).toISOString();
    expect((await ask(app, first, before)).matched).toMatchObject({ rule: 'assignment', effective_to: end });
    expect((await ask(app, first, end)).matched).toMatchObject({ rule: 'number_port', effective_from: end });
  });

  it.each(['0000-01-01T00:00:00Z', '9999-12-31T23:59:59-23:59', '2026-02-30T00:00:00Z', 'yesterday'])(
    'refuses %s',
    async (instant) => {
      const first = await freshBlock();
      const range = { first: e164(first), last: e164(first) };
      await post(app, 'assignments', { ...range, partner: 'ALFA', effective_from: instant }).expect(422);
      await post(app, 'number-ports', { ...range, recipient: 'ALFA', effective_from: instant }).expect(422);
      await app.as('admin').get('/v1/assignments').query({ at: instant }).expect(422);
    },
  );

  it('drops what is finer than a millisecond, wherever an instant is given', async () => {
    const first = await freshBlock();
    const to = clock.time + HOUR;
    await assign(app, first, first, 'ALFA', { effective_to: clock.iso(HOUR) });
    const justBefore = new Date(to - 1).toISOString().replace('Z', '9999999Z').slice(0, -2) + 'Z';
    expect((await ask(app, first, justBefore)).outcome).toBe('held');
    const query = { number: e164(first), at: justBefore };
    expect((await app.as('admin').get('/v1/assignments').query(query).expect(200)).body.items).toHaveLength(
      1,
    );
  });
});

describe('number blocks', () => {
  it('conflict by number, and the conflict names the rows', async () => {
    const first = await freshBlock({ range_holder: 'KOEPEL' });
    const before = await dump(app);
    const { body } = await post(app, 'blocks', {
      first: e164(first + 9_999),
      last: e164(first + 19_999),
    }).expect(409);
    expect(body).toMatchObject({
      code: 'range_overlaps',
      conflicts: [{ first: e164(first), last: e164(first + 9_999), range_holder: 'KOEPEL' }],
    });
    expect(await dump(app)).toEqual(before);
  });

  it('count from allocated_at on; always, where that is left out or null', async () => {
    const first = await freshBlock({ allocated_at: clock.iso(-HOUR) });
    const always = await freshBlock({ allocated_at: null });
    expect((await ask(app, first, clock.iso(-HOUR))).outcome).toBe('unassigned');
    expect((await ask(app, first, clock.iso(-HOUR - 1))).outcome).toBe('not_ours');
    expect((await ask(app, always, '1900-01-01T00:00:00Z')).matched).toMatchObject({
      rule: 'block',
      effective_from: null,
      effective_to: null,
    });
    const early = { first: e164(first), last: e164(first), partner: 'ALFA' };
    for (const effective_from of [null, clock.iso(-HOUR - 1)]) {
      const refused = await post(app, 'assignments', { ...early, effective_from }).expect(422);
      expect(refused.body.code).toBe('outside_block');
    }
    await assign(app, first, first, 'ALFA', { effective_from: clock.iso(-HOUR) });
  });

  it('are listed in the order of their numbers, page by page', async () => {
    const all = (await app.as('admin').get('/v1/blocks').query({ limit: 1000 }).expect(200)).body.items;
    const paged: unknown[] = [];
    for (let cursor: string | undefined; cursor !== null;) {
      const page = await app.as('admin').get('/v1/blocks').query({ limit: 3, cursor }).expect(200);
      expect(page.body.items.length).toBeLessThanOrEqual(3);
      paged.push(...page.body.items);
      cursor = page.body.next_cursor;
    }
    expect(paged).toEqual(all);
    const firsts = all.map((block: { first: string }) => Number(block.first));
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
  });
});

describe('assignments', () => {
  it('say who holds what, since when, and have an ETag and an address', async () => {
    const first = await freshBlock();
    const response = await post(app, 'assignments', {
      first: e164(first),
      last: e164(first + 99),
      partner: 'ALFA',
    });
    expect(response.status).toBe(201);
    expect(response.body).toEqual({
      id: expect.any(Number),
      first: e164(first),
      last: e164(first + 99),
      partner: 'ALFA',
      effective_from: clock.iso(),
      effective_to: null,
      withdrawn_at: null,
    });
    const read = await app.as('admin').get(response.headers.location!).expect(200);
    expect(read.body).toEqual(response.body);
    expect(read.headers.etag).toBe(response.headers.etag);
  });

  it('began always with effective_from null, and now where it is left out', async () => {
    const first = await freshBlock();
    await assign(app, first, first, 'ALFA', { effective_from: null });
    await assign(app, first + 1, first + 1, 'ALFA');
    expect((await ask(app, first, '1950-01-01T00:00:00Z')).matched.effective_from).toBeNull();
    expect((await ask(app, first + 1)).matched.effective_from).toBe(clock.iso());
    expect((await ask(app, first + 1, clock.iso(-1))).outcome).toBe('unassigned');
  });

  it('lie in blocks of ours, wholly; adjacent blocks may hold a range together', async () => {
    const first = await freshBlock();
    await addBlock(app, first + 10_000, first + 14_999);
    await addBlock(app, first + 15_001, first + 19_999);
    await assign(app, first + 9_990, first + 10_010, 'ALFA');
    for (const [from, to] of [
      [first - 1, first],
      [first + 14_990, first + 15_010],
      [first + 15_000, first + 15_000],
    ] as const) {
      const range = { first: e164(from), last: e164(to), partner: 'ALFA' };
      expect((await post(app, 'assignments', range).expect(422)).body.code).toBe('outside_block');
    }
  });

  it('conflict by number and time together, and the conflict names rows and periods', async () => {
    const first = await freshBlock();
    const held = await assign(app, first + 10, first + 19, 'ALFA', {
      effective_from: clock.iso(),
      effective_to: clock.iso(HOUR),
    });
    const other = await assign(app, first + 30, first + 39, 'BRAVO');
    const before = await dump(app);
    const wide = { first: e164(first), last: e164(first + 99), partner: 'CHARLIE' };
    const { body } = await post(app, 'assignments', wide).expect(409);
    const named = ({ id, first, last, effective_from, effective_to }: typeof held) => ({
      id,
      first,
      last,
      effective_from,
      effective_to,
    });
    expect(body).toMatchObject({ code: 'range_overlaps', conflicts: [named(held), named(other)] });
    expect(await dump(app)).toEqual(before);
    await assign(app, first + 10, first + 19, 'BRAVO', { effective_from: clock.iso(HOUR) });
    await assign(app, first + 10, first + 19, 'BRAVO', { effective_from: null, effective_to: clock.iso() });
    await assign(app, first + 20, first + 29, 'BRAVO');
  });

  it('need a known partner that is not closed, and a period that is not empty', async () => {
    const first = await freshBlock();
    const range = { first: e164(first), last: e164(first) };
    const unknown = await post(app, 'assignments', { ...range, partner: 'NOBODY' }).expect(422);
    expect(unknown.body.errors).toMatchObject([{ pointer: '/partner', code: 'unknown_partner' }]);
    await addPartner(app, 'SHUT');
    await post(app, 'partners/SHUT/closure').expect(200);
    await post(app, 'assignments', { ...range, partner: 'SHUT' }).expect(409);
    for (const effective_to of [clock.iso(), clock.iso(-1)]) {
      const empty = await post(app, 'assignments', { ...range, partner: 'ALFA', effective_to }).expect(422);
      expect(empty.body.errors).toMatchObject([{ pointer: '/effective_to', code: 'empty_period' }]);
    }
  });

  it('carve: what stood there gives way from then on and keeps the rest', async () => {
    const first = await freshBlock();
    const wide = await assign(app, first, first + 99, 'ALFA', { effective_from: null });
    const etag = (await app.as('admin').get(`/v1/assignments/${wide.id}`)).headers.etag;
    const carved = await assign(app, first + 40, first + 49, 'BRAVO', {
      effective_from: clock.iso(HOUR),
      carve: true,
    });
    expect(carved).toMatchObject({
      first: e164(first + 40),
      partner: 'BRAVO',
      effective_from: clock.iso(HOUR),
    });
    const holders = async (at: string) => {
      const answers = [first, first + 39, first + 40, first + 49, first + 50, first + 99].map((n) =>
        ask(app, n, at),
      );
      return (await Promise.all(answers)).map((answer) => answer.partner.code);
    };
    expect(await holders(clock.iso(HOUR - 1))).toEqual(Array(6).fill('ALFA'));
    expect(await holders(clock.iso(HOUR))).toEqual(['ALFA', 'ALFA', 'BRAVO', 'BRAVO', 'ALFA', 'ALFA']);
    const shortened = await app.as('admin').get(`/v1/assignments/${wide.id}`).expect(200);
    expect(shortened.body.effective_to).toBe(clock.iso(HOUR));
    expect(shortened.headers.etag).not.toBe(etag);
  });

  it('carve for a period gives the rest back after it', async () => {
    const first = await freshBlock();
    await assign(app, first, first + 9, 'ALFA');
    await assign(app, first + 3, first + 3, 'BRAVO', {
      effective_from: clock.iso(HOUR),
      effective_to: clock.iso(2 * HOUR),
      carve: true,
    });
    const at = async (later: number) => (await ask(app, first + 3, clock.iso(later))).partner.code;
    expect([await at(HOUR - 1), await at(HOUR), await at(2 * HOUR - 1), await at(2 * HOUR)]).toEqual([
      'ALFA',
      'BRAVO',
      'BRAVO',
      'ALFA',
    ]);
  });

  it('carve withdraws what had not begun; it is kept and counts no more', async () => {
    const first = await freshBlock();
    const coming = await assign(app, first, first, 'ALFA', { effective_from: clock.iso(HOUR) });
    await assign(app, first, first + 9, 'BRAVO', { carve: true });
    const { body } = await app.as('admin').get(`/v1/assignments/${coming.id}`).expect(200);
    expect(body).toEqual({ ...coming, withdrawn_at: clock.iso() });
    expect((await ask(app, first, clock.iso(HOUR))).partner.code).toBe('BRAVO');
    const query = { number: e164(first), at: clock.iso(HOUR) };
    const { items } = (await app.as('admin').get('/v1/assignments').query(query).expect(200)).body;
    expect(items.map(({ partner }: { partner: string }) => partner)).toEqual(['BRAVO']);
  });

  it('carve the very same again changes nothing', async () => {
    const first = await freshBlock();
    const made = await assign(app, first, first, 'ALFA', { effective_from: null });
    const before = await dump(app);
    expect(await assign(app, first, first, 'ALFA', { effective_from: null, carve: true })).toEqual(made);
    expect(await dump(app)).toEqual(before);
  });
});

describe('the list of assignments', () => {
  let first: number;
  beforeAll(async () => {
    first = await freshBlock();
    await assign(app, first, first + 9, 'ALFA', { effective_to: clock.iso(HOUR) });
    await assign(app, first, first + 4, 'BRAVO', { effective_from: clock.iso(HOUR) });
    await assign(app, first + 10, first + 19, 'CHARLIE');
  });
  const list = async (query: object) =>
    (await app.as('admin').get('/v1/assignments').query(query).expect(200)).body.items.map(
      (item: { partner: string; first: string }) => `${item.partner} ${Number(item.first) - first}`,
    );

  it('is narrowed by partner, by number and by instant', async () => {
    const number = e164(first + 3);
    expect(await list({ number })).toEqual(['ALFA 0', 'BRAVO 0']);
    expect(await list({ number, at: clock.iso() })).toEqual(['ALFA 0']);
    expect(await list({ number, at: clock.iso(HOUR - 1) })).toEqual(['ALFA 0']);
    expect(await list({ number, at: clock.iso(HOUR) })).toEqual(['BRAVO 0']);
    expect(await list({ number, partner: 'BRAVO' })).toEqual(['BRAVO 0']);
    expect(await list({ number: `0${String(first + 3).slice(2)}` })).toEqual(['ALFA 0', 'BRAVO 0']);
    expect(await list({ number, partner: 'CHARLIE' })).toEqual([]);
    expect(await list({ partner: 'NOBODY' })).toEqual([]);
    expect(await list({ partner: 'CHARLIE', number: e164(first + 10) })).toEqual(['CHARLIE 10']);
  });

  it('comes page by page, each row once and in order', async () => {
    const everything = (await app.as('admin').get('/v1/assignments').query({ limit: 1000 })).body;
    expect(everything.next_cursor).toBeNull();
    const paged: unknown[] = [];
    for (let cursor: string | undefined; cursor !== null;) {
      const { body } = await app.as('admin').get('/v1/assignments').query({ limit: 2, cursor }).expect(200);
      paged.push(...body.items);
      cursor = body.next_cursor;
    }
    expect(paged).toEqual(everything.items);
  });

  it.each([
    ['limit', { limit: 0 }],
    ['limit', { limit: 1001 }],
    ['cursor', { cursor: 'x' }],
    ['cursor', { cursor: Buffer.from('[1.5,2]').toString('base64url') }],
    ['cursor', { cursor: Buffer.from('[1e300,2]').toString('base64url') }],
    ['number', { number: '12' }],
    ['at', { at: 'now' }],
    ['order', { order: 'id' }],
  ])('refuses a wrong %s: %j', async (property, query) => {
    const { body } = await app.as('admin').get('/v1/assignments').query(query).expect(422);
    expect(body).toMatchObject({ code: 'invalid_input', errors: [{ pointer: `/${property}` }] });
  });
});

describe('a partner', () => {
  let alfa: { secret: string };
  let own: { id: number };
  let others: { id: number };
  beforeAll(async () => {
    alfa = { secret: await issue(app, 'partner', { partner: 'ALFA' }) };
    const first = await freshBlock();
    own = await assign(app, first, first, 'ALFA');
    others = await assign(app, first + 1, first + 1, 'BRAVO');
  });
  const get = (path: string) => app.as(alfa).get(`/v1/${path}`);

  it('reads its own assignments, and no other', async () => {
    expect((await get(`assignments/${own.id}`).expect(200)).body).toEqual(own);
    const { items } = (await get('assignments?limit=1000').expect(200)).body;
    expect(items.map(({ id }: { id: number }) => id)).toContain(own.id);
    expect(new Set(items.map(({ partner }: { partner: string }) => partner))).toEqual(new Set(['ALFA']));
  });

  it("gets for another's assignment the answer that it gets for a missing one", async () => {
    const theirs = await get(`assignments/${others.id}`).expect(404);
    const missing = await get('assignments/999999999').expect(404);
    expect(theirs.body).toEqual(missing.body);
    expect(theirs.headers.etag).toBeUndefined();
    expect((await get('assignments?partner=BRAVO').expect(200)).body).toEqual(
      (await get('assignments?partner=NOBODY').expect(200)).body,
    );
    const number = encodeURIComponent((others as unknown as { first: string }).first);
    expect((await get(`assignments?number=${number}`).expect(200)).body.items).toEqual([]);
  });

  it('reads the number ports to itself, and no others', async () => {
    await post(app, 'number-ports', { first: '+4930123401', recipient: 'ALFA' }).expect(201);
    await post(app, 'number-ports', { first: '+4930123402', recipient: 'BRAVO' }).expect(201);
    await post(app, 'number-ports', { first: '+4930123403', recipient: null, network: 'POLDER' }).expect(201);
    const { body } = await get('number-ports').expect(200);
    expect(body.items).toMatchObject([{ first: '+4930123401', recipient: 'ALFA' }]);
  });

  it('writes nothing, and reads no blocks', async () => {
    const before = await dump(app);
    await get('blocks').expect(403);
    for (const path of [
      'assignments',
      'blocks',
      'number-ports',
      `assignments/${own.id}/release`,
      `assignments/${others.id}/release`,
    ])
      await app.as(alfa).post(`/v1/${path}`).send({}).expect(403);
    await app
      .as(alfa)
      .post('/v1/assignment-imports?mode=plan')
      .type('text/csv')
      .send('first,last,partner\n')
      .expect(403);
    expect(await dump(app)).toEqual(before);
  });
});

describe('a release', () => {
  let first: number;
  beforeAll(async () => void (first = await freshBlock()));
  const release = (id: number, body: Record<string, unknown> = {}) =>
    post(app, `assignments/${id}/release`, body);

  it('ends an assignment now, later, or back then', async () => {
    const since = { effective_from: clock.iso(-HOUR) };
    const now = await assign(app, first, first, 'ALFA', since);
    const later = await assign(app, first + 1, first + 1, 'ALFA', since);
    const past = await assign(app, first + 2, first + 2, 'ALFA', since);
    expect((await release(now.id).expect(200)).body).toEqual({ ...now, effective_to: clock.iso() });
    await release(later.id, { effective_at: clock.iso(HOUR) }).expect(200);
    await release(past.id, { effective_at: clock.iso(-1000) }).expect(200);
    const outcome = async (number: number, at: string) => (await ask(app, number, at)).outcome;
    expect([await outcome(first, clock.iso(-1)), (await ask(app, first)).outcome]).toEqual([
      'held',
      'unassigned',
    ]);
    expect([
      await outcome(first + 1, clock.iso(HOUR - 1)),
      await outcome(first + 1, clock.iso(HOUR)),
    ]).toEqual(['held', 'unassigned']);
    expect([await outcome(first + 2, clock.iso(-1001)), await outcome(first + 2, clock.iso(-1000))]).toEqual([
      'held',
      'unassigned',
    ]);
  });

  it.each([0, 1, HOUR])('at the start, or %i ms before it, withdraws it and makes room', async (before) => {
    const number = first + 10;
    const made = await assign(app, number, number, 'ALFA', { effective_from: clock.iso(HOUR) });
    const { body } = await release(made.id, { effective_at: clock.iso(HOUR - before) }).expect(200);
    expect(body).toEqual({ ...made, withdrawn_at: clock.iso() });
    expect((await ask(app, number, clock.iso(2 * HOUR))).outcome).toBe('unassigned');
  });

  it('needs no body', async () => {
    for (const [path, body] of [
      ['assignments', { partner: 'ALFA' }],
      ['number-ports', { recipient: 'BRAVO' }],
    ] as const) {
      const range = { first: e164(first + 15), last: e164(first + 15), effective_from: clock.iso(-HOUR) };
      const { id } = (await post(app, path, { ...range, ...body }).expect(201)).body;
      const end = path === 'assignments' ? 'release' : 'return';
      const done = await app.as('admin').post(`/v1/${path}/${id}/${end}`).expect(200);
      expect(done.body.effective_to).toBe(clock.iso());
    }
  });

  it('is refused where it has ended by then already', async () => {
    const made = await assign(app, first + 20, first + 20, 'ALFA', {
      effective_from: clock.iso(-HOUR),
      effective_to: clock.iso(HOUR),
    });
    expect((await release(made.id, { effective_at: clock.iso(HOUR) }).expect(409)).body.code).toBe(
      'state_conflict',
    );
    await release(made.id).expect(200);
    await release(made.id).expect(409);
    await release(999_999_999).expect(404);
  });

  it('honours If-Match', async () => {
    const input = {
      first: e164(first + 30),
      last: e164(first + 30),
      partner: 'ALFA',
      effective_from: clock.iso(-HOUR),
    };
    const { body, headers } = await post(app, 'assignments', input).expect(201);
    const before = await dump(app);
    const stale = await release(body.id).set('If-Match', '"0"').expect(412);
    expect(stale.body.code).toBe('precondition_failed');
    expect(await dump(app)).toEqual(before);
    const done = await release(body.id, { effective_at: clock.iso(HOUR) })
      .set('If-Match', headers.etag!)
      .expect(200);
    expect(done.headers.etag).not.toBe(headers.etag);
    await release(body.id).set('If-Match', headers.etag!).expect(412);
    await release(body.id).set('If-Match', `"0", ${done.headers.etag}`).expect(200);
  });
});

describe('an Idempotency-Key', () => {
  it('makes an assignment and its release once, however often they are sent', async () => {
    const first = await freshBlock();
    const input = {
      first: e164(first),
      last: e164(first),
      partner: 'ALFA',
      effective_from: clock.iso(-HOUR),
    };
    const create = () => post(app, 'assignments', input).set('Idempotency-Key', 'create-1');
    const answers = await Promise.all(Array.from({ length: 5 }, create));
    expect(answers.map((answer) => answer.status)).toEqual(Array(5).fill(201));
    expect(
      new Set(
        answers.map((answer) => JSON.stringify([answer.body, answer.headers.etag, answer.headers.location])),
      ).size,
    ).toBe(1);
    const { id } = answers[0]!.body;
    const release = (body: object) =>
      post(app, `assignments/${id}/release`, { ...body }).set('Idempotency-Key', 'release-1');
    const done = await release({}).expect(200);
    const before = await dump(app);
    const again = await release({}).expect(200);
    expect([again.body, again.headers.etag]).toEqual([done.body, done.headers.etag]);
    const other = await release({ effective_at: clock.iso(HOUR) }).expect(422);
    expect(other.body.code).toBe('idempotency_key_reused');
    expect(await dump(app)).toEqual(before);
  });

  it('is not spent by a request that was refused', async () => {
    const first = await freshBlock();
    const holder = await assign(app, first, first, 'ALFA', { effective_from: clock.iso(-HOUR) });
    const create = () =>
      post(app, 'assignments', { first: e164(first), last: e164(first), partner: 'BRAVO' }).set(
        'Idempotency-Key',
        'create-2',
      );
    await create().expect(409);
    await post(app, `assignments/${holder.id}/release`).expect(200);
    await create().expect(201);
  });
});

describe('number ports', () => {
  let first: number;
  beforeAll(async () => {
    first = await freshBlock();
    await assign(app, first, first + 99, 'ALFA', { effective_from: null });
  });
  const port = (input: Record<string, unknown>) => post(app, 'number-ports', input);

  it('win over the assignment until they are returned, in and out of our blocks', async () => {
    const moved = (await port({ first: e164(first), recipient: 'BRAVO' }).expect(201)).body;
    expect(moved).toMatchObject({
      first: e164(first),
      last: e164(first),
      effective_from: clock.iso(),
      network: null,
    });
    const left = await port({
      first: e164(first + 1),
      last: e164(first + 2),
      recipient: null,
      network: 'NEDMOB',
    });
    const came = await port({ first: '+31612345678', recipient: 'CHARLIE' });
    expect([left.status, came.status]).toEqual([201, 201]);
    expect(await ask(app, first)).toMatchObject({
      outcome: 'held',
      partner: { code: 'BRAVO' },
      matched: { rule: 'number_port' },
    });
    expect(await ask(app, first + 2)).toMatchObject({
      outcome: 'ported_out',
      partner: null,
      network: 'NEDMOB',
    });
    expect(await ask(app, '+31612345678')).toMatchObject({ outcome: 'held', partner: { code: 'CHARLIE' } });
    clock.time += 1;
    for (const { id } of [moved, left.body, came.body])
      await post(app, `number-ports/${id}/return`).expect(200);
    expect(await ask(app, first)).toMatchObject({
      partner: { code: 'ALFA' },
      matched: { rule: 'assignment' },
    });
    expect((await ask(app, first + 2)).partner.code).toBe('ALFA');
    expect((await ask(app, '+31612345678')).outcome).toBe('not_ours');
    expect((await ask(app, first, clock.iso(-1))).partner.code).toBe('BRAVO');
  });

  it('conflict in numbers and time, and the conflict names the rows', async () => {
    const standing = (
      await port({ first: e164(first + 10), last: e164(first + 12), recipient: 'BRAVO' }).expect(201)
    ).body;
    const before = await dump(app);
    const { body } = await port({ first: e164(first + 12), recipient: null, network: 'NEDMOB' }).expect(409);
    expect(body).toMatchObject({
      code: 'range_overlaps',
      conflicts: [{ id: standing.id, first: standing.first }],
    });
    expect(await dump(app)).toEqual(before);
    await post(app, `number-ports/${standing.id}/return`, { effective_at: clock.iso(HOUR) }).expect(200);
    await port({ first: e164(first + 12), recipient: 'CHARLIE', effective_from: clock.iso(HOUR - 1) }).expect(
      409,
    );
    await port({ first: e164(first + 12), recipient: 'CHARLIE', effective_from: clock.iso(HOUR) }).expect(
      201,
    );
  });

  it.each([
    ['/recipient', 'unknown_partner', { recipient: 'NOBODY' }],
    ['/network', 'required', { recipient: null }],
    ['/network', 'not_allowed', { recipient: 'BRAVO', network: 'NEDMOB' }],
    ['/recipient', 'required', { network: 'NEDMOB' }],
  ])('refuse a wrong %s: %s', async (pointer, code, more) => {
    const { body } = await port({ first: e164(first + 20), ...more }).expect(422);
    expect(body.errors).toMatchObject([{ pointer, code }]);
  });

  it('are returned with If-Match and Idempotency-Key, or withdrawn before they began', async () => {
    const made = await port({
      first: e164(first + 30),
      recipient: 'BRAVO',
      effective_from: clock.iso(HOUR),
    }).expect(201);
    const giveBack = (body = {}) => post(app, `number-ports/${made.body.id}/return`, body);
    await giveBack().set('If-Match', '"0"').expect(412);
    const done = await giveBack()
      .set('If-Match', made.headers.etag!)
      .set('Idempotency-Key', 'return-1')
      .expect(200);
    expect(done.body).toEqual({ ...made.body, withdrawn_at: clock.iso() });
    const again = await giveBack().set('Idempotency-Key', 'return-1').expect(200);
    expect([again.body, again.headers.etag]).toEqual([done.body, done.headers.etag]);
    await giveBack({ effective_at: clock.iso() }).set('Idempotency-Key', 'return-1').expect(422);
    await giveBack().expect(409);
    await post(app, 'number-ports/999999999/return').expect(404);
    expect((await ask(app, first + 30, clock.iso(HOUR))).matched.rule).toBe('assignment');
  });

  it('are listed page by page, returned and withdrawn ones too', async () => {
    const all = (await app.as('admin').get('/v1/number-ports').query({ limit: 1000 }).expect(200)).body.items;
    const paged: unknown[] = [];
    for (let cursor: string | undefined; cursor !== null;) {
      const { body } = await app.as('admin').get('/v1/number-ports').query({ limit: 2, cursor }).expect(200);
      paged.push(...body.items);
      cursor = body.next_cursor;
    }
    expect(paged).toEqual(all);
    expect(all.filter((item: { withdrawn_at: string | null }) => item.withdrawn_at !== null)).toHaveLength(1);
  });
});

describe('changes that are dated ahead', () => {
  it('take effect on time, without a restart, in all layers', async () => {
    const first = await freshBlock({ allocated_at: clock.iso(HOUR) });
    const from = (hours: number) => ({ effective_from: clock.iso(hours * HOUR) });
    const held = await assign(app, first, first + 9, 'ALFA', {
      ...from(2),
      effective_to: clock.iso(7 * HOUR),
    });
    await assign(app, first + 1, first + 1, 'CHARLIE', {
      ...from(5),
      effective_to: clock.iso(6 * HOUR),
      carve: true,
    });
    const ported = (
      await post(app, 'number-ports', { first: e164(first), recipient: 'BRAVO', ...from(3) }).expect(201)
    ).body;
    await post(app, `number-ports/${ported.id}/return`, { effective_at: clock.iso(4 * HOUR) }).expect(200);
    const told = async (number: number) => {
      const { outcome, partner } = await ask(app, number);
      return partner?.code ?? outcome;
    };
    const seen: string[][] = [];
    const start = clock.time;
    for (const at of [1, 2, 3, 4, 5, 6, 7].flatMap((hour) => [hour * HOUR - 1, hour * HOUR])) {
      clock.time = start + at;
      seen.push([await told(first), await told(first + 1)]);
    }
    expect(held.effective_from).toBe(new Date(start + 2 * HOUR).toISOString());
    expect(seen).toEqual([
      ['not_ours', 'not_ours'],
      ['unassigned', 'unassigned'],
      ['unassigned', 'unassigned'],
      ['ALFA', 'ALFA'],
      ['ALFA', 'ALFA'],
      ['BRAVO', 'ALFA'],
      ['BRAVO', 'ALFA'],
      ['ALFA', 'ALFA'],
      ['ALFA', 'ALFA'],
      ['ALFA', 'CHARLIE'],
      ['ALFA', 'CHARLIE'],
      ['ALFA', 'ALFA'],
      ['ALFA', 'ALFA'],
      ['unassigned', 'unassigned'],
    ]);
  });
});

describe('a change that waits for another one', () => {
  it('begins when its turn comes: it cannot undo what was true meanwhile', async () => {
    const first = await freshBlock();
    const { coming } = await withOwner(app, async (client) => {
      await client.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('numbering'))`);
      const coming = [
        assign(app, first, first, 'ALFA'),
        post(app, 'number-ports', { first: e164(first + 1), recipient: 'ALFA' }).then(({ body }) => body),
      ];
      const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      while ((await client.query(waiting)).rowCount! < coming.length) await wait(5);
      clock.time += 1000;
      await client.query('COMMIT');
      return { coming };
    });
    for (const made of await Promise.all(coming)) expect(made.effective_from).toBe(clock.iso());
  });
});

describe('an assignment', () => {
  it('carves over thousands of others at once', async () => {
    const first = await freshBlock();
    const rows = Array.from(
      { length: 5000 },
      (_, i) => `${e164(first + i)},${e164(first + i)},ALFA,2020-01-01T00:00:00Z`,
    );
    const file = ['first,last,partner,effective_from', ...rows].join('\n');
    await upload(app, 'assignment-imports', { mode: 'apply' }, file).expect(200);
    const made = await assign(app, first, first + 9_999, 'BRAVO', { carve: true });
    expect(made).toMatchObject({ first: e164(first), last: e164(first + 9_999), partner: 'BRAVO' });
    expect((await ask(app, first + 4999)).partner.code).toBe('BRAVO');
    expect((await ask(app, first + 4999, clock.iso(-1))).partner.code).toBe('ALFA');
  });
});
