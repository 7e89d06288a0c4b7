import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { type EmbeddedServer, startEmbeddedServer } from '../../src/platform/database/embedded-server.js';
import { findOldPostgres, startOldPostgres } from '../support/old-postgres.js';
import { ask, call, cleanUp, newHome, secretsOf, startProgram } from '../support/program.js';

let server: EmbeddedServer;
beforeAll(async () => {
  const directory = await newHome();
  server = await startEmbeddedServer({ directory, log: () => undefined, settings: { fsync: 'off' } });
});
afterAll(async () => {
  await server.stop();
  await cleanUp();
});

function urlOf(database: string, login = 'postgres', password = server.password): string {
  return `postgres://${login}:${encodeURIComponent(password)}@${server.host}:${server.port}/${database}`;
}

async function sql<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

async function dropRoles(...databases: string[]): Promise<void> {
  for (const database of databases) await sql(urlOf('postgres'), `DROP DATABASE ${database}`);
  await sql(urlOf('postgres'), 'DROP ROLE IF EXISTS wegwijzer_service, wegwijzer_tenant, wegwijzer_owner');
}

const start = (home: string, env: Record<string, string>) =>
  startProgram({ env: { WEGWIJZER_HOME: home, ...env } });

async function refusal(env: Record<string, string>): Promise<string> {
  const program = start(await newHome(), env);
  expect(await program.ended).toBe(1);
  expect(program.output.stderr).toMatch(/^wegwijzer: [^\n]+\n$/);
  return program.output.stderr.trim();
}

describe('the three logins of docker/roles.sh', () => {
  const passwords = { OWNER: 'o:/w@n', SERVICE: "s'erv%", TENANT: '$ten ant' };
  const place = () => ({
    DATABASE_URL: urlOf('wegwijzer', 'wegwijzer_service', passwords.SERVICE),
    DATABASE_TENANT_URL: urlOf('wegwijzer', 'wegwijzer_tenant', passwords.TENANT),
    DATABASE_OWNER_URL: urlOf('wegwijzer', 'wegwijzer_owner', passwords.OWNER),
  });
  const psql = !spawnSync('psql', ['--version']).error;
  afterAll(() => (psql ? dropRoles('wegwijzer') : undefined));

  (psql ? it : it.skip)('serve a registry that starts empty, and that they cannot rewrite', async () => {
    const { status, stderr } = spawnSync('sh', ['docker/roles.sh'], {
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        PGHOST: server.host,
        PGPORT: String(server.port),
        PGPASSWORD: server.password,
        POSTGRES_USER: 'postgres',
        ...Object.fromEntries(
          Object.entries(passwords).map(([name, value]) => [`WEGWIJZER_${name}_PASSWORD`, value]),
        ),
      },
    });
    expect([status, stderr]).toEqual([0, '']);

    const home = await newHome();
    const program = start(home, place());
    const url = await program.ready;
    expect(readdirSync(home).sort()).toEqual(['auditor.key', 'credentials.json']);
    const { authority, admin } = secretsOf(home);
    expect((await call(`${url}/v1/partners`, admin)).body).toEqual({ items: [], next_cursor: null });
    expect((await ask(url, authority, '+31850210123')).body.outcome).toBe('not_ours');
    expect(await program.stop()).toBe(0);

    const owners = 'SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = $$public$$';
    expect(await sql(urlOf('wegwijzer'), owners)).toEqual([{ tableowner: 'wegwijzer_owner' }]);
    for (const [login, password] of [
      ['wegwijzer_service', passwords.SERVICE],
      ['wegwijzer_tenant', passwords.TENANT],
    ] as const)
      for (const statement of [
        'DELETE FROM log_entry',
        `UPDATE log_entry SET leaf = ''`,
        'SET ROLE wegwijzer_owner',
      ])
        await expect(sql(urlOf('wegwijzer', login, password), statement)).rejects.toThrow(
          /permission denied/,
        );

    const second = start(await newHome(), place());
    await second.ready;
    expect(second.output.stdout).toMatch(/Credentials +issued by the first start[^]*Bearer \$SECRET"/);
    expect(await second.stop()).toBe(0);
  });

  (psql ? it : it.skip)('are named when one of them does not work', async () => {
    for (const [name, what] of [
      ['DATABASE_OWNER_URL', /the database cannot be reached \(.*\): check DATABASE_OWNER_URL/],
      ['DATABASE_TENANT_URL', /the login of DATABASE_TENANT_URL cannot work as wegwijzer_tenant/],
      ['DATABASE_URL', /the login of DATABASE_URL cannot work as wegwijzer_service/],
    ] as const) {
      const login = name === 'DATABASE_URL' ? 'wegwijzer_service' : 'wegwijzer_owner';
      const line = await refusal({ ...place(), [name]: urlOf('wegwijzer', login, 'hunter2') });
      expect(line).toMatch(what);
      expect(line).toContain('password authentication failed');
      expect(line).not.toContain('hunter2');
    }
    const swapped = { ...place(), DATABASE_TENANT_URL: place().DATABASE_URL };
    expect(await refusal(swapped)).toMatch(
      /the login of DATABASE_URL cannot work as wegwijzer_tenant \(permission denied to set role/,
    );
  });
});

describe('one login', () => {
  it('that owns the database and may create roles does for everything; one that may not is told', async () => {
    for (const login of ['humble', 'able'])
      for (const statement of [
        `CREATE ROLE ${login} LOGIN PASSWORD 'secret' ${login === 'able' ? 'CREATEROLE' : ''}`,
        `CREATE DATABASE ${login} OWNER ${login}`,
      ])
        await sql(urlOf('postgres'), statement);

    expect(await refusal({ DATABASE_URL: urlOf('humble', 'humble', 'secret') })).toMatch(
      /the login of DATABASE_URL may not set up the database \(permission denied to create role\): .*CREATEROLE.*roles\.sh/,
    );
    const home = await newHome();
    for (const time of ['first', 'second']) {
      const program = start(home, { DATABASE_URL: urlOf('able', 'able', 'secret') });
      const url = await program.ready;
      const { body } = await ask(url, secretsOf(home).authority, '+31850210123');
      expect([time, body.outcome]).toEqual([time, 'not_ours']);
      expect(await program.stop()).toBe(0);
    }
    expect(existsSync(`${home}/postgres`)).toBe(false);
  });

  it('of a database that is not there, or with a wrong password, is told', async () => {
    expect(await refusal({ DATABASE_URL: urlOf('nowhere') })).toMatch(
      /\(database "nowhere" does not exist\): check DATABASE_URL/,
    );
    const line = await refusal({ DATABASE_URL: urlOf('able', 'able', 'hunter2') });
    expect(line).toMatch(/password authentication failed for user "able"\): check DATABASE_URL/);
    expect(line).not.toContain('hunter2');
  });
});

describe('two nodes', () => {
  it('that start at the same moment on an empty database make one registry', async () => {
    await sql(urlOf('postgres'), 'CREATE DATABASE twins');
    const env = { DATABASE_URL: urlOf('twins'), WEGWIJZER_DEMO: '1' };
    const homes = [await newHome(), await newHome()];
    const nodes = homes.map((home) => start(home, env));
    const urls = await Promise.all(nodes.map((node) => node.ready));
    const [home, ...more] = homes.filter((place) => existsSync(`${place}/credentials.json`));
    expect(more).toEqual([]);
    expect(homes.filter((place) => existsSync(`${place}/auditor.key`))).toHaveLength(1);

    const [found] = await sql(
      env.DATABASE_URL,
      `SELECT (SELECT count(*)::int FROM authority) AS authorities, (SELECT count(*)::int FROM credential) AS credentials,
         (SELECT count(*)::int FROM registry_change) AS changes, (SELECT count(*)::int FROM auditor_recipient) AS auditors`,
    );
    expect(found).toEqual({ authorities: 1, credentials: 6, changes: 6, auditors: 1 });

    const { admin, authority } = secretsOf(home!);
    const code = { code: 'TWIN', name: 'Twin', contact: { name: 'A', email: 'a@b.example', phone: '1' } };
    const partner = { ...code, disclosure: { mode: 'registry' } };
    expect((await call(`${urls[0]}/v1/partners`, admin, partner)).status).toBe(201);
    const answers = await Promise.all(urls.map((url) => ask(url, authority, '+31850210123')));
    expect(answers.map(({ body }) => [body.outcome, body.serial])).toEqual([
      ['held', 7],
      ['held', 7],
    ]);
    expect(new Set(answers.map(({ body }) => body.receipt.origin)).size).toBe(1);
    expect(await Promise.all(nodes.map((node) => node.stop()))).toEqual([0, 0]);
  });
});

describe('a PostgreSQL before 18', () => {
  const bin = findOldPostgres();

  it('is refused, and nothing is made in it', async () => {
    if (!bin) return console.warn('no older PostgreSQL on this machine: not tried');
    const old = await startOldPostgres(bin);
    try {
      const version = /\/(\d+)\/bin$/.exec(bin)![1];
      expect(await refusal({ DATABASE_URL: old.url })).toBe(
        `wegwijzer: the database is PostgreSQL ${version}: point DATABASE_URL to PostgreSQL 18 or newer`,
      );
      expect(await sql(old.url, `SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
    } finally {
      await old.stop();
    }
  });
});
