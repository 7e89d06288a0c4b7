import { createHash } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { roleOfSecret } from '../../src/partners/secret.js';
import { ROLES } from '../../src/shared/caller.js';
import { GROUND, startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';
import { pagesOf } from '../support/pages.js';
import { expectProblem, placesOf } from '../support/problems.js';
import { addPartner, type Body, HOUR, post } from '../support/registry.js';
import { tablesWith } from '../support/search.js';

interface Credential {
  id: string;
  secret: string;
  last_used_at: string | null;
}

const clock = new StandingClock();
let app: TestApp;
let other: TestApp;
beforeAll(async () => {
  app = await startApp({ clock });
  other = await app.addNode();
  await addPartner(app, 'PP');
});
afterAll(() => app.close());

const BOUND = { admin: {}, auditor: {}, partner: { partner: 'PP' }, authority: { authority: 'CIOT' } };

async function issue(role: keyof typeof BOUND, more: Body = {}): Promise<Credential> {
  return (await post(app, 'credentials', { role, label: role, ...BOUND[role], ...more }).expect(201)).body;
}
const rotate = (id: string, body: Body = {}) => post(app, `credentials/${id}/rotation`, body);
const revoke = (id: string) => app.as('admin').delete(`/v1/credentials/${id}`);

/** What needs nothing but a secret of this role that works. */
const USES = {
  admin: (node: TestApp, secret: string) => node.as({ secret }).get('/v1/partners?limit=1'),
  partner: (node: TestApp, secret: string) => node.as({ secret }).get('/v1/assignments?limit=1'),
  auditor: (node: TestApp, secret: string) => node.as({ secret }).get('/v1/log-entries/0'),
  authority: (node: TestApp, secret: string) =>
    node
      .as({ secret })
      .post('/v1/lookups')
      .send({ number: '+31850210123', ...GROUND }),
};

/** Whether the secret works, on both nodes alike. */
async function works(role: keyof typeof USES, secret: string): Promise<boolean> {
  const statuses = [await USES[role](other, secret), await USES[role](app, secret)].map(
    ({ status }) => status,
  );
  expect([
    [200, 200],
    [401, 401],
  ]).toContainEqual(statuses);
  return statuses[0] === 200;
}

describe('a secret', () => {
  it.each(ROLES)('of role %s is recognised by prefix and checksum, and works on every node', async (role) => {
    const { secret, ...shown } = await issue(role);
    expect(secret).toMatch(new RegExp(`^wegwijzer_${role}_[0-9A-Za-z]{49}$`));
    expect(roleOfSecret(secret)).toBe(role);
    for (let place = 0; place < secret.length; place++) {
      const typo = secret[place] === 'x' ? 'y' : 'x';
      expect(roleOfSecret(secret.slice(0, place) + typo + secret.slice(place + 1))).toBeUndefined();
    }
    expect(shown).toMatchObject({ role, partner: null, authority: null, ...BOUND[role], last_used_at: null });
    expect(await works(role, secret)).toBe(true);
  });

  it('is shown once, and kept as a hash alone', async () => {
    const { id, secret } = await issue('partner');
    const rotated = (await rotate(id).expect(201)).body as Credential;
    const listed = await app.as('admin').get('/v1/credentials?limit=1000').expect(200);
    for (const shown of [secret, rotated.secret]) {
      expect(listed.text).not.toContain(shown);
      expect(await tablesWith(app, shown)).toEqual([]);
      const hash = createHash('sha256').update(shown).digest('hex');
      expect(await tablesWith(app, hash)).toEqual(['credential']);
    }
  });
});

describe('a credential', () => {
  it('is bound to what its role asks for, and to nothing else', async () => {
    const wrong: [Body, string][] = [
      [{ role: 'partner' }, '/partner required'],
      [{ role: 'partner', partner: null }, '/partner required'],
      [{ role: 'partner', partner: 'NOBODY' }, '/partner unknown'],
      [{ role: 'partner', partner: 'PP', authority: 'CIOT' }, '/authority not_allowed'],
      [{ role: 'authority' }, '/authority required'],
      [{ role: 'authority', authority: 'NOBODY' }, '/authority unknown'],
      [{ role: 'admin', partner: 'PP' }, '/partner not_allowed'],
      [{ role: 'auditor', authority: 'CIOT' }, '/authority not_allowed'],
      [{ role: 'owner' }, '/role is_in'],
      [{ role: 'admin', expires_at: clock.iso() }, '/expires_at in_the_past'],
      [{ role: 'admin', expires_at: 'tomorrow' }, '/expires_at is_instant'],
      [{ role: 'admin', label: '' }, '/label is_length'],
      [{ role: 'admin', secret: 'mine' }, '/secret unknown_property'],
    ];
    for (const [body, place] of wrong) {
      const answer = await post(app, 'credentials', { label: 'test', ...body });
      expectProblem(answer, 'invalid_input');
      expect(placesOf(answer)).toEqual([place]);
    }
  });

  it.each(ROLES)('of role %s ends at its expiry, to the millisecond', async (role) => {
    const { secret } = await issue(role, { expires_at: clock.iso(HOUR) });
    clock.time += HOUR - 1;
    expect(await works(role, secret)).toBe(true);
    clock.time += 1;
    expect(await works(role, secret)).toBe(false);
  });

  it.each(ROLES)('of role %s has its old secret working beside the new one for the overlap', async (role) => {
    const { id, secret } = await issue(role);
    expect(await works(role, secret)).toBe(true);
    const rotated = (await rotate(id, { overlap: 60 }).expect(201)).body;
    expect(rotated).toMatchObject({ id, role, previous_expires_at: clock.iso(60_000) });
    expect(rotated.secret).not.toBe(secret);
    expect(await works(role, secret)).toBe(true);
    clock.time += 59_999;
    expect(await works(role, secret)).toBe(true);
    clock.time += 1;
    expect(await works(role, secret)).toBe(false);
    expect(await works(role, rotated.secret)).toBe(true);
  });

  it('is rotated with an overlap of a day where none is given, of none where that is 0', async () => {
    const { id, secret } = await issue('admin');
    const second = (await rotate(id).expect(201)).body;
    expect(second.previous_expires_at).toBe(clock.iso(24 * HOUR));
    const third = (await rotate(id, { overlap: 0 }).expect(201)).body;
    expect(await works('admin', secret)).toBe(false);
    expect(await works('admin', second.secret)).toBe(false);
    expect(await works('admin', third.secret)).toBe(true);
    expectProblem(await rotate(id, { overlap: 31 * 86_400 }), 'invalid_input');
  });

  it.each(ROLES)(
    'of role %s that is revoked ends at once, on every node, old secret and new',
    async (role) => {
      const { id, secret } = await issue(role);
      const rotated = (await rotate(id)).body as Credential;
      expect(await works(role, secret)).toBe(true);
      expect(await works(role, rotated.secret)).toBe(true);
      await revoke(id).expect(204);
      expect(await works(role, secret)).toBe(false);
      expect(await works(role, rotated.secret)).toBe(false);
      expectProblem(await revoke(id), 'not_found');
      expectProblem(await rotate(id), 'not_found');
    },
  );

  it('that has expired is not rotated', async () => {
    const { id } = await issue('admin', { expires_at: clock.iso(1000) });
    clock.time += 1000;
    expectProblem(await rotate(id), 'state_conflict');
    await revoke(id).expect(204);
  });

  it('is rotated and revoked only in the version that was read', async () => {
    const input = { role: 'admin', label: 'tagged' };
    const created = await post(app, 'credentials', input).expect(201);
    const { id } = created.body as Credential;
    const tag = created.headers.etag!;
    const rotated = await rotate(id).set('If-Match', tag).expect(201);
    expectProblem(await rotate(id).set('If-Match', tag), 'precondition_failed');
    expectProblem(await revoke(id).set('If-Match', `W/${rotated.headers.etag}`), 'precondition_failed');
    await revoke(id).set('If-Match', `"0", ${rotated.headers.etag}`).expect(204);
  });
});

describe('the list of credentials', () => {
  it('comes page by page in the order of issue, revoked ones too', async () => {
    const issued: string[] = [];
    for (let i = 0; i < 12; i++) issued.push((await issue('auditor', { label: `listed ${i}` })).id);
    await revoke(issued[3]!).expect(204);
    const credentials = await pagesOf<Credential & { revoked_at: string | null }>(
      app,
      '/v1/credentials?limit=5',
      async () => void (await issue('auditor')),
    );
    const ids = credentials.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids.filter((id) => issued.includes(id))).toEqual(issued);
    expect(credentials.find(({ id }) => id === issued[3])!.revoked_at).toBe(clock.iso());
  });

  it.each(ROLES)('tells when one of role %s was last used, to the minute', async (role) => {
    clock.time = Math.ceil(clock.time / 60_000) * 60_000;
    const { id, secret } = await issue(role);
    const lastUse = async () =>
      (await pagesOf<Credential>(app, '/v1/credentials')).find((one) => one.id === id)!.last_used_at;
    expect(await lastUse()).toBeNull();
    clock.time += 30_000;
    await USES[role](app, secret).expect(200);
    expect(await lastUse()).toBe(clock.iso(-30_000));
    clock.time += 150_000;
    await USES[role](app, secret).expect(200);
    expect(await lastUse()).toBe(clock.iso());
  });
});
