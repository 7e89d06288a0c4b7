import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { GROUND, startApp, type TestApp } from '../support/app.js';
import { pagesOf } from '../support/pages.js';
import { expectProblem, placesOf } from '../support/problems.js';
import { type Body, issue, post } from '../support/registry.js';

let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  app = await startApp();
  other = await app.addNode();
});
afterAll(() => app.close());

const get = (code: string) => app.as('admin').get(`/v1/authorities/${code}`);
const patch = (code: string, body: Body) => app.as('admin').patch(`/v1/authorities/${code}`).send(body);
const admit = (code: string, ...legal_bases: string[]) =>
  post(app, 'authorities', { code, name: `Authority ${code}`, legal_bases });

describe('an authority', () => {
  it('is admitted with its legal bases, an address and an ETag', async () => {
    const created = await admit('POLITIE', 'Sv 126ua', 'Sv 126n')
      .expect(201)
      .expect('Location', '/v1/authorities/POLITIE');
    expect(created.body).toEqual({
      code: 'POLITIE',
      name: 'Authority POLITIE',
      legal_bases: ['Sv 126n', 'Sv 126ua'],
      created_at: expect.any(String),
    });
    await get('POLITIE').expect(200, created.body).expect('ETag', created.headers.etag!);
  });

  it('has a code of its own, and legal bases of the closed list', async () => {
    await admit('DOUBLE');
    expectProblem(await admit('DOUBLE'), 'already_exists');
    for (const [field, value] of Object.entries({ code: 'lower', name: '', legal_bases: ['Sv 1'] })) {
      const answer = await post(app, 'authorities', {
        code: 'AB',
        name: 'x',
        legal_bases: [],
        [field]: value,
      });
      expectProblem(answer, 'invalid_input');
      expect(placesOf(answer).join()).toContain(`/${field} `);
    }
    for (const legal_bases of ['Sv 126n', null, {}, [1], [null], [['Sv 126n']]])
      expectProblem(await patch('DOUBLE', { legal_bases }), 'invalid_input');
  });

  it('that is not there is not found', async () => {
    expectProblem(await get('NOBODY'), 'not_found');
    expectProblem(await patch('NOBODY', { name: 'x' }), 'not_found');
  });

  it('is listed with all others, page by page, in the order of codes', async () => {
    for (const letter of 'ABCDEFG') await admit(`LIST${letter}`);
    const authorities = await pagesOf<{ code: string }>(app, '/v1/authorities?limit=3', async () => {
      await admit(`LATE${Math.random().toString(36).slice(2, 8).toUpperCase()}`);
    });
    const codes = authorities.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)].sort());
    expect(codes).toEqual(
      expect.arrayContaining(['CIOT', ...[...'ABCDEFG'].map((letter) => `LIST${letter}`)]),
    );
  });
});

describe('a change of an authority', () => {
  it('changes what is given, for the version that was read', async () => {
    const tag = (await admit('PATCHED', 'Sv 126n')).headers.etag!;
    const after = await patch('PATCHED', { name: 'New name' }).set('If-Match', tag).expect(200);
    expect(after.body).toMatchObject({ name: 'New name', legal_bases: ['Sv 126n'] });
    expectProblem(await patch('PATCHED', { name: 'Late' }).set('If-Match', tag), 'precondition_failed');
    expectProblem(
      await patch('PATCHED', { name: 'Late' }).set('If-Match', `W/${tag}`),
      'precondition_failed',
    );
    await patch('PATCHED', { name: 'New name' }).expect(200).expect('ETag', after.headers.etag!);
    await patch('PATCHED', { name: 'Last' }).set('If-Match', `"0", ${after.headers.etag}`).expect(200);
  });

  it('of its legal bases counts from the next lookup on, on every node', async () => {
    await admit('GRANTED', 'Sv 126n');
    const secret = await issue(app, 'authority', { authority: 'GRANTED' });
    const question = { number: '+31850210123', ...GROUND };
    for (let turn = 0; turn < 5; turn++) {
      for (const node of [app, other])
        await node.as({ secret }).post('/v1/lookups').send(question).expect(200);
      await patch('GRANTED', { legal_bases: ['Wiv 56'] }).expect(200);
      for (const node of [other, app])
        expectProblem(
          await node.as({ secret }).post('/v1/lookups').send(question),
          'legal_basis_not_granted',
        );
      await patch('GRANTED', { legal_bases: ['Wiv 56', 'Sv 126n'] }).expect(200);
    }
  });
});
