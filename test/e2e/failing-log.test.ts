import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { createSecret } from '../../src/partners/secret.js';
import { DatabaseServer } from '../support/database-server.js';
import {
  type Answer,
  ask,
  call,
  cleanUp,
  newHome,
  type Program,
  type Reply,
  secretsOf,
  startProgram,
  until,
} from '../support/program.js';

let database: DatabaseServer;
let home: string;
let program: Program;
let url: string;
let authority: string;
let admin: string;

async function startNode(): Promise<void> {
  const env = { DATABASE_URL: database.url(), WEGWIJZER_HOME: home, LOG_LEVEL: 'error' };
  program = startProgram({ env });
  url = await program.ready;
}

beforeAll(async () => {
  database = await DatabaseServer.start();
  home = await newHome();
  await startNode();
  ({ authority, admin } = secretsOf(home));
});
afterAll(async () => {
  await program.stop();
  await database.stop();
  await cleanUp();
});

const NUMBER = '+31850219876';
const lookUp = (number = NUMBER) => ask(url, authority, number, { case_reference: 'PL-SECRET-77' });

function lookUpMany(numbers: string[]): Promise<Reply<{ results: Answer[] }>> {
  const ground = { legal_basis: 'Sv 126n', case_reference: 'PL-SECRET-77', requester: 'A-1' };
  return call<{ results: Answer[] }>(`${url}/v1/lookup-batches`, authority, { numbers, ...ground });
}

async function expectUnavailable(reply: Reply<unknown>): Promise<void> {
  expect(reply.status).toBe(503);
  expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(reply.body).toMatchObject({ status: 503, code: 'unavailable', detail: expect.any(String) });
  expect(JSON.stringify(reply.body)).not.toMatch(/85021|9876|PL-SECRET|held|not_ours/);
}

interface LogState {
  size: number;
  entries: number;
  next: number;
}

async function logState(): Promise<LogState> {
  const [state] = await database.query<LogState>(
    'wegwijzer',
    `SELECT (SELECT size::int FROM log_head), count(*)::int AS entries, coalesce(max(index) + 1, 0)::int AS next
     FROM log_entry`,
  );
  expect([state!.entries, state!.next]).toEqual([state!.size, state!.size]);
  return state!;
}

/** Takes the head, so that no entry can be appended; answers how to give it back. */
async function holdHead(): Promise<() => Promise<void>> {
  const client = await database.connect();
  await client.query('BEGIN; SELECT FROM log_head FOR UPDATE');
  return () => client.end();
}

async function readiness(): Promise<[number, unknown]> {
  const { status, body } = await call(`${url}/health/ready`);
  return [status, body.checks];
}

async function expectRecovery(): Promise<void> {
  const since = Date.now();
  await until(async () => (await lookUp()).status === 200, 'a lookup that is answered again', 10);
  await until(async () => (await readiness())[0] === 200, 'readiness', 10);
  expect(Date.now() - since).toBeLessThan(5_000);
  const partner = { code: `P${Date.now() % 1e9}`, name: 'P', disclosure: { mode: 'registry' } };
  const contact = { name: 'A', email: 'a@b.example', phone: '1' };
  expect((await call(`${url}/v1/partners`, admin, { ...partner, contact })).status).toBe(201);
  const changes = await database.query<{ serial: number }>('wegwijzer', 'SELECT serial FROM log_head');
  expect((await lookUp()).body.serial).toBe(Number(changes[0]!.serial));
  await logState();
}

describe('without its database', () => {
  it('the service says 503 and what fails, and goes on by itself once the database is back', async () => {
    expect((await lookUp()).status).toBe(200);
    const before = await logState();
    await database.pause();
    for (let i = 0; i < 3; i++) await expectUnavailable(await lookUp());
    await expectUnavailable(await lookUpMany([NUMBER, NUMBER]));
    await expectUnavailable(await ask(url, authority, NUMBER, { at: '2020-01-01T00:00:00Z' }));
    await expectUnavailable(await call(`${url}/v1/partners`, admin));
    expect(await readiness()).toEqual([503, { registry: 'ok', log: 'failing' }]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    await database.resume();
    expect((await logState()).size).toBe(before.size);
    await expectRecovery();
  });

  it('a crash under statements that wait leaves no request without an answer, and the program alive', async () => {
    await holdHead();
    // A secret that is not known makes the node catch up, within a transaction.
    await database.connect().then((client) => client.query('BEGIN; LOCK TABLE registry_change'));
    const asked = [
      ask(url, createSecret('authority'), NUMBER),
      ...Array.from({ length: 20 }, () => lookUp()),
      ask(url, authority, NUMBER, { at: '2020-01-01T00:00:00Z' }),
      call(`${url}/v1/block-imports?mode=apply`, admin, {}),
      call(`${url}/v1/blocks`, admin, { first: '+31850990000', last: '+31850990009' }),
    ];
    await sleep(500);
    await database.crash();
    const replies = await Promise.all(asked);
    for (const reply of replies.slice(0, 22)) await expectUnavailable(reply);
    await expectUnavailable(replies.at(-1)!);
    await database.resume();
    await expectRecovery();
  });
});

describe('while the head of the log is held', () => {
  it('no answer leaves; all leave once it is free', async () => {
    const release = await holdHead();
    let answered = 0;
    const asked = Array.from({ length: 50 }, () => lookUp().finally(() => (answered += 1)));
    await sleep(1_500);
    expect(answered).toBe(0);
    await release();
    const replies = await Promise.all(asked);
    expect(new Set(replies.map((reply) => reply.status))).toEqual(new Set([200]));
  });

  it('for long, questions get 503, and what they waited for is not written later', async () => {
    const before = await logState();
    const release = await holdHead();
    const replies = await Promise.all([lookUp(), lookUp()]);
    for (const reply of replies) await expectUnavailable(reply);
    await release();
    await sleep(300);
    expect(await logState()).toEqual(before);
  });

  it('a full queue refuses whole batches at once, and does not grow', async () => {
    const numbers = Array.from({ length: 10_000 }, (_, i) => `+3185021${1000 + (i % 9000)}`);
    const sendMany = (count: number) => Array.from({ length: count }, () => lookUpMany(numbers));
    const before = await logState();
    const release = await holdHead();
    const first = sendMany(8);
    await until(async () => (await queueDepth()) > 40_000, 'a full queue', 8);
    const memory = memoryOf(program);
    const second = await Promise.all(sendMany(24));
    for (const reply of second) await expectUnavailable(reply);
    const filling = Array.from({ length: 3 }, () => lookUpMany(numbers.slice(0, 1000)));
    await expectUnavailable(await Promise.race(filling));
    expect(await queueDepth()).toBeLessThanOrEqual(50_000);
    expect(memoryOf(program) - memory).toBeLessThan(150);
    await release();

    const answers = await Promise.all([...first, ...filling]);
    const good = answers.filter((reply) => reply.status === 200);
    for (const reply of answers) if (reply.status !== 200) await expectUnavailable(reply);
    expect(good.length).toBeGreaterThanOrEqual(4);
    const indexes = good.flatMap((reply) => reply.body.results.map((result) => result.receipt.index));
    expect(new Set(indexes).size).toBe(indexes.length);
    expect((await logState()).size - before.size).toBe(indexes.length);
    await expectRecovery();
  });
});

async function queueDepth(): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^wegwijzer_log_queue_depth (\d+)$/m.exec(text)![1]);
}

/** Resident memory in MB; 0 where the system does not tell. */
function memoryOf({ pid }: Program): number {
  const file = `/proc/${pid}/status`;
  const found = existsSync(file) ? /VmRSS:\s+(\d+) kB/.exec(readFileSync(file, 'utf8')) : null;
  return Number(found?.[1] ?? 0) / 1024;
}

describe('a service that is killed under load', () => {
  it('has the entry of every receipt that a client holds, and a log without gaps', async () => {
    const receipts = new Map<number, string>();
    for (let round = 1; round <= 4; round++) {
      let loading = true;
      const client = async () => {
        while (loading) {
          const reply = await lookUp().catch(() => undefined);
          if (reply?.status !== 200) continue;
          const { index, leaf } = reply.body.receipt;
          expect(receipts.has(index)).toBe(false);
          receipts.set(index, leaf);
        }
      };
      const had = receipts.size;
      const clients = Array.from({ length: 16 }, client);
      try {
        await until(() => receipts.size > had + 100 * round, 'some receipts', 10);
      } finally {
        const killed = program.stop('SIGKILL');
        if (round % 2 === 0) await database.crash();
        await killed;
        loading = false;
        await Promise.all(clients);
      }
      if (round % 2 === 0) await database.resume();
      await startNode();
      await checkReceipts(receipts);
    }
  });

  async function checkReceipts(receipts: Map<number, string>): Promise<void> {
    const { size } = await logState();
    const rows = await database.query<{ index: string; leaf: Buffer }>(
      'wegwijzer',
      'SELECT index, leaf FROM log_entry',
    );
    const leaves = new Map(rows.map((row) => [Number(row.index), row.leaf.toString('base64')]));
    for (const [index, leaf] of receipts) expect([index, leaves.get(index)]).toEqual([index, leaf]);
    expect((await lookUp()).body.receipt.index).toBe(size);
  }
});
