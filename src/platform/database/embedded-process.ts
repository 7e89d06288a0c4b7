import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { serverMark } from './embedded-claim.js';
import { dataArgument, firstTrouble, type Cluster } from './embedded-cluster.js';
import { ENGINE_ENV, type Engine } from './embedded-engine.js';

export const HOST = '127.0.0.1';

const FAST_STOP_MS = 30_000;
const SILENT_START_MS = 60_000;
const ATTEMPTS = 10;

// What our own question for its readiness makes a recovering server write.
const TOO_EARLY = /FATAL: {2}the database system is (starting up|not yet accepting connections)/;

const READY = '(ready)';
const RECOVERING = '(recovering)';
const SILENT = '(silent)';
const WRONG_PASSWORD = ': the password file is not the one that belongs to the data';

/** A server process that answers, on `HOST`. */
export interface Running {
  child: ChildProcess;
  port: number;
  /** Resolves when the process is gone, with what it said last. */
  ended: Promise<string>;
}

/**
 * Starts a server and resolves once it answers. Tries again when another program took the port, or while
 * processes of a killed server still fade away.
 * @throws Error of one line with the server's FATAL
 */
export async function launch(
  engine: Engine,
  cluster: Cluster,
  settings: Record<string, string>,
  log: (line: string) => void,
): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const running = await run(engine, cluster, settings, log);
    const trouble = await untilReady(running, cluster.password);
    if (!trouble) return running;
    if (running.child.exitCode === null) await terminate(running.child, running.ended);
    const passes = /could not create any TCP\/IP sockets|pre-existing shared memory block/.test(trouble);
    if (!passes || attempt === ATTEMPTS) throw new Error(`the embedded PostgreSQL did not start: ${trouble}`);
    await sleep(attempt * 100);
  }
}

async function run(
  engine: Engine,
  { data, user }: Cluster,
  settings: Record<string, string>,
  log: (line: string) => void,
): Promise<Running> {
  const port = await freePort();
  const fixed = { listen_addresses: HOST, port: String(port), unix_socket_directories: '' };
  const words = Object.entries({ ...settings, ...fixed }).map(([name, value]) => `${name}=${value}`);
  words.push(await serverMark(data));
  const args = ['-D', dataArgument(data), ...words.flatMap((word) => ['-c', word])];
  const child = spawn(engine.postgres, args, {
    ...user,
    cwd: data,
    env: ENGINE_ENV,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = watch(child, log);
  child.unref();
  (child.stderr as Socket).unref();
  return { child, port, ended };
}

function watch(child: ChildProcess, log: (line: string) => void): Promise<string> {
  const tail: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (TOO_EARLY.test(line)) return;
    log(line);
    if (tail.push(line) > 10) tail.shift();
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      const last = () =>
        resolve(signal ? `ended by ${signal}` : (firstTrouble(tail) ?? `ended with code ${code}`));
      // Its last lines may come after its end; sessions that outlive it keep the pipe open.
      child.once('close', last);
      setTimeout(last, 250);
    });
  });
}

/** Undefined when the server answers; else why it never will. */
async function untilReady({ port, ended }: Running, password: string): Promise<string | undefined> {
  for (let heard = Date.now(); Date.now() - heard < SILENT_START_MS; await sleep(20)) {
    const state = await Promise.race([ended, connect(port, password)]);
    if (state === READY) return undefined;
    if (state === RECOVERING) heard = Date.now();
    // It may be another server that refuses us, which took the port; then ours is about to end.
    else if (state.endsWith(WRONG_PASSWORD)) return Promise.race([ended, sleep(500, state)]);
    else if (state !== SILENT) return state;
  }
  return `no answer in ${SILENT_START_MS / 1000} s`;
}

async function connect(port: number, password: string): Promise<string> {
  const connection = { host: HOST, port, user: 'postgres', password, database: 'postgres', ssl: false };
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return READY;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === '57P03') return RECOVERING;
    if (code === '28P01') return `${message}${WRONG_PASSWORD}`;
    return SILENT;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Asks for the fast stop, after 30 s for the immediate one; resolves with `gone`. */
export async function terminate(child: ChildProcess, gone: Promise<unknown>): Promise<void> {
  child.ref();
  child.kill('SIGINT');
  const late = sleep(FAST_STOP_MS, 'late', { ref: false });
  if ((await Promise.race([gone, late])) === 'late') child.kill('SIGQUIT');
  await gone;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, HOST, resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
