import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ProblemFilter } from '../../src/platform/http/problem.filter.js';
import { startApp, type TestApp } from '../support/app.js';
import { addBlock, addPartner, dump, upload } from '../support/registry.js';

/** A file that must be refused whole, and what must be said of it. */
interface Bad {
  name: string;
  file: string | Buffer;
  status?: number;
  error: { code: string; line: number; column: number };
  headers?: Record<string, string>;
}

const ROW = '+31879000000,+31879000000,ALFA';
const NDJSON = { 'Content-Type': 'application/x-ndjson' };
const LONG = 'A'.repeat(1_048_576);

let app: TestApp;
let before: Awaited<ReturnType<typeof dump>>;

// Nest binds the filter's method when it starts.
const refusals = jest.spyOn(ProblemFilter.prototype, 'catch');

beforeAll(async () => {
  app = await startApp();
  await addPartner(app, 'ALFA');
  await addPartner(app, 'BRAVO');
  await addBlock(app, 31_879_000_000, 31_879_000_009);
});
afterAll(() => app.close());
beforeEach(async () => void (before = await dump(app)));

/** What any file may have wrong. Its third column takes any text that is not too long. */
function badFiles(third: string): Bad[] {
  const header = `first,last,${third}`;
  const ranges: Bad[] = [
    {
      name: 'an unordered range',
      file: '+31879000009,+31879000001,ALFA',
      error: { code: 'unordered', line: 3, column: 14 },
    },
    {
      name: 'different digit counts',
      file: '+31879000001,+3187900001,ALFA',
      error: { code: 'different_digit_counts', line: 3, column: 14 },
    },
    {
      name: '16 digits',
      file: '+3187900000000001,+3187900000000002,ALFA',
      error: { code: 'too_long', line: 3, column: 1 },
    },
    {
      name: 'letters for digits',
      file: '"+31879OOOOO1",+31879000002,ALFA',
      error: { code: 'not_digits', line: 3, column: 1 },
    },
    { name: 'an empty cell', file: '+31879000001,,ALFA', error: { code: 'required', line: 3, column: 14 } },
    {
      name: 'a NUL byte',
      file: '+31879000001,\0+31879000001,ALFA',
      status: 400,
      error: { code: 'nul_byte', line: 3, column: 14 },
    },
    {
      name: 'a row of 1 MB',
      file: `+31879000001,+31879000001,${LONG}\n`,
      error: { code: 'row_too_long', line: 3, column: 1 },
    },
    {
      name: 'a quoted cell of 1 MB',
      file: `+31879000001,+31879000001,"${LONG}`,
      error: { code: 'row_too_long', line: 3, column: 1 },
    },
    { name: 'a cell too many', file: `${ROW},x`, error: { code: 'wrong_cell_count', line: 3, column: 32 } },
    {
      name: 'a file cut off within a row',
      file: '+31879000001,+318',
      error: { code: 'wrong_cell_count', line: 3, column: 14 },
    },
    {
      name: 'a file cut off within a quote',
      file: '+31879000001,"+318',
      error: { code: 'unclosed_quote', line: 3, column: 14 },
    },
  ].map((bad) => ({ ...bad, file: `${header}\n${ROW}\n${bad.file}` }));
  const latin1 = Buffer.from(`${header}\n${ROW}\n+31879000001,+31879000001,Caf\xe9\n`, 'latin1');
  return [
    ...ranges,
    { name: 'Latin-1 bytes', file: latin1, status: 400, error: { code: 'not_utf8', line: 3, column: 30 } },
    {
      name: 'UTF-16',
      file: Buffer.from(`\ufeff${header}`, 'utf16le'),
      status: 400,
      error: { code: 'not_utf8', line: 1, column: 1 },
    },
    { name: 'an empty file', file: '', error: { code: 'empty_file', line: 1, column: 1 } },
    { name: 'blank lines alone', file: '\r\n\r\n', error: { code: 'empty_file', line: 1, column: 1 } },
    {
      name: 'a typo in the header',
      file: `first,lst,${third}\n${ROW}`,
      error: { code: 'unknown_column', line: 1, column: 7 },
    },
    {
      name: 'a missing column',
      file: 'first\n+31879000001',
      error: { code: 'missing_column', line: 1, column: 1 },
    },
    {
      name: 'a column twice',
      file: `first,${header}\n+31879000001,${ROW}`,
      error: { code: 'duplicate_column', line: 1, column: 7 },
    },
    { name: 'no header', file: ROW, error: { code: 'unknown_column', line: 1, column: 1 } },
    {
      name: 'semicolons',
      file: `${header}\n${ROW}`.replaceAll(',', ';'),
      error: { code: 'wrong_delimiter', line: 1, column: 6 },
    },
  ];
}

const ofBlocks: Bad[] = [
  ...badFiles('range_holder').map((bad) => ({ ...bad, file: elsewhere(bad.file) })),
  {
    name: 'a broken instant',
    file: 'first,last,allocated_at\n+31878000000,+31878000000,yesterday',
    error: { code: 'is_instant', line: 2, column: 27 },
  },
  {
    name: 'rows that overlap',
    file: 'last,first\n+31878000004,+31878000000\n+31878000009,+31878000004\n',
    error: { code: 'range_overlaps', line: 3, column: 14 },
  },
  {
    name: 'a row that overlaps a block',
    file: 'first,last\n+31878000000,+31878000000\n"+31879000009",+31879000010\n',
    error: { code: 'range_overlaps', line: 3, column: 1 },
  },
];

const ofAssignments: Bad[] = [
  ...badFiles('partner'),
  {
    name: 'a broken instant',
    file: 'first,last,partner,effective_to\n+31879000000,+31879000000,ALFA,2026-13-01T00:00:00Z',
    error: { code: 'is_instant', line: 2, column: 32 },
  },
  {
    name: 'an unknown partner',
    file: `first,last,partner\n${ROW}\n+31879000001,+31879000001,NOBODY\n`,
    error: { code: 'unknown_partner', line: 3, column: 27 },
  },
  {
    name: 'rows that overlap',
    file: 'partner,first,last\nALFA,+31879000000,+31879000004\nBRAVO,+31879000004,+31879000009\n',
    error: { code: 'range_overlaps', line: 3, column: 7 },
  },
  {
    name: 'a range outside our blocks',
    file: 'partner,last,first\n"ALFA","+31879000010","+31879000000"\n',
    error: { code: 'outside_block', line: 2, column: 23 },
  },
  {
    name: 'an empty period',
    file: 'first,last,partner,effective_to\n+31879000000,+31879000000,ALFA,2020-01-01T00:00:00Z\n',
    error: { code: 'empty_period', line: 2, column: 32 },
  },
  {
    name: 'an unknown partner in NDJSON',
    file: '{"first": "+31879000000", "last": "+31879000001", "partner": "NOBODY"}',
    headers: NDJSON,
    error: { code: 'unknown_partner', line: 1, column: 62 },
  },
  {
    name: 'broken NDJSON',
    file: '{"first": "+31879000000", "last": ',
    headers: NDJSON,
    error: { code: 'broken_json', line: 1, column: 35 },
  },
  {
    name: 'an unknown property in NDJSON',
    file: '\n{"frist": "+31879000000"}',
    headers: NDJSON,
    error: { code: 'unknown_column', line: 2, column: 11 },
  },
];

/** The same file about numbers that are in no block yet. */
function elsewhere(file: string | Buffer): string | Buffer {
  return Buffer.isBuffer(file) ? file : file.replaceAll('+31879', '+31878');
}

describe.each([
  ['block-imports', ofBlocks],
  ['assignment-imports', ofAssignments],
])('%s: one clear error with line and column, and nothing is changed', (path, bad) => {
  it.each(bad)('$name', async ({ file, headers, status = 422, error }) => {
    const answer = await upload(app, path, { mode: 'apply' }, file, headers).expect(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.body.errors[0]).toMatchObject(error);
    expect(answer.body.detail).not.toContain('AAAA');
    expect(await dump(app)).toEqual(before);
  });

  it('says all that is wrong with the rows at once, up to a hundred', async () => {
    const rows = Array.from({ length: 150 }, (_, i) => `+3187800${1000 + i},+31878000000,ALFA`);
    const third = path === 'block-imports' ? 'range_holder' : 'partner';
    const file = [`first,last,${third}`, ...rows].join('\n');
    const { body } = await upload(app, path, { mode: 'apply' }, file).expect(422);
    expect(body).toMatchObject({ code: 'rows_rejected', rejected: 150 });
    expect(body.errors.map(({ line }: { line: number }) => line)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 2),
    );
    expect(await dump(app)).toEqual(before);
  });

  it('gzip that is broken, or ends too early', async () => {
    const whole = gzipSync(`first,last\n${'+31878000000,+31878000000\n'.repeat(1000)}`);
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 0xff;
    for (const file of [whole.subarray(0, whole.length >> 1), flipped, Buffer.from('first,last\n')]) {
      const { body } = await upload(app, path, { mode: 'apply' }, file, {
        'Content-Encoding': 'gzip',
      }).expect(400);
      expect(body.code).toBe('malformed_body');
    }
    expect(await dump(app)).toEqual(before);
  });

  it('from somebody without a secret, however broken', async () => {
    for (const file of ['first,last\n', gzipSync('first,last\n').subarray(0, 20)]) {
      const request = app.http.post(`/v1/${path}?mode=apply`).set({ 'Content-Type': 'text/csv' });
      await request.set('Content-Encoding', 'gzip').send(file).expect(401);
    }
    await app.http.get('/health/live').expect(200);
  });

  it('another media type, another charset, another encoding', async () => {
    const file = `first,last\n+31878000000,+31878000000\n`;
    for (const type of ['application/octet-stream', 'text/csv; charset=iso-8859-1'])
      await upload(app, path, { mode: 'apply' }, file, { 'Content-Type': type }).expect(415);
    await upload(app, path, { mode: 'apply' }, file, { 'Content-Encoding': 'br' }).expect(415);
    expect(await dump(app)).toEqual(before);
  });

  it('a wrong query', async () => {
    for (const query of [
      {},
      { mode: 'try' },
      { mode: 'apply', hash: '12' },
      { mode: 'apply', partial: 'yes' },
      { mode: 'plan', force: 'true' },
    ])
      await upload(app, path, query as Record<string, string>, `first,last,partner\n${ROW}`).expect(422);
    expect(await dump(app)).toEqual(before);
  });

  describe.each([
    ['a length', (file: Buffer) => [`Content-Length: ${2 * file.length}`, file] as const],
    ['chunks', (file: Buffer) => ['Transfer-Encoding: chunked', inChunk(file)] as const],
    ['gzip', (file: Buffer) => [`Content-Encoding: gzip\r\nContent-Length: 100000`, gzipSync(file)] as const],
  ])('a connection with %s', (_, encode) => {
    it('that breaks half-way, which is the fault of the client', async () => {
      refusals.mockClear();
      const [header, bytes] = encode(Buffer.from('first,last\n+31878000000,+31878000000\n'));
      const socket = await open();
      const authorization = `Authorization: Bearer ${app.secrets.admin}`;
      socket.write(`POST /v1/${path}?mode=apply HTTP/1.1\r\nHost: test\r\n${authorization}\r\n`);
      socket.write(`Content-Type: text/csv\r\n${header}\r\n\r\n`);
      socket.write(bytes);
      await wait(100);
      socket.destroy();
      await until(() => refusals.mock.calls.length === 1);
      expect(refusals.mock.calls[0]![0]).toMatchObject({ code: 'malformed_body' });
      expect(await dump(app)).toEqual(before);
    });
  });
});

describe('good input that looks odd', () => {
  it.each([
    ['a BOM and CRLF', '\ufefffirst,last,partner\r\n+31879000001,+31879000001,ALFA\r\n'],
    ['no line end at the end', 'first,last,partner\n+31879000002,+31879000002,ALFA'],
    [
      'quotes, blank lines and another order',
      '"partner","last","first"\n\n"ALFA","+31879000003","+31879000003"\n\n',
    ],
    ['national and formatted numbers', 'first,last,partner\n087 900 0004,0031 (0)87-900.00.04,ALFA\n'],
  ])('%s', async (_, file) => {
    const { body } = await upload(app, 'assignment-imports', { mode: 'apply' }, file).expect(200);
    expect(body).toMatchObject({ state: 'applied', rows: 1, created: 1 });
  });
});

function inChunk(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(await app.app.getUrl());
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries === 50) throw new Error('it did not come true');
    await wait(50);
  }
}
