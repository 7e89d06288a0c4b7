import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { GROUND, startApp, type TestApp } from '../support/app.js';
import { expectProblem, placesOf } from '../support/problems.js';
import { sendRaw } from '../support/raw-request.js';

const CONTACT = { name: 'Desk', email: 'desk@voorbeeld.example', phone: '+31850210000' };
const PARTNER = { code: 'PP', name: 'Partner', contact: CONTACT, disclosure: { mode: 'registry' } };
const IMPORTS = ['/v1/partner-imports', '/v1/block-imports', '/v1/assignment-imports'];

describe('problems', () => {
  let app: TestApp;
  let url: string;
  beforeAll(async () => {
    app = await startApp();
    url = await app.app.getUrl();
  });
  afterAll(() => app.close());

  const admin = () => app.as('admin');
  const json = (text: string, path = '/v1/partners') =>
    admin().post(path).type('application/json').send(text);

  describe('of addresses', () => {
    it.each(['/', '/nope', '/v1', '/v1/', '/v1/nope', '/v1/partners/', '/v1//partners', '/V1/partners'])(
      '%s is not found',
      async (path) => expectProblem(await admin().get(path), 'not_found'),
    );

    it.each(['lower', 'A'.repeat(13), '%00', '..%2Fx', 'A'.repeat(300), 'A'.repeat(8_000)])(
      'a partner that can have no such code is not found: %.20s',
      async (code) => void expectProblem(await admin().get(`/v1/partners/${code}`), 'not_found'),
    );

    it.each(['abc', '-1', '1.0', '0x1', '99999999999999999999'])(
      'an assignment that can have no such id is not found: %s',
      async (id) => void expectProblem(await admin().get(`/v1/assignments/${id}`), 'not_found'),
    );

    it.each(['/%zz', '/v1/partners/%', '/v1/partners/%zz', '/v1/partners/%ff'])(
      '%s cannot be read',
      async (path) => void expectProblem(await admin().get(path), 'malformed_address'),
    );

    it('with another method say which ones there are', async () => {
      const answer = await admin().put('/v1/partners').send(PARTNER);
      expectProblem(answer, 'method_not_allowed');
      expect(answer.headers.allow).toBe('GET, HEAD, POST');
      expectProblem(await admin().delete('/v1/partners/PP'), 'method_not_allowed');
      expectProblem(await app.http.post('/health/live'), 'method_not_allowed');
      expectProblem(await app.http.get('/v1/lookups'), 'method_not_allowed');
    });
  });

  describe('of requests that are none', () => {
    const request = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

    it.each([
      ['no HTTP at all', 'GARBAGE\r\n\r\n'],
      ['an unknown method', 'FOO /v1/partners HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['two lengths', request('/v1/partners', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
      ['raw bytes in the address', request('/v1/partners?code=\xff')],
    ])('%s', async (_, bytes) => void expectProblem(await sendRaw(url, bytes), 'malformed_request'));

    it('headers or an address without end', async () => {
      const header = await sendRaw(url, request('/v1/partners', `X: ${'x'.repeat(20_000)}\r\n`));
      expectProblem(header, 'headers_too_large');
      expectProblem(await sendRaw(url, request(`/v1/${'x'.repeat(20_000)}`)), 'headers_too_large');
    });

    it('headers that are given twice: a list of tags is one, a key is not', async () => {
      const twice = (header: string, path: string, values: string[]) =>
        sendRaw(
          url,
          `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n` +
            `Authorization: Bearer ${app.secrets.admin}\r\n` +
            `${values.map((value) => `${header}: ${value}\r\n`).join('')}\r\n`,
        );
      const keys = await twice('Idempotency-Key', '/v1/partners/NOBODY/closure', ['one', 'two']);
      expectProblem(keys, 'invalid_input');
      expect(placesOf(keys)).toEqual(['/Idempotency-Key idempotency_key']);
      const tags = await twice('If-Match', '/v1/partners/NOBODY/closure', ['"1"', '"2"']);
      expectProblem(tags, 'not_found');
      const secrets = await twice('Authorization', '/v1/partners/NOBODY/closure', ['Bearer other']);
      expectProblem(secrets, 'not_found');
    });
  });

  describe('of bodies', () => {
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

    it.each([
      'text/plain',
      'text/csv',
      'application/x-ndjson',
      'application/xml',
      'multipart/form-data',
      'x',
    ])('that are not JSON but %s', async (type) => {
      for (const path of ['/v1/partners', '/v1/credentials', '/v1/assignments/1/release'])
        expectProblem(
          await admin().post(path).set('Content-Type', type).send('{}'),
          'unsupported_media_type',
        );
      const lookup = app.as('authority').post('/v1/lookups').set('Content-Type', type);
      expectProblem(await lookup.send('{}'), 'unsupported_media_type');
    });

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

  describe('of properties', () => {
    it('name the place, however deep', async () => {
      const answer = await admin()
        .post('/v1/partners')
        .send({
          code: 'lower',
          contact: { name: '', email: 'no mail', phone: '+31850210000', fax: '1' },
          disclosure: { mode: 'other', desk: { name: 'Desk' } },
          'a/b~c': 1,
        });
      expectProblem(answer, 'invalid_input');
      expect(placesOf(answer)).toEqual([
        ' unknown_property',
        '/code matches',
        '/contact/email is_email',
        '/contact/fax unknown_property',
        '/contact/name is_length',
        '/disclosure/desk/email required',
        '/disclosure/desk/phone required',
        '/disclosure/mode is_in',
        '/name required',
      ]);
    });

    it.each(['\u0000', 'a\u0000b', 'a\nb', '\ud800', 'a\udc00', '\ufffd'])(
      'refuse what is no whole text: %j',
      async (bad) => {
        const places = ['name', 'contact.name', 'contact.email', 'contact.phone', 'disclosure.url'];
        for (const place of [...places, 'disclosure.desk.name', 'disclosure.desk.email']) {
          const answer = await admin().post('/v1/partners').send(withText(place, bad));
          expect({ place, status: answer.status }).toEqual({ place, status: 422 });
          expect(placesOf(answer).join()).toContain(`/${place.replaceAll('.', '/')} `);
        }
      },
    );

    it('take a number as a number and nothing else', async () => {
      for (const overlap of ['5', true, null, 1.5, -1, 1e9, [5]])
        expectProblem(
          await admin()
            .post('/v1/credentials/019a0c5e-7b1c-7000-8000-000000000001/rotation')
            .send({ overlap }),
          'invalid_input',
        );
    });
  });

  describe('of queries', () => {
    it.each([
      ['limit=0', '/limit min'],
      ['limit=1001', '/limit max'],
      ['limit=abc', '/limit is_int'],
      ['limit=', '/limit is_int'],
      ['limit=1.5', '/limit is_int'],
      ['limit=-1', '/limit is_int'],
      ['limit=0x10', '/limit is_int'],
      ['limit=1&limit=2', '/limit is_int'],
      ['cursor=', '/cursor is_length'],
      ['cursor=garbage', '/cursor cursor'],
      ['cursor=a&cursor=b', '/cursor is_string'],
      ['page=2', '/page unknown_property'],
      ['+31850210123=1', ' unknown_property'],
    ])('?%s', async (query, place) => {
      const answer = await admin().get(`/v1/partners?${query}`);
      expectProblem(answer, 'invalid_input');
      expect(placesOf(answer).join()).toContain(place);
    });

    it.each(['["\\u0000"]', '["\\ud800"]', '[1]', '["a","b"]', '{}', 'null', '"a"'])(
      'with a cursor that was made up: %s',
      async (cursor) => {
        const answer = await admin()
          .get('/v1/partners')
          .query({ cursor: base64url(cursor) });
        expectProblem(answer, 'invalid_input');
      },
    );

    it.each(['[1e400,1]', '[1.5,1]', '[9007199254740993,1]', '["1",1]', '[1]'])(
      'with a cursor of numbers that was made up: %s',
      async (cursor) => {
        const answer = await admin()
          .get('/v1/assignments')
          .query({ cursor: base64url(cursor) });
        expectProblem(answer, 'invalid_input');
      },
    );
  });

  it('never repeat a secret or a number', async () => {
    const number = '+31850219876';
    const { admin: secret } = app.secrets;
    const authority = app.as('authority');
    const answers = [
      await app.as({ secret: `${secret}x` }).get('/v1/partners'),
      await app.as({ secret: secret.slice(0, -1) }).get('/v1/partners'),
      await app.http.get(`/v1/${secret}`),
      await admin().get(`/v1/partners/${secret}`),
      await admin().get('/v1/partners').query({ cursor: secret }),
      await admin()
        .get('/v1/partners')
        .query({ [number]: '1' }),
      await admin()
        .post('/v1/partners')
        .send({ ...PARTNER, code: secret, [secret]: number, kvk_number: number }),
      await authority.post('/v1/lookups').send({ number: `${number}x`, ...GROUND }),
      await authority.post('/v1/lookups').send({ number, ...GROUND, legal_basis: number }),
      await authority.post('/v1/lookups').send({ number, ...GROUND, at: number, [number]: number }),
      await authority.post('/v1/lookups').type('application/json').send(`{"number":"${number}"`),
      await authority.get(`/v1/lookups/${number}`),
      await json(`{"code":"${secret}`),
    ];
    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain(number.slice(1));
      expect(answer.text).not.toContain(secret.slice(-20));
    }
  });

  it('and all other answers have an API-Version and may not be kept', async () => {
    const paths = [
      '/health/live',
      '/health/ready',
      '/metrics',
      '/docs',
      '/openapi.json',
      '/v1/partners',
      '/x',
    ];
    for (const path of paths) {
      const { headers } = await admin().get(path);
      expect({ path, version: headers['api-version'] }).toEqual({ path, version: '1.0.0' });
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    }
  });
});

/** A partner whose text at this place has such characters. */
function withText(place: string, bad: string): object {
  const partner = structuredClone({ ...PARTNER, disclosure: { mode: 'partner', desk: { ...CONTACT } } });
  const names = place.split('.');
  const holder = names.slice(0, -1).reduce<Record<string, unknown>>((at, name) => at[name] as never, partner);
  const last = names.at(-1)!;
  holder[last] = { email: `a${bad}@b.example`, url: `https://b.example/${bad}` }[last] ?? bad;
  return partner;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
