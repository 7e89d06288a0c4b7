import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, describe, expect, it } from '@jest/globals';

import {
  type Answer,
  ask,
  call,
  cleanUp,
  connectTo,
  newHome,
  postmasterOf,
  type Program,
  secretsOf,
  startProgram,
  until,
} from '../support/program.js';

afterAll(cleanUp);

const start = (home: string, env: Record<string, string> = {}) =>
  startProgram({ env: { WEGWIJZER_HOME: home, ...env } });

const modeOf = (path: string) => statSync(path).mode & 0o777;

/** The command that the terminal shows, as a person copies it. */
const commandIn = ({ output }: Program) => output.stdout.slice(output.stdout.indexOf('  curl '));

async function entryAt(url: string, home: string, index: number): Promise<string> {
  const { body } = await call<{ leaf: string }>(`${url}/v1/log-entries/${index}`, secretsOf(home).auditor);
  return body.leaf;
}

/** How many rows of each kind there are, and whether the log has a gap. */
async function inventory(home: string): Promise<Record<string, number>> {
  const client = (await connectTo(home))!;
  const count = (table: string) => `(SELECT count(*)::int FROM ${table}) AS ${table}`;
  const tables = 'partner authority credential number_block assignment number_port registry_change log_entry';
  const { rows } = await client.query<Record<string, number>>(
    `SELECT ${tables.split(' ').map(count)}, (SELECT size::int FROM log_head) AS size,
       (SELECT max(index)::int + 1 FROM log_entry) AS next`,
  );
  await client.end();
  return rows[0]!;
}

async function portIsFree(url: string): Promise<boolean> {
  const server = createServer();
  const free = await new Promise((resolve) =>
    server
      .once('error', () => resolve(false))
      .listen(Number(new URL(url).port), '127.0.0.1', () => resolve(true)),
  );
  await new Promise((resolve) => server.close(resolve));
  return free === true;
}

describe('on an empty home', () => {
  let home: string;
  let asked: Answer;

  it('a first start makes everything, and says where it is and what to paste', async () => {
    home = `${await newHome()} of $(the) "signpost's"`;
    const program = start(home);
    const url = await program.ready;

    expect(modeOf(join(home, 'credentials.json'))).toBe(0o600);
    expect(modeOf(join(home, 'auditor.key'))).toBe(0o600);
    const secrets = secretsOf(home);
    expect(Object.keys(secrets)).toEqual(['admin', 'auditor', 'authority', 'partners']);
    expect(Object.keys(secrets.partners!).length).toBeGreaterThan(0);
    expect(readFileSync(join(home, 'auditor.key'), 'utf8')).toMatch(
      /^# public key: age1.*\nAGE-SECRET-KEY-1.*\n$/,
    );

    for (const shown of [`${home}/credentials.json`, `${home}/auditor.key`])
      expect(program.output.stdout).toContain(shown);
    const addresses = program.output.stdout.match(/http:\/\/\S+(docs|ready|metrics)$/gm)!;
    expect(addresses).toHaveLength(3);
    for (const address of addresses) expect((await fetch(address)).status).toBe(200);
    expect(program.output.stderr).toBe('');
    for (const secret of [secrets.admin, secrets.auditor, secrets.authority])
      expect(program.output.stdout).not.toContain(secret);

    const partners = await call<{ items: { code: string }[] }>(
      `${url}/v1/partners?limit=1000`,
      secrets.admin,
    );
    expect(partners.body.items.length).toBeGreaterThanOrEqual(300);
    asked = (await ask(url, secrets.authority, '+31850210123')).body;
    expect(asked).toMatchObject({ outcome: 'held', partner: { code: 'VOORBEELD' } });

    if (spawnSync('curl', ['--version']).error) console.warn('curl is not installed: nothing was pasted');
    else {
      const answer = JSON.parse(
        execFileSync('sh', ['-c', commandIn(program)], { encoding: 'utf8' }),
      ) as Answer;
      expect(answer).toMatchObject({ outcome: 'held', receipt: { index: asked.receipt.index + 1 } });
    }
    expect(await program.stop()).toBe(0);
    expect(postmasterOf(home)).toBeUndefined();
    expect(await portIsFree(url)).toBe(true);
  });

  it('a second start goes on where the first ended, also after kill -9', async () => {
    const before = readFileSync(join(home, 'credentials.json'), 'utf8');
    let last = asked.receipt.index;
    for (const end of ['SIGKILL', 'SIGTERM'] as const) {
      const program = start(home);
      const url = await program.ready;
      const secrets = secretsOf(home);
      expect(await entryAt(url, home, asked.receipt.index)).toBe(asked.receipt.leaf);
      const again = await ask(url, secrets.authority, '+31850210123');
      expect(again.body).toMatchObject({ outcome: 'held', serial: asked.serial });
      expect(again.body.receipt.origin).toBe(asked.receipt.origin);
      expect(again.body.receipt.index).toBeGreaterThan(last);
      last = again.body.receipt.index;
      expect(commandIn(program)).toContain('credentials.json');
      const code = await program.stop(end);
      expect(code).toBe(end === 'SIGTERM' ? 0 : 'SIGKILL');
    }
    expect(readFileSync(join(home, 'credentials.json'), 'utf8')).toBe(before);
    expect(postmasterOf(home)).toBeUndefined();
  });

  it('a first start that is killed, again and again, is completed by the next', async () => {
    const other = await newHome();
    const has = (table: string) => async () => {
      const client = await connectTo(other);
      const found = await client?.query(`SELECT FROM ${table} LIMIT 1`).catch(() => undefined);
      await client?.end();
      return (found?.rowCount ?? 0) > 0;
    };
    const folder = join(other, 'postgres');
    const moments: [string, () => boolean | Promise<boolean>][] = [
      ['initdb', () => existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('data.new'))],
      ["the auditor's key", () => existsSync(join(other, 'auditor.key'))],
      ['the partners', has('partner')],
      ['the blocks', has('number_block')],
      ['the assignments', has('assignment')],
      ['the credentials', () => existsSync(join(other, 'credentials.json'))],
    ];
    for (const [moment, reached] of moments) {
      const program = start(other);
      await until(reached, moment);
      expect(await program.stop('SIGKILL')).toBe('SIGKILL');
    }
    const program = start(other);
    const url = await program.ready;
    const undisturbed = start(home);
    await undisturbed.ready;
    const found = await inventory(other);
    const lookups = { log_entry: expect.any(Number), size: found.log_entry, next: found.log_entry };
    expect(found).toEqual({ ...(await inventory(home)), ...lookups });
    const answer = await ask(url, secretsOf(other).authority, '+31850210123');
    expect(answer.body).toMatchObject({ outcome: 'held', receipt: { index: found.size } });
    const client = (await connectTo(other))!;
    const { rows } = await client.query<{ recipient: string }>('SELECT recipient FROM auditor_recipient');
    await client.end();
    expect(rows).toHaveLength(1);
    expect(readFileSync(join(other, 'auditor.key'), 'utf8')).toContain(rows[0]!.recipient);
    expect(await Promise.all([program.stop(), undisturbed.stop()])).toEqual([0, 0]);
  });
});

describe('a stop', () => {
  let home: string;

  it('in the middle of the first start takes the embedded server down too', async () => {
    home = await newHome();
    const interrupted = start(home, { WEGWIJZER_DEMO: '0' });
    await until(() => existsSync(join(home, 'postgres/password')), 'initdb');
    process.kill(-interrupted.pid, 'SIGINT'); // as Ctrl-C does: to all that the terminal started
    expect(await interrupted.ended).toBe(0);

    const program = start(home, { WEGWIJZER_DEMO: '0' });
    await until(() => postmasterOf(home), 'the embedded server');
    expect(await program.stop('SIGHUP')).toBe(0);
    expect(postmasterOf(home)).toBeUndefined();
    expect([interrupted.output, program.output]).toEqual([
      { stdout: '', stderr: '' },
      { stdout: '', stderr: '' },
    ]);
  });

  it('WEGWIJZER_DEMO=0 gives an empty registry; SIGTERM lets all that is in flight get its answer', async () => {
    const program = start(home, { WEGWIJZER_DEMO: '0' });
    const url = await program.ready;
    const { admin, authority, partners } = secretsOf(home);
    expect(partners).toBeUndefined();
    expect((await call(`${url}/v1/partners`, admin)).body.items).toEqual([]);

    const head = (await connectTo(home))!;
    const watch = (await connectTo(home))!;
    await head.query('BEGIN; SELECT FROM log_head FOR UPDATE');
    const lookups = Array.from({ length: 200 }, (_, i) => ask(url, authority, `+3185021${1000 + i}`));
    const rows = Array.from({ length: 5_000 }, (_, i) => `+318502${10_000 + i},+318502${10_000 + i}\n`);
    const loading = fetch(`${url}/v1/block-imports?mode=apply`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${admin}`, 'Content-Type': 'text/csv' },
      body: `first,last\n${rows.join('')}`,
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let heard = '';
    socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
    const body = `{"number":"+31850210000","legal_basis":"Sv 126n","case_reference":"PL-1","requester":"A-1"}`;
    const address = `Host: x\r\nAuthorization: Bearer ${authority}\r\n`;
    socket.write(
      `POST /v1/lookups HTTP/1.1\r\n${address}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await until(async () => {
      const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ `;
      const change = await watch.query(`${waiting} 'log_append_change'`);
      const entries = await watch.query(`${waiting} 'log_append\\('`);
      return change.rowCount! > 0 && entries.rowCount! > 0;
    }, 'an import and a lookup that wait for the head');
    await sleep(300);

    program.child.kill('SIGTERM');
    await until(
      () =>
        fetch(`${url}/health/live`).then(
          () => false,
          () => true,
        ),
      'refused connections',
    );
    socket.write(`GET /health/live HTTP/1.1\r\n${address}\r\n`);
    await sleep(100);
    expect(heard).toBe('');
    await head.query('COMMIT');
    const released = Date.now();

    const answers = await Promise.all(lookups);
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => answer.body.receipt.index)).size).toBe(200);
    const loaded = await loading;
    expect([loaded.status, await loaded.json()]).toEqual([200, expect.objectContaining({ created: 5_000 })]);
    expect(await program.ended).toBe(0);
    expect(Date.now() - released).toBeLessThan(10_000);
    expect(heard.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    expect(postmasterOf(home)).toBeUndefined();
    expect(await portIsFree(url)).toBe(true);
    expect(program.output.stderr).not.toMatch(/"level":"error"|at .*:\d+:\d+/);
  });

  it('of the embedded server alone ends the program with one line that says so', async () => {
    const program = start(home, { WEGWIJZER_DEMO: '0' });
    await program.ready;
    process.kill(postmasterOf(home)!, 'SIGKILL');
    expect(await program.ended).toBe(1);
    expect(program.output.stderr.split('\n').filter((line) => !line.startsWith('{'))).toEqual([
      expect.stringMatching(/^wegwijzer: the embedded PostgreSQL has stopped \(.*\): start again$/),
      '',
    ]);
  });

  it('reaches the program through npm start', async () => {
    const program = startProgram({
      env: { WEGWIJZER_HOME: home, HOME: home, npm_config_update_notifier: 'false' },
      command: ['npm', 'start'],
    });
    const url = await program.ready;
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await program.stop()).toBe(0);
    expect(postmasterOf(home)).toBeUndefined();
    expect(await portIsFree(url)).toBe(true);
  });
});
