import { readFile } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { migrate, MIGRATIONS, revertMigration } from '../../src/platform/database/migrations.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { dumpSchema } from '../support/schema-dump.mjs';

const LAYERS = ['number_block', 'assignment', 'number_port'] as const;
type Layer = (typeof LAYERS)[number];

let database: TestDatabase;
let owner: pg.Client;
const open: pg.Client[] = [];

async function connect(url = database.url, role?: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    options: '-c timezone=UTC',
  });
  await client.connect();
  open.push(client);
  if (role) await client.query(`SET ROLE ${role}`);
  return client;
}

beforeAll(async () => {
  database = await createDatabase();
  owner = await connect();
  await owner.query(
    `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET deadlock_timeout = 20'; END $$`,
  );
  await owner.query(`
    INSERT INTO partner (code, name, disclosure, state, created_at, change)
      SELECT code, code, '{"mode": "registry"}', 'active', now(), 0 FROM unnest(ARRAY['ALFA', 'BRAVO']) AS code;
    INSERT INTO log_head (origin, size, serial) VALUES ('test', 0, 0)`);
});
afterAll(async () => {
  for (const client of open) await client.end();
  await database.drop();
});

/** The SQLSTATE that a statement fails with; `null` where it works. */
async function stateOf(client: pg.Client, statement: string, values: unknown[] = []): Promise<string | null> {
  try {
    await client.query(statement, values);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const EXCLUDED = '23P01';
/** Of two that have both written and wait for each other the server refuses one with this. */
const DEADLOCK = '40P01';
const CHECK = '23514';
const OUTSIDE = 'WW001';
const KEPT = 'WW002';
const DENIED = '42501';

function insertion(layer: Layer): string {
  if (layer === 'number_block')
    return 'INSERT INTO number_block (numbers, effective, change) VALUES ($1, $2, 0)';
  const column = layer === 'assignment' ? 'partner_id' : 'recipient_id';
  return `INSERT INTO ${layer} (numbers, effective, ${column}, change) VALUES ($1, $2, 1, 0)`;
}

describe.each(LAYERS)('no two rows of %s', (layer) => {
  const always = layer === 'number_block';
  const place = 1 + LAYERS.indexOf(layer);
  const range = (first: number, last: number) =>
    `[${place * 10_000_000 + first},${place * 10_000_000 + last}]`;
  let writers: pg.Client[];
  beforeAll(async () => {
    if (layer === 'assignment')
      await owner.query(insertion('number_block'), [
        `[${place * 10_000_000},${place * 10_000_000 + 999_999}]`,
        '[,)',
      ]);
    writers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => connect(database.url, i % 2 ? 'wegwijzer_service' : undefined)),
    );
  });

  it('hold one number at one instant, however many write at once', async () => {
    for (let round = 0; round < 10; round++) {
      const states = await Promise.all(
        writers.map((writer, i) =>
          stateOf(writer, insertion(layer), [
            range(100 * round + i, 100 * round + 50 + i),
            always ? '[2020-01-01,)' : `[2020-01-${10 + i},2021-01-01)`,
          ]),
        ),
      );
      expect(states.filter((state) => state === null)).toHaveLength(1);
      expect(states.filter((state) => state !== EXCLUDED && state !== DEADLOCK)).toEqual([null]);
    }
  });

  it('overlap after many random writes at once, and none was refused without a reason', async () => {
    const random = (below: number) => Math.floor(Math.random() * below);
    const day = (place: number) => new Date(Date.UTC(2022, 0, place)).toISOString();
    const rows = Array.from({ length: 240 }, () => {
      const [first, from] = [50_000 + random(40), random(20)];
      const effective = always ? '[,)' : `[${day(from)},${day(from + 1 + random(10))})`;
      return { numbers: range(first, first + random(5)), effective };
    });
    const refused: typeof rows = [];
    await Promise.all(
      writers.map(async (writer, i) => {
        for (const row of rows.filter((_, place) => place % writers.length === i)) {
          const state = await stateOf(writer, insertion(layer), [row.numbers, row.effective]);
          if (state === EXCLUDED) refused.push(row);
          expect([null, EXCLUDED, DEADLOCK]).toContain(state);
        }
      }),
    );
    expect(refused.length).toBeGreaterThan(20);
    expect(refused.length).toBeLessThan(240);
    const overlapping = await owner.query(
      `SELECT FROM ${layer} a JOIN ${layer} b ON a.id < b.id AND a.numbers && b.numbers AND a.effective && b.effective`,
    );
    expect(overlapping.rowCount).toBe(0);
    const free = await owner.query(
      `SELECT FROM unnest($1::int8range[], $2::tstzrange[]) AS refused (numbers, effective)
       WHERE NOT EXISTS (SELECT FROM ${layer} row WHERE row.numbers && refused.numbers AND row.effective && refused.effective)`,
      [refused.map((row) => row.numbers), refused.map((row) => row.effective)],
    );
    expect(free.rowCount).toBe(0);
  });

  it('collide where they only touch', async () => {
    await owner.query(insertion(layer), [range(90_000, 90_009), always ? '[,)' : '[2020-01-01,2021-01-01)']);
    await owner.query(insertion(layer), [range(90_010, 90_019), '[,)']);
    if (always) return;
    await owner.query(insertion(layer), [range(90_000, 90_009), '[2021-01-01,)']);
    await owner.query(insertion(layer), [range(90_000, 90_009), '[,2020-01-01)']);
  });

  it.each([
    ['no number', 'empty', '[,)'],
    ['a range without an end', '[40000000,)', '[,)'],
    ['a range without a start', '(,40000000]', '[,)'],
    ['all numbers', '(,)', '[,)'],
    ['16 digits', '[999999999999999,1000000000000000]', '[,)'],
    ['two digit counts', '[99999999,100000000]', '[,)'],
    ['six digits', '[999999,999999]', '[,)'],
    ['no instant', '[40000000,40000000]', 'empty'],
    ['a period whose start does not count', '[40000000,40000000]', '(2020-01-01,)'],
    ['a period whose end counts', '[40000000,40000000]', '[2020-01-01,2021-01-01]'],
    ...(always ? ([['a period that ends', '[40000000,40000000]', '[2020-01-01,2021-01-01)']] as const) : []),
  ])('nor one of %s', async (_, numbers, effective) => {
    expect(await stateOf(owner, insertion(layer), [numbers, effective])).toBe(CHECK);
  });
});

describe('an assignment', () => {
  const assign = (numbers: string, effective: string) =>
    stateOf(owner, insertion('assignment'), [numbers, effective]);
  beforeAll(async () => {
    for (const [numbers, effective] of [
      ['[50000000,50000099]', '[2020-01-01,)'],
      ['[50000100,50000199]', '[,)'],
      ['[50000201,50000299]', '[,)'],
    ])
      await owner.query(insertion('number_block'), [numbers, effective]);
  });

  it.each([
    ['before our blocks', '[49999999,50000000]', '[2020-01-01,)', OUTSIDE],
    ['where there is no block', '[51000000,51000000]', '[2020-01-01,)', OUTSIDE],
    ['over a gap between blocks', '[50000199,50000201]', '[,)', OUTSIDE],
    ['before the block was ours', '[50000000,50000000]', '[2019-12-31 23:59:59.999+00,)', OUTSIDE],
    ['always, where the block was not', '[50000000,50000000]', '[,)', OUTSIDE],
    ['over two blocks, before the first was ours', '[50000090,50000110]', '[2019-01-01,)', OUTSIDE],
    ['over two adjacent blocks', '[50000090,50000110]', '[2020-01-01,)', null],
    ['over a whole block', '[50000201,50000299]', '[,)', null],
  ])('%s', async (_, numbers, effective, state) => {
    expect(await assign(numbers, effective)).toBe(state);
  });

  it('is refused with all that the same statement inserts', async () => {
    const both = `INSERT INTO assignment (numbers, effective, partner_id, change)
      VALUES ('[50000120,50000120]', '[,)', 1, 0), ('[51000000,51000000]', '[,)', 1, 0)`;
    expect(await stateOf(owner, both)).toBe(OUTSIDE);
    expect(await assign('[50000120,50000120]', '[,)')).toBeNull();
  });

  it('may be written again where the one that stood there is withdrawn', async () => {
    expect(await assign('[50000130,50000130]', '[2020-01-01,)')).toBeNull();
    await owner.query(`UPDATE assignment SET withdrawn_at = now() WHERE numbers = '[50000130,50000130]'`);
    expect(await assign('[50000130,50000130]', '[2020-01-01,)')).toBeNull();
  });
});

describe.each(['assignment', 'number_port'] as const)('a row of %s', (layer) => {
  let service: pg.Client;
  const numbers = layer === 'assignment' ? '[50000140,50000149]' : '[60000000,60000009]';
  const update = (client: pg.Client, set: string) =>
    stateOf(client, `UPDATE ${layer} SET ${set} WHERE numbers = '${numbers}'`);
  beforeAll(async () => {
    service = await connect(database.url, 'wegwijzer_service');
    await owner.query(insertion(layer), [numbers, '[2021-01-01,2024-01-01)']);
  });

  it.each([
    `effective = '[2021-01-01,2024-01-02)'`,
    `effective = '[2021-01-01,)'`,
    `effective = '[2020-12-31,2024-01-01)'`,
    `effective = '[2021-01-02,2024-01-01)'`,
    `effective = 'empty'`,
  ])('keeps its history: %s is refused', async (set) => {
    expect(await update(service, set)).toBe(KEPT);
    expect(await update(owner, set)).toBe(KEPT);
  });

  it('keeps its numbers and its holder, whoever writes', async () => {
    const holder = layer === 'assignment' ? 'partner_id' : 'recipient_id';
    for (const set of [`${holder} = 2`, `numbers = '[50000140,50000148]'`]) {
      expect(await update(service, set)).toBe(DENIED);
      expect(await update(owner, set)).toBe(KEPT);
    }
  });

  it('may end earlier, then be withdrawn, and then changes no more', async () => {
    expect(await update(service, `effective = '[2021-01-01,2023-01-01)'`)).toBeNull();
    expect(await update(service, `withdrawn_at = now()`)).toBeNull();
    expect(await update(service, `withdrawn_at = NULL`)).toBe(KEPT);
    expect(await update(service, `effective = '[2021-01-01,2022-01-01)'`)).toBe(KEPT);
  });
});

describe('the role of the service', () => {
  let service: pg.Client;
  beforeAll(async () => {
    // A login of its own, as the embedded server gives it: what it may not do, no RESET ROLE brings back.
    await owner.query(`ALTER ROLE wegwijzer_service LOGIN PASSWORD 'service'`);
    const url = new URL(database.url);
    url.username = 'wegwijzer_service';
    url.password = 'service';
    service = await connect(url.href);
    await owner.query(`INSERT INTO log_data_key (created_at, wrapped) VALUES (now(), '\\x00')`);
    await owner.query(`SELECT log_append(0, ARRAY['\\x01'::bytea], 1, ARRAY['\\x02'::bytea])`);
  });
  const denied = (statement: string) => stateOf(service, statement);

  it.each(['log_entry', 'log_opening', 'log_head', 'registry_change', 'log_data_key'])(
    'cannot alter or remove a row of %s',
    async (table) => {
      const { rows } = await owner.query(
        `SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass ORDER BY attnum DESC LIMIT 1`,
        [table],
      );
      const column = rows[0].attname;
      for (const statement of [
        `UPDATE ${table} SET ${column} = ${column}`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `TRUNCATE ${table} CASCADE`,
        `MERGE INTO ${table} USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE`,
        `SELECT FROM ${table} FOR UPDATE`,
        `COPY ${table} FROM PROGRAM 'true'`,
      ])
        expect([statement, await denied(statement)]).toEqual([statement, DENIED]);
      expect(await denied(`SELECT FROM ${table}`)).toBeNull();
    },
  );

  it.each([
    `INSERT INTO log_entry VALUES (1, '\\x01')`,
    `INSERT INTO log_opening VALUES (1, 1, ARRAY['\\x01'::bytea])`,
    `INSERT INTO log_head (origin, size, serial) VALUES ('x', 0, 0)`,
    `INSERT INTO registry_change VALUES (1, 1, now(), 'partner')`,
    `INSERT INTO auditor_recipient VALUES ('age1', now())`,
    'DELETE FROM auditor_recipient',
    'DELETE FROM partner',
    'DELETE FROM assignment',
    'DELETE FROM number_block',
    'DELETE FROM number_port',
    'DELETE FROM credential',
    'TRUNCATE assignment',
    'UPDATE number_block SET change = 1',
    `UPDATE partner SET code = 'X1'`,
    'DROP TABLE log_entry',
    'DROP FUNCTION log_append',
    'DROP SCHEMA public CASCADE',
    'ALTER TABLE log_entry ADD COLUMN x int',
    'ALTER TABLE log_entry DISABLE TRIGGER ALL',
    'ALTER TABLE assignment DISABLE TRIGGER ALL',
    'ALTER TABLE assignment DROP CONSTRAINT assignment_disjoint',
    'ALTER TABLE partner DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE log_entry OWNER TO wegwijzer_service',
    'CREATE TABLE public.mine (x int)',
    'CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE TRIGGER mine BEFORE INSERT ON log_entry EXECUTE FUNCTION refuse_outside_block()',
    'CREATE RULE mine AS ON INSERT TO log_entry DO INSTEAD NOTHING',
    'GRANT ALL ON log_entry TO wegwijzer_service',
    'CREATE ROLE mine',
    'ALTER ROLE wegwijzer_service SUPERUSER',
    'SET ROLE postgres',
    'SET ROLE wegwijzer_tenant',
    'SET session_replication_role = replica',
  ])('cannot %s', async (statement) => {
    const state = await denied(statement);
    // GRANT without the right to grant is only a warning; then nothing was granted.
    if (statement.startsWith('GRANT'))
      expect(await denied(`INSERT INTO log_entry VALUES (9, '\\x01')`)).toBe(DENIED);
    else expect(state).toBe(DENIED);
  });

  it('owns nothing and has no attribute of power; nor has the role of tenants', async () => {
    const { rows } = await owner.query(`
      SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication AS powerful,
        (SELECT count(*)::int FROM pg_shdepend WHERE refobjid = pg_roles.oid AND deptype = 'o') AS owned,
        (SELECT count(*)::int FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships
      FROM pg_roles WHERE rolname IN ('wegwijzer_service', 'wegwijzer_tenant')`);
    expect(rows).toEqual(Array(2).fill({ powerful: false, owned: 0, memberships: 0 }));
  });

  it('appends without a gap, at the present serial alone, with one opening for each leaf', async () => {
    const append = (serial: number, leaves: number, openings = leaves) =>
      service.query('SELECT log_append($1, $2::bytea[], 1, $3::bytea[]) AS first', [
        serial,
        Array(leaves).fill(Buffer.of(1)),
        Array(openings).fill(Buffer.of(2)),
      ]);
    const { rows } = await owner.query('SELECT size::int, serial::int FROM log_head');
    const { size, serial } = rows[0];
    const firsts = await Promise.all([3, 1, 2].map((count) => append(serial, count)));
    expect(firsts.map((answer) => Number(answer.rows[0].first)).sort((a, b) => a - b)[0]).toBe(size);
    expect((await append(serial + 1, 1)).rows[0].first).toBeNull();
    expect((await append(serial - 1, 1)).rows[0].first).toBeNull();
    await expect(append(serial, 2, 1)).rejects.toThrow('every leaf has one opening');
    const entries = await owner.query(
      'SELECT array_agg(index::int ORDER BY index) AS entries FROM log_entry',
    );
    expect(entries.rows[0].entries).toEqual(Array.from({ length: size + 6 }, (_, i) => i));
  });
});

describe('the role of tenants', () => {
  let tenant: pg.Client;
  beforeAll(async () => {
    tenant = await connect(database.url, 'wegwijzer_tenant');
    for (const [number, partner] of [
      ['70000000', 1],
      ['70000001', 2],
    ] as const) {
      await owner.query(insertion('number_block'), [`[${number},${number}]`, '[,)']);
      await owner.query(
        'INSERT INTO assignment (numbers, effective, partner_id, change) VALUES ($1, $2, $3, 0)',
        [`[${number},${number}]`, '[,)', partner],
      );
    }
  });

  /** Partners seen, in the rows of both tables, while `app.tenant` is set to this. */
  async function seen(value: string | null): Promise<number[][]> {
    await tenant.query('BEGIN');
    try {
      if (value !== null) await tenant.query(`SELECT set_config('app.tenant', $1, true)`, [value]);
      const partners = await tenant.query('SELECT array_agg(DISTINCT id) AS ids FROM partner');
      const assignments = await tenant.query('SELECT array_agg(DISTINCT partner_id) AS ids FROM assignment');
      return [partners.rows[0].ids ?? [], assignments.rows[0].ids ?? []];
    } finally {
      await tenant.query('ROLLBACK');
    }
  }

  it('sees nothing without app.tenant, and its own with it', async () => {
    expect(await seen(null)).toEqual([[], []]);
    expect(await seen('1')).toEqual([[1], [1]]);
    expect(await seen(null)).toEqual([[], []]);
    expect(await seen('2')).toEqual([[2], [2]]);
    expect(await seen('3')).toEqual([[], []]);
    expect(await seen('')).toEqual([[], []]);
    await expect(seen('1 OR true')).rejects.toThrow(/integer/);
  });

  it.each([
    'UPDATE partner SET name = name',
    'DELETE FROM partner',
    `INSERT INTO assignment (numbers, effective, partner_id, change) VALUES ('[70000000,70000000]', '[,)', 1, 0)`,
    'UPDATE assignment SET change = 1',
    'DELETE FROM assignment',
    'TRUNCATE assignment',
    ...[
      'number_block',
      'credential',
      'credential_use',
      'authority',
      'idempotency',
      'log_head',
      'log_entry',
      'log_opening',
      'log_data_key',
      'auditor_recipient',
      'registry_change',
    ].map((table) => `SELECT FROM ${table}`),
    'SELECT log_lock()',
    `SELECT log_append(0, ARRAY['\\x01'::bytea], 1, ARRAY['\\x02'::bytea])`,
    `SELECT log_append_change(1, 'partner', now(), '\\x01')`,
    `SELECT nextval('change_id')`,
    'ALTER TABLE assignment NO FORCE ROW LEVEL SECURITY',
    'CREATE TABLE public.mine (x int)',
  ])('cannot %s', async (statement) => {
    expect(await stateOf(tenant, statement)).toBe(DENIED);
  });
});

describe('the schema', () => {
  it('is the golden one', async () => {
    const golden = await readFile('migrations/schema.sql', 'utf8');
    const schema = await dumpSchema(owner);
    if (schema !== golden)
      expect({ hint: 'run `npm run schema` and look at what changed', schema }).toEqual({ schema: golden });
  });

  it('comes up from nothing, goes down to nothing, and comes up again the same', async () => {
    const empty = await createDatabase('template0');
    const client = await connect(empty.url);
    const before = await dumpSchema(client);
    await migrate(empty.url);
    const up = await dumpSchema(client);
    expect(up).toBe(await readFile('migrations/schema.sql', 'utf8'));
    await migrate(empty.url);
    for (let left = MIGRATIONS.length; left > 0; left--) await revertMigration(empty.url);
    expect(await dumpSchema(client)).toBe(before);
    await Promise.all([migrate(empty.url), migrate(empty.url)]);
    expect(await dumpSchema(client)).toBe(up);
    await client.end();
    await empty.drop();
  });
});
