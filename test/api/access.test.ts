import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { ModulesContainer } from '@nestjs/core';

import { createSecret } from '../../src/partners/secret.js';
import { ACCESS } from '../../src/platform/http/access.js';
import { type Role, ROLES } from '../../src/shared/caller.js';
import { startApp, type TestApp } from '../support/app.js';
import { StandingClock } from '../support/clock.js';

interface Route {
  name: string;
  method: string;
  path: string;
  access: Role[] | 'public' | undefined;
}

/** What the controllers declare, whether or not the API document shows it. */
function routesOf(app: TestApp): Route[] {
  const controllers = [...app.app.get(ModulesContainer).values()].flatMap((module) => [
    ...module.controllers.values(),
  ]);
  return controllers.flatMap(({ metatype }) => {
    const prototype = (metatype as { prototype: Record<string, object> }).prototype;
    const base = Reflect.getMetadata(PATH_METADATA, metatype!) as string;
    return Object.getOwnPropertyNames(prototype)
      .map((name) => ({ name: `${metatype!.name}.${name}`, handler: prototype[name]! }))
      .filter(({ handler }) => Reflect.hasMetadata(METHOD_METADATA, handler))
      .map(({ name, handler }) => ({
        name,
        method: RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number]!.toLowerCase(),
        path: pathOf(base, Reflect.getMetadata(PATH_METADATA, handler) as string),
        access: Reflect.getMetadata(ACCESS, handler) as Route['access'],
      }));
  });
}

/** What each role may call; a new route is added here on purpose. */
const MAY: Record<Role | 'public', RegExp> = {
  public: /^HealthController\./,
  admin: /^(Partner|Authorit|Credential|Block|Assignment|NumberPort)/,
  partner: /^(AssignmentsController\.(list|get)|NumberPortsController\.list)$/,
  authority: /^LookupsController\./,
  auditor: /^LogEntriesController\./,
};

const OUTSIDE_API = /^(health|metrics|log|console)(\/|$)/;

function pathOf(...parts: string[]): string {
  const path = parts.flatMap((part) => part.split('/')).filter(Boolean);
  // Ids that nothing has, so that no answer changes what the next one meets.
  const filled = path.map((part) => (part.startsWith(':') ? '999999999' : part)).join('/');
  return OUTSIDE_API.test(filled) ? `/${filled}` : `/v1/${filled}`;
}

describe('access', () => {
  const clock = new StandingClock();
  let app: TestApp;
  let routes: Route[];
  let secrets: Record<string, string | undefined>;

  beforeAll(async () => {
    app = await startApp({ clock });
    routes = routesOf(app);
    await app
      .as('admin')
      .post('/v1/partner-imports?mode=apply')
      .type('text/csv')
      .send('code,name\nPP,Partner\n');
    const issued = Object.fromEntries(
      await Promise.all(ROLES.map(async (role) => [role, await issue(role)])),
    );
    const revoked = await issue('admin');
    const expired = await issue('admin', { expires_at: clock.iso(1000) });
    const expiredAuthority = await issue('authority', {
      expires_at: clock.iso(1000),
    });
    await app.as('admin').delete(`/v1/credentials/${revoked.id}`).expect(204);
    clock.time += 2000;
    const admin = issued.admin!.secret;
    secrets = {
      none: undefined,
      unknown: createSecret('admin'),
      unknownAuthority: createSecret('authority'),
      mistyped: admin.replace(/.$/, (last: string) => (last === 'a' ? 'b' : 'a')),
      malformed: 'not-a-secret',
      otherPrefix: admin.replace('_admin_', '_auditor_'),
      revoked: revoked.secret,
      expired: expired.secret,
      expiredAuthority: expiredAuthority.secret,
      ...Object.fromEntries(ROLES.map((role) => [role, issued[role]!.secret])),
    };
  });
  afterAll(() => app.close());

  async function issue(role: Role, more: object = {}): Promise<{ id: string; secret: string }> {
    const bound = { partner: { partner: 'PP' }, authority: { authority: 'CIOT' }, admin: {}, auditor: {} };
    const answer = await app
      .as('admin')
      .post('/v1/credentials')
      .send({ role, label: 'test', ...bound[role], ...more })
      .expect(201);
    return answer.body as { id: string; secret: string };
  }

  it('is declared by every route', () => {
    const undeclared = routes.filter(({ access }) => access !== 'public' && !access?.length);
    expect(undeclared.map(({ name }) => `${name} lacks @Access or @Public`)).toEqual([]);
    expect(routes.length).toBeGreaterThan(30);
  });

  it('is what each role needs for its work, and no more', () => {
    const granted = (who: Role | 'public') =>
      routes
        .filter(({ access }) => (who === 'public' ? access === who : access?.includes(who as never)))
        .map(({ name }) => name);
    const wrong = Object.entries(MAY).flatMap(([who, names]) => [
      ...granted(who as Role)
        .filter((name) => !names.test(name))
        .map((name) => `${name} is open to ${who}`),
      ...routes
        .filter(({ name }) => names.test(name) && !granted(who as Role).includes(name))
        .map(({ name }) => `${name} is closed to ${who}`),
    ]);
    expect(wrong).toEqual([]);
  });

  it('is given to the roles that a route names, and to nobody else', async () => {
    const wrong: string[] = [];
    for (const route of routes)
      for (const [who, secret] of Object.entries(secrets)) {
        const expected = expectedStatus(route, who);
        const agent = secret === undefined ? app.http : app.as({ secret });
        const answer = await agent[route.method as 'get'](route.path);
        const { status } = answer;
        const fits = expected === 'let in' ? ![401, 403, 500, 503].includes(status) : status === expected;
        if (!fits) wrong.push(`${route.name} for ${who}: ${status}, not ${expected}`);
        if (expected !== 'let in') expectRefusal(answer, expected);
      }
    expect(wrong).toEqual([]);
  });

  it('is the same for HEAD as for GET', async () => {
    await app.http.head('/v1/partners').expect(401);
    await app.as({ secret: secrets.auditor! }).head('/v1/partners').expect(403);
    await app.as('admin').head('/v1/partners').expect(200);
  });
});

function expectedStatus({ access }: Route, who: string): 401 | 403 | 'let in' {
  if (access === 'public') return 'let in';
  if (!ROLES.includes(who as Role)) return 401;
  return access!.includes(who as Role) ? 'let in' : 403;
}

function expectRefusal(
  answer: { status: number; headers: Record<string, string>; body: unknown; text: string },
  status: 401 | 403,
): void {
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.headers['api-version']).toBe('1.0.0');
  expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  expect(answer.body).toMatchObject({ status, code: status === 401 ? 'unauthenticated' : 'forbidden' });
  expect(answer.text).not.toMatch(/wegwijzer_[a-z]+_/);
}
