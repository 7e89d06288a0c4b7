import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import pg from 'pg';

import { freePort, newHome, until } from './program.js';

const DEBIAN = '/usr/lib/postgresql';
const NOBODY = 65534;

/** The programs of a PostgreSQL before 18 that this machine happens to have; undefined where there is none. */
export function findOldPostgres(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  return versions
    .filter((version) => Number(version) < 18)
    .map((version) => join(DEBIAN, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'postgres')) && existsSync(join(bin, 'initdb')));
}

/** Runs it on a new cluster, as a user that PostgreSQL accepts, with the login `postgres` and no password. */
export async function startOldPostgres(bin: string): Promise<{ url: string; stop(): Promise<void> }> {
  const data = join(await newHome(), 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (user.uid) {
    for (const folder of [dirname(dirname(data)), dirname(data)]) chmodSync(folder, 0o755);
    chownSync(data, user.uid, user.gid);
  }
  const options = { ...user, cwd: data, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const words = ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync'];
  const made = spawnSync(join(bin, 'initdb'), words, { ...options, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...options, stdio: 'ignore' },
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await until(() => answers(url), 'the old PostgreSQL');
  return { url, stop: () => end(child) };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}

function end(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGINT');
  return gone;
}
