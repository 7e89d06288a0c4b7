import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { expectProblem, placesOf } from '../support/problems.js';
import { addBlock, addPartner, assign, post } from '../support/registry.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const admin = () => app.as('admin');
const json = (text: string, path = '/v1/partners') => admin().post(path).type('application/json').send(text);

const PARTNER = {
  code: 'PP',
  name: 'Partner',
  contact: { name: 'Desk', email: 'desk@voorbeeld.example', phone: '+31850210000' },
  disclosure: { mode: 'registry' },
};
const IMPORTS = ['/v1/partner-imports', '/v1/block-imports', '/v1/assignment-imports'];

describe('problems of bodies', () => {
  it.each(['{broken', '', '{"a":1', '\u0000', '{"a":1}}', "{'a':1}", '{"a":NaN}'])(
    'that are no JSON: %j',
    async (text) => void expectProblem(await json(text), 'malformed_body'),
  );

  it.each(['null', '[]', '[{}]', '"text"', '1', 'true'])('that are no object: %s', async (text) => {
    for (const path of ['/v1/partners', '/v1/assignments/1/release', '/v1/number-ports/1/return']) {
      const answer = await json(text, path);
      expectProblem(answer, 'invalid_input');
      expect(placesOf(answer)).toEqual([' not_an_object']);
    }
  });

  it('that reach for a prototype', async () => {
    expectProblem(await json('{"__proto__":{"admin":true}}'), 'malformed_body');
    expectProblem(await json('{"constructor":{"prototype":{"admin":true}}}'), 'malformed_body');
    expectProblem(await json('{"contact":{"__proto__":{"admin":true}}}'), 'malformed_body');
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('that are larger than 1 MiB', async () => {
    const fitting = { ...PARTNER, name: 'x'.repeat(1_000_000) };
    expectProblem(await admin().post('/v1/partners').send(fitting), 'invalid_input');
    const larger = { ...PARTNER, name: 'x'.repeat(1_048_577) };
    expectProblem(await admin().post('/v1/partners').send(larger), 'body_too_large');
  });

  it.each(['text/plain', 'text/csv', 'application/x-ndjson', 'application/xml', 'multipart/form-data', 'x'])(
    'that are not JSON but %s',
    async (type) => {
      for (const path of ['/v1/partners', '/v1/credentials', '/v1/assignments/1/release'])
        expectProblem(
          await admin().post(path).set('Content-Type', type).send('{}'),
          'unsupported_media_type',
        );
      const lookup = app.as('authority').post('/v1/lookups').set('Content-Type', type);
      expectProblem(await lookup.send('{}'), 'unsupported_media_type');
    },
  );

  it.each([
    'application/json',
    'text/plain',
    'text/csv; charset=latin1',
    'application/x-www-form-urlencoded',
  ])('that are not a table but %s', async (type) => {
    for (const path of IMPORTS)
      expectProblem(
        await admin().post(`${path}?mode=plan`).set('Content-Type', type).send('{}'),
        'unsupported_media_type',
      );
  });

  it('that are packed in another way than they say', async () => {
    const packed = (encoding: string, bytes: Buffer, agent = admin()) =>
      agent
        .post('/v1/partner-imports?mode=plan')
        .set('Content-Type', 'text/csv')
        .set('Content-Encoding', encoding)
        .send(bytes);
    expectProblem(await packed('gzip', Buffer.from('code,name\n')), 'malformed_body');
    expectProblem(await packed('gzip', gzipSync('code,name\nPP,x\n').subarray(0, -9)), 'malformed_body');
    expectProblem(await packed('br', Buffer.from('code,name\n')), 'unsupported_media_type');
    expectProblem(await packed('gzip', Buffer.from('x'), app.http), 'unauthenticated');
    await app.http.get('/health/live').expect(200);
  });
});

describe('a body', () => {
  it('may be left out where all that it may hold may be', async () => {
    await addPartner(app, 'PP');
    await addBlock(app, 31_850_000_000, 31_850_000_999);
    const { id } = await assign(app, 31_850_000_000, 31_850_000_999, 'PP');
    const released = await admin().post(`/v1/assignments/${id}/release`);
    expect(released.body).toMatchObject({ id, effective_to: expect.any(String) });
    const port = { first: '+31850000001', recipient: 'PP', effective_from: '2020-01-01T00:00:00Z' };
    const ported = (await post(app, 'number-ports', port).expect(201)).body;
    await admin().post(`/v1/number-ports/${ported.id}/return`).expect(200);
    const issued = (await post(app, 'credentials', { role: 'auditor', label: 'x' }).expect(201)).body;
    await admin().post(`/v1/credentials/${issued.id}/rotation`).expect(201);
    await admin().post('/v1/partners/PP/activation').expect(200);
  });
});
