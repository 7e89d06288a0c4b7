import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import { expectProblem, placesOf } from '../support/problems.js';
import {
  addBlock,
  addPartner,
  type Body,
  HOUR,
  issue,
  post,
  upload,
  withOwner,
} from '../support/registry.js';
import { tablesWith } from '../support/search.js';

const clock = new StandingClock();
let app: TestApp;
beforeAll(async () => {
  app = await startApp({ clock });
  await addPartner(app, 'PP');
  await addBlock(app, 31_850_000_000, 31_850_999_999);
});
afterAll(() => app.close());

const CONTACT = { name: 'Desk', email: 'desk@voorbeeld.example', phone: '+31850210000' };

/** What every `POST` that creates takes, twice: two inputs that can both be carried out. */
const CREATIONS: Record<string, [Body, Body]> = {
  partners: [
    { code: 'NEW1', name: 'New', contact: CONTACT, disclosure: { mode: 'registry' } },
    { code: 'NEW2', name: 'New', contact: CONTACT, disclosure: { mode: 'registry' } },
  ],
  authorities: [
    { code: 'NEW1', name: 'New', legal_bases: ['Sv 126n'] },
    { code: 'NEW2', name: 'New', legal_bases: ['Sv 126n'] },
  ],
  credentials: [
    { role: 'admin', label: 'one' },
    { role: 'admin', label: 'two' },
  ],
  blocks: [
    { first: '+31201000000', last: '+31201000999' },
    { first: '+31201001000', last: '+31201001999' },
  ],
  assignments: [
    { first: '+31850000000', last: '+31850000099', partner: 'PP' },
    { first: '+31850000100', last: '+31850000199', partner: 'PP' },
  ],
  'number-ports': [
    { first: '+31850000001', recipient: 'PP' },
    { first: '+31850000002', recipient: null, network: 'NEDMOB' },
  ],
};

const TABLES: Record<string, string> = {
  partners: 'partner',
  authorities: 'authority',
  credentials: 'credential',
  blocks: 'number_block',
  assignments: 'assignment',
  'number-ports': 'number_port',
};

const count = (table: string) =>
  withOwner(app, async (client) =>
    Number((await client.query(`SELECT count(*) FROM ${table}`)).rows[0].count),
  );
const keyed = (key: string, path: string, body: Body) => post(app, path, body).set('Idempotency-Key', key);

describe.each(Object.keys(CREATIONS))('an Idempotency-Key on POST /%s', (path) => {
  const [body, other] = CREATIONS[path]!;

  it('makes one of many requests at the same moment, and gives all of them its answer', async () => {
    const before = { rows: await count(TABLES[path]!), entries: await count('log_entry') };
    const answers = await Promise.all(Array.from({ length: 20 }, () => keyed(`many-${path}`, path, body)));
    const [first, ...others] = answers;
    expect(first!.status).toBe(201);
    for (const answer of others) expect(told(answer)).toEqual(told(first!));
    const after = { rows: await count(TABLES[path]!), entries: await count('log_entry') };
    expect(after).toEqual({ rows: before.rows + 1, entries: before.entries + 1 });
  });

  it('is refused for another body, another order of the same is the same', async () => {
    const turned = Object.fromEntries(Object.entries(body).reverse());
    const again = await keyed(`many-${path}`, path, turned).expect(201);
    expect(told(again)).toEqual(told(await keyed(`many-${path}`, path, body)));
    expectProblem(await keyed(`many-${path}`, path, other), 'idempotency_key_reused');
    await keyed(`other-${path}`, path, other).expect(201);
  });
});

describe('an Idempotency-Key', () => {
  it('gives the secret again, which is stored only under the secret of who asks', async () => {
    const input = { role: 'auditor', label: 'replayed' };
    const first = await keyed('secret', 'credentials', input).expect(201);
    const again = await keyed('secret', 'credentials', input).expect(201);
    expect(again.body.secret).toBe(first.body.secret);
    await app.as({ secret: again.body.secret }).get('/v1/log-entries/0').expect(200);
    expect(await tablesWith(app, first.body.secret)).toEqual([]);
    const stored = await withOwner(app, async (client) => {
      const { rows } = await client.query<{ text: string }>(
        `SELECT encode(sealed_answer, 'escape') AS text FROM idempotency`,
      );
      return rows.map(({ text }) => text).join();
    });
    expect(stored).not.toContain('wegwijzer_');
    expect(stored).not.toContain('replayed');
  });

  it('of a rotation gives the same new secret, which is the one that works', async () => {
    const { id } = (await post(app, 'credentials', { role: 'admin', label: 'turned' })).body;
    const rotate = () => keyed('rotation', `credentials/${id}/rotation`, { overlap: 0 });
    const answers = await Promise.all([rotate(), rotate(), rotate()]);
    expect(new Set(answers.map(({ body }) => body.secret)).size).toBe(1);
    await app.as({ secret: answers[0]!.body.secret }).get('/v1/partners').expect(200);
  });

  it('gives the first answer also after the resource has changed', async () => {
    await addPartner(app, 'STEP');
    const activate = () => keyed('step', 'partners/STEP/activation', {});
    const first = await activate().expect(200);
    await post(app, 'partners/STEP/suspension').expect(200);
    expect(told(await activate().expect(200))).toEqual(told(first));
    expect((await app.as('admin').get('/v1/partners/STEP')).body.state).toBe('suspended');
  });

  it('covers the bytes of a file', async () => {
    const send = (file: string, mode = 'apply') =>
      upload(app, 'partner-imports', { mode }, file, { 'Idempotency-Key': 'file' });
    const first = await send('code,name\nFILE,One\n').expect(200);
    expect(first.body).toMatchObject({ created: 1 });
    expect((await send('code,name\nFILE,One\n').expect(200)).body).toEqual(first.body);
    expectProblem(await send('code,name\nFILE,Two\n'), 'idempotency_key_reused');
    expectProblem(await send('code,name\nFILE,One\n', 'plan'), 'idempotency_key_reused');
  });

  it('is of the credential that gave it, and of one address', async () => {
    const [input] = CREATIONS.blocks!;
    const elsewhere = { ...input, first: '+31202000000', last: '+31202000000' };
    await keyed('mine', 'blocks', elsewhere).expect(201);
    const secret = await issue(app, 'admin');
    const others = app.as({ secret }).post('/v1/blocks').set('Idempotency-Key', 'mine');
    expectProblem(await others.send(elsewhere), 'range_overlaps');
    expectProblem(await keyed('mine', 'assignments', elsewhere), 'invalid_input');
    const assignment = { ...elsewhere, partner: 'PP' };
    expectProblem(await keyed('mine', 'assignments', assignment), 'idempotency_key_reused');
  });

  it('is not spent by a request that was refused', async () => {
    const input = { code: 'LATER', name: 'x', contact: CONTACT, disclosure: { mode: 'registry' } };
    expectProblem(await keyed('refused', 'partners', { ...input, code: 'PP' }), 'already_exists');
    await keyed('refused', 'partners', input).expect(201);
  });

  it('is forgotten after a day', async () => {
    const input = { role: 'auditor', label: 'daily' };
    const first = await keyed('day', 'credentials', input).expect(201);
    clock.time += 23 * HOUR;
    expect((await keyed('day', 'credentials', input)).body.id).toBe(first.body.id);
    clock.time += 2 * HOUR;
    const next = await keyed('day', 'credentials', input).expect(201);
    expect(next.body.id).not.toBe(first.body.id);
  });

  it.each(['two words', 'é', 'x'.repeat(256)])('is not %.20s', async (key) => {
    const answer = await app
      .as('admin')
      .post('/v1/partners')
      .set('Idempotency-Key', Buffer.from(key).toString('latin1'))
      .send({});
    expectProblem(answer, 'invalid_input');
    expect(placesOf(answer)).toEqual(['/Idempotency-Key idempotency_key']);
  });
});

function told({ status, body, headers }: { status: number; body: unknown; headers: Record<string, string> }) {
  return { status, body, etag: headers.etag, location: headers.location };
}
