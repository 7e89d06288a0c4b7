import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import type { Credentials } from '../../src/first-start.js';

/** The program as an operator runs it: the build, in a process of its own. */
export interface Program {
  pid: number;
  child: ChildProcess;
  /** All that it wrote so far. */
  output: { stdout: string; stderr: string };
  /** Resolves to its address once it says that it is ready; rejects with its errors if it ends before. */
  ready: Promise<string>;
  /** Resolves when it is gone: its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

export interface ProgramOptions {
  /** Its settings; of this process's environment it sees only PATH. */
  env?: Record<string, string>;
  command?: [string, ...string[]];
  cwd?: string;
  uid?: number;
}

const started: Program[] = [];
const homes: string[] = [];

export function startProgram(options: ProgramOptions = {}): Program {
  const [file, ...words] = options.command ?? [process.execPath, '--enable-source-maps', 'dist/src/main.js'];
  const child = spawn(file, words, {
    cwd: options.cwd ?? process.cwd(),
    env: { PATH: process.env.PATH, PORT: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
  });
  const program = watch(child);
  started.push(program);
  return program;
}

function watch(child: ChildProcess): Program {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]!.setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal!)),
  );
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', () => {
      const address = /is ready on (http:\S+)[^]*\n\n[^]*\n\n/.exec(output.stdout)?.[1];
      if (address) resolve(address);
    });
    void ended.then((end) => reject(new Error(`the program ended with ${end}: ${output.stderr}`)));
  });
  ready.catch(() => undefined);
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  return { pid: child.pid!, child, output, ready, ended, stop };
}

/** A folder for one home, which does not exist yet; removed by `cleanUp`. */
export async function newHome(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'wegwijzer-e2e-'));
  homes.push(place);
  return join(place, 'home');
}

/** For `afterAll`: ends what is still running, embedded servers too, and removes the homes. */
export async function cleanUp(): Promise<void> {
  for (const program of started.splice(0)) {
    killGroup(program.pid);
    await program.ended;
  }
  for (const place of homes.splice(0)) {
    for (const home of await readdir(place)) await endServerOf(join(place, home));
    await rm(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** With what npm started in turn, and would leave behind. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it is gone.
  }
}

async function endServerOf(home: string): Promise<void> {
  const server = postmasterOf(home);
  if (server === undefined) return;
  process.kill(server, 'SIGQUIT');
  while (isAlive(server)) await sleep(20);
}

/** The process id of a home's embedded server; undefined when it does not run. */
export function postmasterOf(home: string): number | undefined {
  const file = join(home, 'postgres/data/postmaster.pid');
  if (!existsSync(file)) return undefined;
  const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return isAlive(pid) ? pid : undefined;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !existsSync('/proc/self/stat') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A connection to a home's embedded server as its superuser; undefined while it does not answer. */
export async function connectTo(home: string, database = 'wegwijzer'): Promise<pg.Client | undefined> {
  try {
    const port = Number(readFileSync(join(home, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[3]);
    const password = readFileSync(join(home, 'postgres/password'), 'utf8').trim();
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  } catch {
    return undefined;
  }
}

/** A port of this machine that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Waits until `test` gives something; throws after `seconds`. */
export async function until<T>(
  test: () => T | Promise<T>,
  what: string,
  seconds = 30,
): Promise<NonNullable<T>> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(20)) {
    const value = await test();
    if (value) return value;
  }
  throw new Error(`waited ${seconds} s in vain: ${what}`);
}

export interface Reply<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

/** One request in JSON; `secret` as the bearer. */
export async function call<Body = Record<string, unknown>>(
  url: string,
  secret?: string,
  body?: object,
): Promise<Reply<Body>> {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: {
      ...(secret && { Authorization: `Bearer ${secret}` }),
      ...(body && { 'Content-Type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

export interface Answer {
  outcome: string;
  partner: { code: string } | null;
  serial: number;
  receipt: { origin: string; index: number; leaf: string; opening: string };
}

/** A lookup on a ground that every authority of a first start may invoke. */
export function ask(url: string, secret: string, number: string, more: object = {}): Promise<Reply<Answer>> {
  const ground = { legal_basis: 'Sv 126n', case_reference: 'PL0900-2026-012345', requester: 'A-10472' };
  return call<Answer>(`${url}/v1/lookups`, secret, { number, ...ground, ...more });
}

/** The secrets that the first start on this home wrote. */
export function secretsOf(home: string): Credentials {
  return JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8')) as Credentials;
}
