import { Agent, request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Clock } from '../../src/shared/clock.js';
import { GROUND, startApp, type TestApp } from '../support/app.js';
import { addBlock, addPartner, assign, e164, issue, post } from '../support/registry.js';

const BASE = 31_850_300_000;

class SetClock extends Clock {
  time = Date.now();
  now() {
    return this.time;
  }
}

describe('the service under abuse', () => {
  let app: TestApp;
  let url: string;
  const clock = new SetClock();
  beforeAll(async () => {
    app = await startApp({ clock });
    url = await app.app.getUrl();
    await addPartner(app, 'ONE');
    await addBlock(app, BASE, BASE + 9_999);
  });
  afterAll(() => app.close());

  it.each([
    ['levels', '{"numbers":['.padEnd(6_000, '[')],
    [
      'properties',
      JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`a${i}`, 1]))),
    ],
  ])('refuses a body of too many %s at once, before it is validated', async (_, text) => {
    const body = text.startsWith('{"numbers"') ? `${text}${']'.repeat(6_000 - 11)}}` : text;
    const begin = performance.now();
    const answer = await app.as('authority').post('/v1/lookup-batches').type('json').send(body);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('malformed_body');
    expect(performance.now() - begin).toBeLessThan(1_000);
  });

  it('drains a packed upload that is refused, so that the client gets on', async () => {
    const body = gzipSync(Buffer.alloc(3_000_000, 'first,last\n'), { level: 0 });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = () =>
      new Promise<number>((resolve, reject) => {
        const headers = {
          'content-type': 'text/csv',
          'content-encoding': 'gzip',
          authorization: 'Bearer wrong',
        };
        httpRequest(`${url}/v1/block-imports?mode=plan`, { method: 'POST', agent, headers }, (response) =>
          response.resume().on('end', () => resolve(response.statusCode!)),
        )
          .on('error', reject)
          .end(body);
      });
    expect(await send()).toBe(401);
    expect(await send()).toBe(401);
    agent.destroy();
  });

  it('unpacks no more of a gzip bomb than it reads', async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    const before = process.cpuUsage();
    await app
      .as('admin')
      .post('/v1/block-imports?mode=plan')
      .type('text/csv')
      .set('Content-Encoding', 'gzip')
      .send(bomb)
      .expect(400);
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(1);
  });

  it('gives up on a file whose rows cannot be read', async () => {
    const body = `first,last,partner\n${',,\n'.repeat(300_000)}`;
    const answer = await app.as('admin').post('/v1/assignment-imports?mode=plan').type('text/csv').send(body);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'rows_rejected' });
    expect(answer.body.errors).toHaveLength(100);
  });

  it('refuses rows that cut each other into more pieces than memory holds', async () => {
    const first = 100_000_000_000_000;
    await addBlock(app, first, first * 9 + 99_999_999_999_999);
    const rows = [];
    for (let i = 0; i < 2_500; i++)
      rows.push(`+${first + 2 * i},+${first + 2 * i},ONE,2030-01-01T00:00:00Z,`);
    for (let i = 0; i < 2_500; i++) {
      const at = (second: number) => new Date(Date.UTC(2031, 0, 1) + second * 1_000).toISOString();
      rows.push(`+${first},+${first + 99_999},ONE,${at(2 * i)},${at(2 * i + 1)}`);
    }
    const body = `first,last,partner,effective_from,effective_to\n${rows.join('\n')}\n`;
    const answer = await app
      .as('admin')
      .post('/v1/assignment-imports?mode=plan&carve=true')
      .type('text/csv')
      .send(body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].code).toBe('too_many_pieces');
  });

  it('leaves a partner that closes neither a credential nor a range', async () => {
    for (let round = 0; round < 10; round++) {
      const code = `RACE${round}`;
      await addPartner(app, code);
      const range = { first: e164(BASE + round), last: e164(BASE + round), partner: code };
      const [closed, credential, assignment] = await Promise.all([
        post(app, `partners/${code}/closure`),
        post(app, 'credentials', { role: 'partner', partner: code, label: 'race' }),
        post(app, 'assignments', range),
      ]);
      expect(closed.status).toBe(200);
      if (credential.status === 201)
        await app.as({ secret: credential.body.secret }).get('/v1/assignments').expect(401);
      expect([201, 409]).toContain(assignment.status);
      await post(app, 'assignments', { ...range, carve: true }).expect(409);
    }
  });

  it('keeps the last admin credential', async () => {
    const { body } = await app.as('admin').get('/v1/credentials').expect(200);
    const admins = body.items.filter((item: { role: string }) => item.role === 'admin');
    expect(admins).toHaveLength(1);
    await app.as('admin').delete(`/v1/credentials/${admins[0].id}`).expect(409);
    const secret = await issue(app, 'admin');
    await app.as({ secret }).delete(`/v1/credentials/${admins[0].id}`).expect(204);
    await app.as('admin').get('/v1/partners').expect(401);
    app.secrets.admin = secret;
  });

  it('does not contradict itself when the clock is set back', async () => {
    const begin = clock.time + 10_000;
    const more = { effective_from: new Date(begin).toISOString() };
    await assign(app, BASE + 500, BASE + 500, 'ONE', more);
    const lookup = () =>
      app
        .as('authority')
        .post('/v1/lookups')
        .send({ number: e164(BASE + 500), ...GROUND });
    clock.time = begin + 1;
    expect((await lookup().expect(200)).body.outcome).toBe('held');
    clock.time = begin - 5_000;
    const { body } = await lookup().expect(200);
    expect(body.outcome).toBe('held');
    expect(body.at >= body.matched.effective_from).toBe(true);
    clock.time = begin + 1;
  });
});
