import { createHash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { canonicalJson } from '../../src/shared/canonical-json.js';
import { GROUND, startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import {
  addBlock,
  addPartner,
  ask,
  askMany,
  assign,
  type Body,
  dump,
  e164,
  HOUR,
  issue,
  post,
  withOwner,
} from '../support/registry.js';
import { unseal } from '../support/unsealing.js';

const BASE = 31_850_210_000;
const clock = new StandingClock();
const START = clock.time;
const iso = (hours: number, more = 0) => new Date(START + hours * HOUR + more).toISOString();
let app: TestApp;

const lookup = (body: Body) =>
  app
    .as('authority')
    .post('/v1/lookups')
    .send({ ...GROUND, ...body });
const batch = (body: Body) =>
  app
    .as('authority')
    .post('/v1/lookup-batches')
    .send({ ...GROUND, ...body });
const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest('base64');

async function logSize(): Promise<number> {
  return withOwner(app, async (client) =>
    Number((await client.query('SELECT size FROM log_head')).rows[0].size),
  );
}

/** The opening of the newest entry, as the auditor reads it. */
async function newestOpening(): Promise<Body> {
  return JSON.parse((await unseal(app, (await logSize()) - 1)).toString());
}

beforeAll(async () => {
  app = await startApp({ clock });
  for (const code of ['ALFA', 'BRAVO']) await addPartner(app, code);
  await addBlock(app, BASE, BASE + 999, { allocated_at: iso(-24) });
  await assign(app, BASE, BASE + 99, 'ALFA', { effective_from: iso(-10), effective_to: iso(10) });
  await post(app, 'number-ports', {
    first: e164(BASE + 1),
    recipient: 'BRAVO',
    effective_from: iso(-5),
  }).expect(201);
  const left = { first: e164(BASE + 2), last: e164(BASE + 4), recipient: null, network: 'NEDMOB' };
  const { body } = await post(app, 'number-ports', { ...left, effective_from: iso(-5) }).expect(201);
  await post(app, `number-ports/${body.id}/return`, { effective_at: iso(5) }).expect(200);
});
afterAll(() => app.close());

describe('the demo', () => {
  it('has the number of the lookup that the start prints', async () => {
    const demo = await startApp({ demo: true });
    const answer = await ask(demo, '085 021 0123');
    expect(answer).toMatchObject({ number: '+31850210123', outcome: 'held', partner: { code: 'VOORBEELD' } });
    await demo.close();
  });
});

describe('an answer', () => {
  const rows = {
    block: {
      rule: 'block',
      first: e164(BASE),
      last: e164(BASE + 999),
      effective_from: iso(-24),
      effective_to: null,
    },
    assignment: {
      rule: 'assignment',
      first: e164(BASE),
      last: e164(BASE + 99),
      effective_from: iso(-10),
      effective_to: iso(10),
    },
    port: {
      rule: 'number_port',
      first: e164(BASE + 1),
      last: e164(BASE + 1),
      effective_from: iso(-5),
      effective_to: null,
    },
    left: {
      rule: 'number_port',
      first: e164(BASE + 2),
      last: e164(BASE + 4),
      effective_from: iso(-5),
      effective_to: iso(5),
    },
  };
  const nobody = { outcome: 'not_ours', partner: null, matched: null };
  const unassigned = { outcome: 'unassigned', partner: null, matched: rows.block };
  const alfa = { outcome: 'held', partner: { code: 'ALFA' }, matched: rows.assignment };
  const bravo = { outcome: 'held', partner: { code: 'BRAVO' }, matched: rows.port };
  const left = { outcome: 'ported_out', partner: null, network: 'NEDMOB', matched: rows.left };

  const cases: [string, number, string | undefined, object][] = [
    ['not ours, now', BASE + 1000, undefined, nobody],
    ['not ours, before the block', BASE - 1, undefined, nobody],
    ['not ours, a digit more', BASE * 10, undefined, nobody],
    ['not ours, a millisecond before the block', BASE + 500, iso(-24, -1), nobody],
    ['unassigned from the first millisecond', BASE + 500, iso(-24), unassigned],
    ['unassigned now, the last number', BASE + 999, undefined, unassigned],
    ['unassigned a millisecond before the assignment', BASE, iso(-10, -1), unassigned],
    ['held from the first millisecond', BASE, iso(-10), alfa],
    ['held now', BASE, undefined, alfa],
    ['held now, the last number', BASE + 99, undefined, alfa],
    ['unassigned now, the next number', BASE + 100, undefined, unassigned],
    ['held at the present instant, given', BASE + 99, iso(0), alfa],
    ['held in the future', BASE, iso(10, -1), alfa],
    ['unassigned in the future', BASE, iso(10), unassigned],
    ['held below the port, a millisecond before it', BASE + 1, iso(-5, -1), alfa],
    ['ported to a partner', BASE + 1, iso(-5), bravo],
    ['ported to a partner, now', BASE + 1, undefined, bravo],
    ['ported to a partner, beyond the assignment', BASE + 1, iso(1000), bravo],
    ['ported out, a millisecond before', BASE + 4, iso(-5, -1), alfa],
    ['ported out', BASE + 2, iso(-5), left],
    ['ported out now', BASE + 4, undefined, left],
    ['ported out, the number after', BASE + 5, undefined, alfa],
    ['ported out, a millisecond before the return', BASE + 2, iso(5, -1), left],
    ['held again after the return', BASE + 2, iso(5), alfa],
  ];
  it.each(cases)('%s', async (_, number, at, expected) => {
    const answer = await ask(app, number, at);
    expect(answer).toMatchObject({ number: e164(number), at: at ?? iso(0), ...expected });
    expect('network' in answer).toBe('network' in expected);
    const [{ outcome, partner, matched }] = await askMany(app, [number], at);
    expect(answer).toMatchObject({ outcome, partner, matched });
  });

  it('says where it came from and how fresh the data are', async () => {
    const answer = await ask(app, BASE);
    const { serial, origin } = await withOwner(
      app,
      async (client) => (await client.query('SELECT * FROM log_head')).rows[0],
    );
    expect(answer).toMatchObject({ serial: Number(serial), data: { state: 'none', synced_at: null } });
    expect(answer.receipt.origin).toBe(origin);
    expect(answer.id).toBe(`${origin}#${answer.receipt.index}`);
  });

  it('names the partner whatever its state, with its disclosure', async () => {
    const desk = { name: 'Desk', email: 'desk@quebec.example', phone: '+31850210000' };
    const disclosure = { mode: 'partner', url: 'https://quebec.example/disclosure', desk };
    await post(app, 'partners', { code: 'QUEBEC', name: 'Quebec B.V.', contact: desk, disclosure }).expect(
      201,
    );
    await assign(app, BASE + 200, BASE + 200, 'QUEBEC');
    const seen = [await ask(app, BASE + 200)];
    for (const step of ['activation', 'suspension', 'activation', 'closure']) {
      await post(app, `partners/QUEBEC/${step}`).expect(200);
      seen.push(await ask(app, BASE + 200), await ask(app, BASE + 200, iso(0)));
    }
    for (const { outcome, partner } of seen)
      expect({ outcome, partner }).toEqual({
        outcome: 'held',
        partner: { code: 'QUEBEC', name: 'Quebec B.V.', disclosure },
      });
  });

  it.each(['085 021 0000', '(085) 021-00-00', '0031 85 0210000', '+31 (0)85.021.0000', ' +31-85-0210000 '])(
    'understands %s',
    async (number) => expect(await ask(app, number)).toMatchObject({ number: e164(BASE), ...alfa }),
  );
});

describe('a batch', () => {
  it('answers in order, with an error in place of what is no number, and logs each', async () => {
    const before = await logSize();
    const given = [
      e164(BASE),
      '+12',
      e164(BASE + 1),
      '',
      'abc',
      null,
      850210000,
      {},
      ['+31850210000'],
      '+31'.padEnd(80, '1'),
      e164(BASE + 2),
    ];
    const { body } = await batch({ numbers: given }).expect(200);
    const told = body.results.map(
      (result: Body) => (result.error as { code: string } | undefined)?.code ?? result.outcome,
    );
    expect(told).toEqual([
      'held',
      'too_short',
      'held',
      'empty',
      'not_digits',
      'not_digits',
      'not_digits',
      'not_digits',
      'not_digits',
      'too_long',
      'ported_out',
    ]);
    expect(Object.keys(body.results[1]).sort()).toEqual(['error', 'number']);
    expect(body.results[1].number).toBe('+12');
    expect(await logSize()).toBe(before + given.length);
    expect(JSON.parse((await unseal(app, before + 1)).toString())).toMatchObject({
      number: '+12',
      outcome: 'refused',
      reason: 'too_short',
      case_reference: GROUND.case_reference,
    });
    for (const place of [0, 2, 10]) expect(body.results[place].receipt.index).toBe(before + place);
  });

  it('takes 10,000 numbers, all about one instant', async () => {
    const numbers = Array.from({ length: 10_000 }, (_, i) => BASE - 500 + (i % 2000));
    const results = await askMany(app, numbers, iso(-10, -1));
    expect(results).toHaveLength(10_000);
    const wrong = results.filter((result: Body, i: number) => {
      const ours = numbers[i]! >= BASE && numbers[i]! < BASE + 1000;
      return result.number !== e164(numbers[i]!) || result.outcome !== (ours ? 'unassigned' : 'not_ours');
    });
    expect(wrong).toEqual([]);
    expect(new Set(results.map((result: Body) => result.at))).toEqual(new Set([iso(-10, -1)]));
  });

  it.each([
    ['10,001 numbers', Array(10_001).fill(e164(BASE))],
    ['no number', []],
    ['a string', e164(BASE)],
  ])('of %s is refused, and nothing is logged', async (_, numbers) => {
    const before = await dump(app);
    const { body } = await batch({ numbers }).expect(422);
    expect(body.code).toBe('invalid_input');
    for (const { pointer } of body.errors) expect(pointer).toBe('/numbers');
    expect(await dump(app)).toEqual(before);
  });
});

describe('a question that is refused', () => {
  it('for a legal basis that the authority was not granted is logged', async () => {
    await post(app, 'authorities', { code: 'AIVD', name: 'Service', legal_bases: ['Wiv 56'] }).expect(201);
    const secret = await issue(app, 'authority', { authority: 'AIVD' });
    const before = await logSize();
    const one = await app
      .as({ secret })
      .post('/v1/lookups')
      .send({ number: e164(BASE), ...GROUND })
      .expect(403);
    expect(one.body.code).toBe('legal_basis_not_granted');
    expect(JSON.stringify(one.body)).not.toContain('8502');
    expect(await newestOpening()).toMatchObject({
      authority: 'AIVD',
      legal_basis: 'Sv 126n',
      number: e164(BASE),
      outcome: 'refused',
      reason: 'legal_basis_not_granted',
    });
    const many = { numbers: [e164(BASE), e164(BASE + 1), '+12'], ...GROUND };
    await app.as({ secret }).post('/v1/lookup-batches').send(many).expect(403);
    expect(await logSize()).toBe(before + 4);
    const granted = { number: e164(BASE), ...GROUND, legal_basis: 'Wiv 56' };
    await app.as({ secret }).post('/v1/lookups').send(granted).expect(200);
  });

  it('for a malformed number is logged, and the answer does not repeat it', async () => {
    const before = await logSize();
    const { body } = await lookup({ number: '+3185021x', purpose: 'é \u2028 "' }).expect(422);
    expect(body).toMatchObject({
      code: 'invalid_number',
      errors: [{ pointer: '/number', code: 'not_digits' }],
    });
    expect(JSON.stringify(body)).not.toContain('85021');
    expect(await logSize()).toBe(before + 1);
    expect(await newestOpening()).toMatchObject({
      number: '+3185021x',
      reason: 'not_digits',
      purpose: 'é \u2028 "',
    });
  });

  it('for its form, or its asker, is no question and is not logged', async () => {
    const before = await dump(app);
    for (const wrong of [
      { number: undefined },
      { number: e164(BASE), legal_basis: 'Sv 1' },
      { number: e164(BASE), requester: '' },
      { number: e164(BASE), case_reference: undefined },
      { number: e164(BASE), at: '2026-06-01' },
      { number: e164(BASE), because: 'x' },
    ])
      expect((await lookup(wrong).expect(422)).body.code).toBe('invalid_input');
    for (const role of ['admin', 'auditor'] as const)
      await app
        .as(role)
        .post('/v1/lookups')
        .send({ number: e164(BASE), ...GROUND })
        .expect(403);
    await app.http
      .post('/v1/lookups')
      .send({ number: e164(BASE), ...GROUND })
      .expect(401);
    expect(await dump(app)).toEqual(before);
  });
});

describe('a receipt', () => {
  it('has a leaf that commits to the opening, both canonical JSON', async () => {
    const asked = { number: e164(BASE), at: iso(-1), purpose: 'Zoë "x"\t'.trim(), request_id: 'NL-CIOT-1' };
    const { receipt, serial } = (await lookup(asked).expect(200)).body;
    const [leaf, opening] = [receipt.leaf, receipt.opening].map((text: string) =>
      Buffer.from(text, 'base64'),
    ) as [Buffer, Buffer];
    expect(JSON.parse(leaf.toString())).toEqual({
      v: 1,
      at: iso(0),
      kind: 'lookup',
      commitment: sha256(opening),
    });
    expect(receipt.leaf_hash).toBe(sha256(Buffer.of(0), leaf));
    const content = JSON.parse(opening.toString());
    expect(content).toEqual({
      ...GROUND,
      number: e164(BASE),
      at: iso(-1),
      authority: 'CIOT',
      outcome: 'held',
      partner: 'ALFA',
      purpose: asked.purpose,
      request_id: 'NL-CIOT-1',
      serial,
      salt: expect.any(String),
    });
    expect(Buffer.from(content.salt, 'base64')).toHaveLength(16);
    for (const text of [leaf, opening])
      expect(canonicalJson(JSON.parse(text.toString()))).toBe(text.toString());
  });

  it('never repeats a salt', async () => {
    const results = await askMany(app, Array(2000).fill(BASE));
    const openings = results.map(({ receipt }: { receipt: { opening: string } }) =>
      Buffer.from(receipt.opening, 'base64').toString(),
    );
    expect(new Set(openings.map((text: string) => JSON.parse(text).salt)).size).toBe(2000);
  });

  it('is what the auditor finds in the log, opened with the key', async () => {
    for (const number of [BASE, BASE + 2, BASE + 500, BASE + 5000]) {
      const { receipt } = await ask(app, number);
      const entry = (await app.as('auditor').get(`/v1/log-entries/${receipt.index}`).expect(200)).body;
      expect([entry.origin, entry.leaf, entry.leaf_hash]).toEqual([
        receipt.origin,
        receipt.leaf,
        receipt.leaf_hash,
      ]);
      expect((await unseal(app, receipt.index)).toString('base64')).toBe(receipt.opening);
    }
  });

  it('numbers entries without a gap, however many are asked and changed at once', async () => {
    const before = await logSize();
    const asked = Array.from({ length: 60 }, (_, i) =>
      i % 3 ? ask(app, BASE + i) : ask(app, BASE + i, iso(-1)),
    );
    const many = Array.from({ length: 5 }, (_, i) => askMany(app, [BASE + i, '+12', BASE + 100]));
    const changes = Array.from({ length: 10 }, (_, i) => assign(app, BASE + 300 + i, BASE + 300 + i, 'ALFA'));
    const [singles, batches] = await Promise.all([
      Promise.all(asked),
      Promise.all(many),
      Promise.all(changes),
    ]);
    const receipts = [...singles, ...batches.flat()].flatMap(({ receipt }) => receipt ?? []);
    const entries = await withOwner(
      app,
      async (client) => (await client.query('SELECT index::int, leaf FROM log_entry ORDER BY index')).rows,
    );
    expect(entries.map(({ index }) => index)).toEqual(entries.map((_, place) => place));
    expect(entries).toHaveLength(await logSize());
    expect(entries).toHaveLength(before + 60 + 15 + 10);
    expect(new Set(receipts.map(({ index }) => index)).size).toBe(70);
    for (const { index, leaf } of receipts) expect(entries[index]!.leaf.toString('base64')).toBe(leaf);
    const openings = await withOwner(
      app,
      async (client) =>
        (await client.query('SELECT sum(cardinality(sealed))::int AS count FROM log_opening')).rows[0].count,
    );
    const lookups = entries.filter(({ leaf }) => JSON.parse(leaf.toString()).kind === 'lookup');
    expect(openings).toBe(lookups.length);
  });
});
