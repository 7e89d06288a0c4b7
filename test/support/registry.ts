import pg from 'pg';

import { GROUND, type TestApp } from './app.js';

export const HOUR = 3_600_000;

export type Body = Record<string, unknown>;

/** A `POST` of the admin; the path stands under `/v1`. */
export function post(app: TestApp, path: string, body: Body = {}) {
  return app.as('admin').post(`/v1/${path}`).send(body);
}

/** Onboards a partner with nothing but what is required. */
export async function addPartner(app: TestApp, code: string, name = `Partner ${code}`): Promise<void> {
  const contact = { name: 'Servicedesk', email: 'desk@partner.example', phone: '+31850210000' };
  await post(app, 'partners', { code, name, contact, disclosure: { mode: 'registry' } }).expect(201);
}

export async function addBlock(app: TestApp, first: number, last: number, more: Body = {}): Promise<number> {
  const { body } = await post(app, 'blocks', { first: e164(first), last: e164(last), ...more }).expect(201);
  return body.id;
}

/** The new assignment's view. */
export async function assign(app: TestApp, first: number, last: number, partner: string, more: Body = {}) {
  const input = { first: e164(first), last: e164(last), partner, ...more };
  return (await post(app, 'assignments', input).expect(201)).body;
}

/** The secret of a new credential. */
export async function issue(app: TestApp, role: string, more: Body = {}): Promise<string> {
  return (await post(app, 'credentials', { role, label: 'test', ...more }).expect(201)).body.secret;
}

/** Sends a file as the admin; the media type is that of CSV unless told. */
export function upload(
  app: TestApp,
  path: string,
  query: Record<string, string>,
  file: string | Buffer,
  headers: Record<string, string> = {},
) {
  const request = app.as('admin').post(`/v1/${path}`).query(query);
  return request.set({ 'Content-Type': 'text/csv', ...headers }).send(file);
}

/** The answer to a lookup of one number. */
export async function ask(app: TestApp, number: number | string, at?: string) {
  const question = {
    number: typeof number === 'number' ? e164(number) : number,
    ...(at && { at }),
    ...GROUND,
  };
  return (await app.as('authority').post('/v1/lookups').send(question).expect(200)).body;
}

/** The answers to lookups of many numbers, all about one instant. */
export async function askMany(app: TestApp, numbers: (number | string)[], at?: string) {
  const question = {
    numbers: numbers.map((number) => (typeof number === 'number' ? e164(number) : number)),
    ...(at && { at }),
    ...GROUND,
  };
  return (await app.as('authority').post('/v1/lookup-batches').send(question).expect(200)).body.results;
}

export function e164(number: number): string {
  return `+${number}`;
}

/** Runs statements as the owner of the database. */
export async function withOwner<T>(app: TestApp, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(app.database.url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const TABLES = [
  'log_head',
  'log_entry',
  'registry_change',
  'partner',
  'number_block',
  'assignment',
  'number_port',
];

/** All rows of the registry and of the log, to compare before and after what must change nothing. */
export function dump(app: TestApp): Promise<Record<string, unknown[]>> {
  return withOwner(app, async (client) => {
    const tables: Record<string, unknown[]> = {};
    for (const table of TABLES) {
      const { rows } = await client.query(`SELECT row.*::text AS row FROM ${table} AS row ORDER BY 1`);
      tables[table] = rows.map(({ row }) => row);
    }
    return tables;
  });
}
