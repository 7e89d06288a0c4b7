import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { AccessGuard } from '../../src/platform/http/access.guard.js';
import { GROUND, startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import { addBlock, assign, type Body, e164, HOUR, issue, post } from '../support/registry.js';

const BASE = 31_850_210_000;
const clock = new StandingClock();
const number = e164(BASE);
const odd = 'a "quoted" \\ back\u2028slash, é and 😀';
const disclosure = { mode: 'partner', url: 'https://alfa.example/?a=%22b%22' };
let app: TestApp;
let narrow: string;

beforeAll(async () => {
  app = await startApp({ clock });
  const contact = { name: 'Desk', email: 'desk@partner.example', phone: '+31850210000' };
  await post(app, 'partners', { code: 'ALFA', name: odd, contact, disclosure }).expect(201);
  await addBlock(app, BASE, BASE + 999);
  await assign(app, BASE, BASE + 99, 'ALFA');
  await post(app, 'number-ports', { first: e164(BASE + 1), recipient: null, network: odd }).expect(201);
  await post(app, 'authorities', { code: 'NARROW', name: 'x', legal_bases: ['Wiv 56'] }).expect(201);
  narrow = await issue(app, 'authority', { authority: 'NARROW' });
});
afterAll(() => app.close());

/** What was answered, without what two questions never have in common. */
async function send(path: string, secret: string, scheme: string, body: Body) {
  const { status, headers, text } = await app.http
    .post(`/v1/${path}`)
    .set('Authorization', `${scheme} ${secret}`)
    .send(body);
  for (const name of ['x-request-id', 'date', 'content-length']) delete headers[name];
  const own = /"(salt|id|leaf|leaf_hash|opening)":"[^"]*"|"index":\d+/g;
  return { status, headers, body: text.replace(own, '$1'), text };
}

/** The fast lane takes only the common way to write the scheme. */
async function both(path: string, body: Body, secret = app.secrets.authority) {
  const fast = await send(path, secret, 'Bearer', body);
  const long = await send(path, secret, 'bearer', body);
  expect({ ...fast, text: '' }).toEqual({ ...long, text: '' });
  return { ...fast, body: JSON.parse(fast.text) };
}

const questions: [string, number, Body][] = [
  ['a number that is held', 200, { number }],
  ['one that left', 200, { number: e164(BASE + 1) }],
  ['one that is free', 200, { number: e164(BASE + 500) }],
  ['one that is not ours', 200, { number: '+4930123456' }],
  ['an instant', 200, { number, at: new Date(clock.time - HOUR).toISOString() }],
  [
    'all that may be said',
    200,
    { number, purpose: odd, request_id: odd, case_reference: odd, requester: odd },
  ],
  ['no number', 422, { number: '12' }],
  ['a number that is none', 422, { number: 12 }],
  ['no such instant', 422, { number, at: 'yesterday' }],
  ['an unknown property', 422, { number, extra: 'x' }],
  ['too long a reference', 422, { number, case_reference: 'x'.repeat(201) }],
  ['a null', 422, { number, purpose: null }],
  ['a control character', 422, { number, requester: 'a\nb' }],
  ['no such legal basis', 422, { number, legal_basis: 'Sv 1' }],
];

describe('the fast lane says what the long way says', () => {
  it.each(questions)('to %s', async (_, status, body) => {
    expect((await both('lookups', { ...GROUND, ...body })).status).toBe(status);
  });

  it.each(questions)('to a batch with %s', async (_, __, { number: asked, ...ground }) => {
    await both('lookup-batches', { ...GROUND, ...ground, numbers: [asked, number, null, { a: 1 }] });
  });

  it('to a legal basis that is not granted, an unknown secret, and one of another role', async () => {
    const body = { ...GROUND, number };
    expect((await both('lookups', body, narrow)).status).toBe(403);
    expect((await both('lookup-batches', { ...GROUND, numbers: [number] }, narrow)).status).toBe(403);
    expect((await both('lookups', body, app.secrets.admin)).status).toBe(403);
    expect((await both('lookups', body, narrow.replace(/.$/, '_'))).status).toBe(401);
  });

  it.each([[[]], ['text'], [null], [{}], [{ numbers: [] }], [{ numbers: 'x' }]])('to %j', async (body) => {
    expect((await both('lookup-batches', body as Body)).status).toBeGreaterThanOrEqual(400);
  });

  it('without the guard', async () => {
    const long = jest.spyOn(AccessGuard.prototype, 'canActivate');
    await send('lookups', app.secrets.authority, 'Bearer', { ...GROUND, number });
    expect(long).not.toHaveBeenCalled();
    await send('lookups', app.secrets.authority, 'bearer', { ...GROUND, number });
    expect(long).toHaveBeenCalledTimes(1);
    long.mockRestore();
  });

  it('in JSON that a reader understands, whatever stands in it', async () => {
    const { body } = await both('lookups', { ...GROUND, number, purpose: odd, request_id: odd });
    expect(body.partner).toEqual({
      code: 'ALFA',
      name: odd,
      disclosure,
    });
    const opening = JSON.parse(Buffer.from(body.receipt.opening, 'base64').toString());
    expect(opening).toMatchObject({ purpose: odd, request_id: odd, partner: 'ALFA', number });
    const left = await both('lookups', { ...GROUND, number: e164(BASE + 1) });
    expect(left.body.network).toBe(odd);
  });
});
