import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { GROUND, startApp, type TestApp } from '../support/app.js';
import { expectProblem, placesOf } from '../support/problems.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

const admin = () => app.as('admin');

const CONTACT = { name: 'Desk', email: 'desk@voorbeeld.example', phone: '+31850210000' };
const PARTNER = { code: 'PP', name: 'Partner', contact: CONTACT, disclosure: { mode: 'registry' } };

describe('problems of properties', () => {
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
        await admin().post('/v1/credentials/019a0c5e-7b1c-7000-8000-000000000001/rotation').send({ overlap }),
        'invalid_input',
      );
  });
});

describe('problems of queries', () => {
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

it('problems never repeat a secret or a number', async () => {
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
    await admin().post('/v1/partners').type('application/json').send(`{"code":"${secret}`),
  ];
  for (const answer of answers) {
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.text).not.toContain(number.slice(1));
    expect(answer.text).not.toContain(secret.slice(-20));
  }
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
