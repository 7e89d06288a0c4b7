import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { pagesOf } from '../support/pages.js';
import { expectProblem, placesOf } from '../support/problems.js';
import { addBlock, addPartner, ask, assign, type Body, dump, issue, post } from '../support/registry.js';

const CONTACT = { name: 'Servicedesk', email: 'desk@voorbeeld.example', phone: '+31 85 021 0000' };
const DISCLOSURE = { mode: 'partner', url: 'https://voorbeeld.example/disclosure', desk: CONTACT };

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const get = (code: string) => app.as('admin').get(`/v1/partners/${code}`);
const patch = (code: string, body: Body) => app.as('admin').patch(`/v1/partners/${code}`).send(body);
const move = (code: string, to: string) => post(app, `partners/${code}/${to}`);

describe('a partner', () => {
  it('is created as onboarding, with an address and an ETag', async () => {
    const input = {
      code: 'VOORBEELD',
      name: 'Voorbeeld Telefonie B.V.',
      kvk_number: '99000001',
      contact: CONTACT,
      disclosure: DISCLOSURE,
    };
    const created = await post(app, 'partners', input)
      .expect(201)
      .expect('Location', '/v1/partners/VOORBEELD');
    expect(created.body).toEqual({ ...input, state: 'onboarding', created_at: expect.any(String) });
    expect(created.headers.etag).toMatch(/^"\d+"$/);
    const read = await get('VOORBEELD').expect(200).expect('ETag', created.headers.etag!);
    expect(read.body).toEqual(created.body);
  });

  it('needs no more than code, name, contact and how it discloses', async () => {
    await addPartner(app, '12', 'Two digits');
    const { body } = await get('12').expect(200);
    expect(body).toMatchObject({ kvk_number: null, disclosure: { mode: 'registry' } });
  });

  it('has a code of its own', async () => {
    await addPartner(app, 'TAKEN');
    const again = { code: 'TAKEN', name: 'Other', contact: CONTACT, disclosure: DISCLOSURE };
    expectProblem(await post(app, 'partners', again), 'already_exists');
    for (const code of ['A', 'lower', 'TOOLONGTOOLONG', 'A-B', 'ÄB', ' AB', 'AB\n', '', 12, null]) {
      const answer = await post(app, 'partners', { ...again, code });
      expectProblem(answer, 'invalid_input');
      expect(placesOf(answer).join()).toContain('/code ');
    }
  });

  it('that is not there is not found, whatever is asked of it', async () => {
    expectProblem(await get('NOBODY'), 'not_found');
    expectProblem(await patch('NOBODY', { name: 'x' }), 'not_found');
    for (const step of ['activation', 'suspension', 'closure'])
      expectProblem(await move('NOBODY', step), 'not_found');
  });
});

describe('a change of a partner', () => {
  it('changes what is given and nothing else', async () => {
    await post(app, 'partners', {
      code: 'PATCHED',
      name: 'Before',
      kvk_number: '99000001',
      contact: CONTACT,
      disclosure: DISCLOSURE,
    });
    const before = await get('PATCHED');
    const after = await patch('PATCHED', { name: 'After', kvk_number: null }).expect(200);
    expect(after.body).toEqual({ ...before.body, name: 'After', kvk_number: null });
    expect(after.headers.etag).not.toBe(before.headers.etag);
    await get('PATCHED').expect(200, after.body).expect('ETag', after.headers.etag!);
    const disclosure = { mode: 'registry' };
    expect((await patch('PATCHED', { disclosure })).body.disclosure).toEqual(disclosure);
  });

  it('that changes nothing leaves the ETag and the log as they are', async () => {
    const input = { code: 'SAME', name: 'Same', contact: CONTACT, disclosure: DISCLOSURE };
    const { headers } = await post(app, 'partners', input).expect(201);
    const before = await dump(app);
    for (const same of [{}, { name: 'Same' }, { contact: CONTACT, disclosure: DISCLOSURE }])
      await patch('SAME', same).expect(200).expect('ETag', headers.etag!);
    expect(await dump(app)).toEqual(before);
  });

  it.each(['code', 'state', 'created_at', 'id'])('cannot be of its %s', async (property) => {
    const answer = await patch('VOORBEELD', { [property]: 'X' });
    expectProblem(answer, 'invalid_input');
    expect(placesOf(answer)).toEqual([`/${property} unknown_property`]);
  });

  it('takes no null where there must be a value', async () => {
    for (const property of ['name', 'contact', 'disclosure'])
      expectProblem(await patch('VOORBEELD', { [property]: null }), 'invalid_input');
  });
});

describe('If-Match', () => {
  it('lets a change through only for the version that was read', async () => {
    await addPartner(app, 'MATCHED');
    const tag = (await get('MATCHED')).headers.etag!;
    const other = '"0"';
    const attempt = (ifMatch: string) =>
      patch('MATCHED', { name: `For ${ifMatch}` }).set('If-Match', ifMatch);
    for (const wrong of [other, `W/${tag}`, tag.slice(1, -1), '', `${other}, W/${tag}`])
      expectProblem(await attempt(wrong), 'precondition_failed');
    const changed = await attempt(tag).expect(200);
    expectProblem(await attempt(tag), 'precondition_failed');
    await attempt(`${other}, ${changed.headers.etag}`).expect(200);
    await attempt('*').expect(200);
    expectProblem(await patch('NOBODY', { name: 'x' }).set('If-Match', '*'), 'not_found');
  });

  it('holds for the steps of its state as well', async () => {
    await addPartner(app, 'STEPPED');
    const tag = (await get('STEPPED')).headers.etag!;
    expectProblem(await move('STEPPED', 'activation').set('If-Match', '"0"'), 'precondition_failed');
    await move('STEPPED', 'activation').set('If-Match', tag).expect(200);
    expectProblem(await move('STEPPED', 'suspension').set('If-Match', tag), 'precondition_failed');
  });

  it('lets one of many at the same moment win', async () => {
    await addPartner(app, 'RACED');
    const tag = (await get('RACED')).headers.etag!;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => patch('RACED', { name: `Racer ${i}` }).set('If-Match', tag)),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(9).fill(412)]);
  });
});

describe('the state of a partner', () => {
  const STEPS = { activation: 'active', suspension: 'suspended', closure: 'closed' };
  const ALLOWED: Record<string, string[]> = {
    onboarding: ['activation', 'closure'],
    active: ['suspension', 'closure'],
    suspended: ['activation', 'closure'],
    closed: [],
  };
  const WAYS: Record<string, string[]> = {
    onboarding: [],
    active: ['activation'],
    suspended: ['activation', 'suspension'],
    closed: ['closure'],
  };

  it.each(Object.keys(ALLOWED))('%s may be left only for the states that follow it', async (state) => {
    for (const [step, next] of Object.entries(STEPS)) {
      const code = `${state.slice(0, 4)}${step.slice(0, 4)}`.toUpperCase();
      await addPartner(app, code);
      for (const way of WAYS[state]!) await move(code, way).expect(200);
      const answer = await move(code, step);
      const isAllowed = ALLOWED[state]!.includes(step);
      if (isAllowed) expect(answer.body).toMatchObject({ code, state: next });
      else expectProblem(answer, 'state_conflict');
      expect((await get(code)).body.state).toBe(isAllowed ? next : state);
    }
  });

  it('does not change what a lookup answers, not even when it is closed', async () => {
    await addPartner(app, 'LASTING');
    await addBlock(app, 31_850_300_000, 31_850_300_999);
    await assign(app, 31_850_300_000, 31_850_300_999, 'LASTING');
    for (const step of ['activation', 'suspension', 'closure']) {
      await move('LASTING', step).expect(200);
      expect(await ask(app, 31_850_300_001)).toMatchObject({ outcome: 'held', partner: { code: 'LASTING' } });
    }
  });

  it('closed revokes its credentials, and gets it no new ones', async () => {
    await addPartner(app, 'CLOSED');
    const secret = await issue(app, 'partner', { partner: 'CLOSED' });
    await app.as({ secret }).get('/v1/assignments').expect(200);
    await move('CLOSED', 'closure').expect(200);
    expectProblem(await app.as({ secret }).get('/v1/assignments'), 'unauthenticated');
    const another = { role: 'partner', partner: 'CLOSED', label: 'test' };
    expectProblem(await post(app, 'credentials', another), 'state_conflict');
  });
});

describe('the list of partners', () => {
  it('comes page by page, in the order of codes, whatever is added in between', async () => {
    const codes = Array.from({ length: 25 }, (_, i) => `LIST${String.fromCharCode(65 + i)}`);
    for (const code of codes) await addPartner(app, code);
    let added = 0;
    const partners = await pagesOf<{ code: string }>(app, '/v1/partners?limit=7', async () => {
      await addPartner(app, `LISTA${added}`);
      await addPartner(app, `ZZ${added++}`);
    });
    const found = partners.map(({ code }) => code);
    expect(found).toEqual([...new Set(found)].sort());
    expect(found.filter((code) => codes.includes(code))).toEqual(codes);
    expect(found).toContain('ZZ0');
  });

  it('shows each as it is read alone', async () => {
    const [partner] = (await app.as('admin').get('/v1/partners?limit=1')).body.items;
    await get(partner.code).expect(200, partner);
  });
});
