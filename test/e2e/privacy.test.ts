import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { DatabaseServer } from '../support/database-server.js';
import { call, cleanUp, newHome, type Program, secretsOf, startProgram } from '../support/program.js';
import { dumpTables, filesBelow, findMarks, formsOf, formsOfNumber } from '../support/traces.js';

const NUMBER = 31857731459;
const ASKED = {
  number: `+${NUMBER}`,
  legal_basis: 'Sv 126n',
  case_reference: 'ZAAK-XYZZY-2026',
  requester: 'rechercheur-plugh-7',
  purpose: 'het doel is kwartsklok',
  request_id: 'verzoek-frotz-42',
};
/** What a question holds: nowhere but in the answer. */
const ASKED_MARKS: Record<string, Buffer[]> = {
  number: [...formsOf('857731459'), ...formsOf('085-773 14 59'), ...formsOfNumber(NUMBER)],
  'no number': formsOf('geen-nummer-quux'),
  case: formsOf('ZAAK-XYZZY'),
  requester: formsOf('rechercheur-plugh'),
  purpose: formsOf('kwartsklok'),
  request: formsOf('verzoek-frotz'),
};
const CONTACT = {
  name: 'Contactina Vertrouwd',
  email: 'contactina@vertrouwd.example',
  phone: '+31 85 444 33 22',
};
/** What the registry keeps and the output does not. */
const KEPT_MARKS: Record<string, Buffer[]> = {
  'contact name': formsOf(CONTACT.name),
  'contact email': formsOf(CONTACT.email),
};

let database: DatabaseServer;
let program: Program;
let url: string;
let secrets: Record<string, string>;

beforeAll(async () => {
  database = await DatabaseServer.start();
  const home = await newHome();
  const env = { DATABASE_URL: database.url(), WEGWIJZER_HOME: home, LOG_LEVEL: 'trace' };
  program = startProgram({ env });
  url = await program.ready;
  const { admin, auditor, authority } = secretsOf(home);
  secrets = { admin, auditor, authority };
});
afterAll(async () => {
  await program.stop();
  await database.stop();
  await cleanUp();
});

type Sent = [path: string, body: string, headers?: Record<string, string>];

async function send(secret: string, [path, body, headers]: Sent): Promise<number> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json', ...headers },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

const json = (more: object = {}) => JSON.stringify({ ...ASKED, ...more });

const QUESTIONS: [number, string, Sent][] = [
  [200, 'a lookup', ['/v1/lookups', json()]],
  [200, 'a number as people write it', ['/v1/lookups', json({ number: '085-773 14 59' })]],
  [200, 'about the past', ['/v1/lookups', json({ at: '2021-03-04T05:06:07Z' })]],
  [
    200,
    'a batch',
    ['/v1/lookup-batches', json({ number: undefined, request_id: undefined, numbers: [ASKED.number] })],
  ],
  [422, 'no number', ['/v1/lookups', json({ number: 'geen-nummer-quux' })]],
  [422, 'an instant that is none', ['/v1/lookups', json({ at: ASKED.number })]],
  [422, 'an unknown basis', ['/v1/lookups', json({ legal_basis: ASKED.purpose })]],
  [422, 'a line break in the purpose', ['/v1/lookups', json({ purpose: 'kwartsklok\nkwartsklok' })]],
  [422, 'a number as a name', ['/v1/lookups', json({ [ASKED.number]: ASKED.requester })]],
  [422, 'an object as a number', ['/v1/lookups', json({ number: { value: ASKED.number } })]],
  [400, 'broken JSON', ['/v1/lookups', json().slice(0, -1)]],
  [400, 'JSON with a number in the middle', ['/v1/lookups', `${json().slice(0, -1)}, ${ASKED.number}}`]],
  [413, 'a body too large', ['/v1/lookups', json({ purpose: 'kwartsklok'.repeat(200_000) })]],
  [415, 'a form', ['/v1/lookups', `number=${ASKED.number}`, { 'Content-Type': 'application/x-a' }]],
  [415, 'a table', ['/v1/lookups', `number\n${ASKED.number}\n`, { 'Content-Type': 'text/csv' }]],
  [404, 'a number in the path', [`/v1/lookups/${ASKED.number}`, json()]],
  [404, 'a case in the path', [`/v1/cases/ZAAK-XYZZY-2026?requester=rechercheur-plugh`, json()]],
];

describe('what a question holds', () => {
  it.each(QUESTIONS)('%d %s', async (status, _what, sent) => {
    const found = await send(secrets.authority!, sent);
    // What is asked beside the body changes nothing.
    await send(secrets.authority!, [`${sent[0]}?number=857731459`, sent[1], { 'X-Case': 'ZAAK-XYZZY-2026' }]);
    expect(found).toBe(status);
  });

  it('403: a basis that is not granted', async () => {
    const few = { code: 'FEW', name: 'Few', legal_bases: ['Sv 126n'] };
    expect((await call(`${url}/v1/authorities`, secrets.admin, few)).status).toBe(201);
    const wanted = { role: 'authority', authority: 'FEW', label: 'a label' };
    const issued = await fetch(`${url}/v1/credentials`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${secrets.admin}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': 'a-key-of-ours',
      },
      body: JSON.stringify(wanted),
    });
    const { id, secret } = (await issued.json()) as { id: string; secret: string };
    expect(issued.status).toBe(201);
    const rotated = await call<{ secret: string }>(`${url}/v1/credentials/${id}/rotation`, secrets.admin, {});
    expect(rotated.body.secret).toMatch(/^wegwijzer_authority_/);
    Object.assign(secrets, { issued: secret, rotated: rotated.body.secret });
    expect(await send(rotated.body.secret, ['/v1/lookups', json({ legal_basis: 'Wiv 56' })])).toBe(403);
    expect(await send(`${secret.slice(0, -1)}!`, ['/v1/lookups', json()])).toBe(401);
    expect(await send(secrets.admin!, ['/v1/lookups', json()])).toBe(403);
  });

  it('503: a database that is gone', async () => {
    await database.pause();
    for (const more of [{}, { at: '2021-03-04T05:06:07Z' }])
      expect(await send(secrets.authority!, ['/v1/lookups', json(more)])).toBe(503);
    await database.resume();
    expect(await send(secrets.authority!, ['/v1/lookups', json()])).toBe(200);
  });
});

describe('what the registry keeps', () => {
  it('is taken, and refused', async () => {
    const partner = {
      code: 'KEEP',
      name: 'Keeper',
      contact: CONTACT,
      disclosure: { mode: 'partner', desk: CONTACT },
    };
    const statuses = [];
    for (const body of [
      partner,
      partner,
      { ...partner, code: 'KEEP2', contact: { ...CONTACT, email: `${CONTACT.name} no email` } },
      { ...partner, code: 'KEEP3', [CONTACT.email]: CONTACT.name },
    ])
      statuses.push((await call(`${url}/v1/partners`, secrets.admin, body)).status);
    expect(statuses).toEqual([201, 409, 422, 422]);
    const table = `code,name,contact_name,contact_email,contact_phone\nKEEP4,K,${CONTACT.name},${CONTACT.email},1\nK5,K,${CONTACT.name},not ${CONTACT.email},1\n`;
    const csv = { 'Content-Type': 'text/csv' };
    expect(await send(secrets.admin!, ['/v1/partner-imports?mode=apply', table, csv])).toBe(422);
    expect(await send(secrets.admin!, ['/v1/partner-imports?mode=apply&partial=true', table, csv])).toBe(200);
    const block = { first: '+31857000000', last: '+31857000009' };
    expect((await call(`${url}/v1/blocks`, secrets.admin, block)).status).toBe(201);
    expect((await call(`${url}/v1/blocks`, secrets.admin, block)).status).toBe(409);
  });
});

describe('afterwards', () => {
  const secretMarks = () =>
    Object.fromEntries(
      Object.entries(secrets).map(([name, secret]) => [`${name} secret`, formsOf(secret.slice(-49))]),
    );

  it('the output, the metrics and the server log hold none of it', async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    const marks = { ...ASKED_MARKS, ...KEPT_MARKS, ...secretMarks() };
    // That the search can find: the asker's own receipt holds it all, in base64.
    const answer = await call<{ receipt: object }>(`${url}/v1/lookups`, secrets.authority, ASKED);
    const found = findMarks(JSON.stringify(answer.body.receipt), ASKED_MARKS);
    expect(found).toEqual(['number', 'case', 'requester', 'purpose', 'request']);
    const heard = {
      stdout: program.output.stdout,
      stderr: program.output.stderr,
      metrics,
      server: database.lines.join('\n'),
    };
    for (const text of Object.values(heard)) expect(text.length).toBeGreaterThan(500);
    expect(heard.stderr.match(/"route":"\/v1\/lookups"/g)!.length).toBeGreaterThan(20);
    for (const [name, text] of Object.entries(heard))
      expect([name, findMarks(text, marks)]).toEqual([name, []]);
  });

  it('the tables, the data files and the write-ahead log hold none of a question and no secret', async () => {
    const client = await database.connect();
    await client.query('CHECKPOINT');
    const tables = await dumpTables(client);
    await client.end();
    const marks = { ...ASKED_MARKS, ...secretMarks() };
    // That the search can find: what the registry does keep is there.
    const kept = { ...KEPT_MARKS, block: formsOfNumber(31857000000) };
    expect(findMarks(tables, kept)).toEqual(['contact name', 'contact email']);
    expect(findMarks(tables, marks)).toEqual([]);
    for (const folder of ['base', 'pg_wal']) {
      const found = { kept: new Set<string>(), marks: new Set<string>() };
      for (const file of filesBelow(join(database.directory, 'data', folder))) {
        for (const name of findMarks(file, kept)) found.kept.add(name);
        for (const name of findMarks(file, marks)) found.marks.add(name);
      }
      expect([folder, [...found.kept].sort()]).toEqual([folder, Object.keys(kept).sort()]);
      expect([folder, [...found.marks]]).toEqual([folder, []]);
    }
  });
});
