import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ENGINE_ENV, runsAsRoot, type Engine, type ServerUser } from './embedded-engine.js';

/** The folder of data that a server works on, who owns it, and the password of the superuser `postgres`. */
export interface Cluster {
  data: string;
  user: ServerUser;
  password: string;
}

const DRAFT = 'data.new-';

/**
 * How a server program is told its data folder, which is also its working directory.
 * Root's home is usually closed to the server's user (/root has mode 0700), yet data belongs in there. A process
 * may stay in a folder whose parents it cannot pass, and Node enters `cwd` before it drops root; PostgreSQL
 * makes every path absolute, but `/proc/self/cwd` is absolute and leads straight to that folder. So no mode is
 * loosened, no capability kept, nothing mounted.
 */
export function dataArgument(data: string): string {
  return runsAsRoot() && process.platform === 'linux' ? '/proc/self/cwd' : data;
}

/**
 * The cluster in `directory`, made on first use. `data` exists only complete: a draft is initialised under
 * another name and renamed, and what a killed first start left is swept. The password is older than `data`.
 * @throws Error of one line: the data is of another major version, the password is lost, initdb failed
 */
export async function prepareCluster(directory: string, engine: Engine, user: ServerUser): Promise<Cluster> {
  const data = join(directory, 'data');
  const passwordFile = join(directory, 'password');
  for (const name of await readdir(directory))
    if (name.startsWith(DRAFT)) await remove(join(directory, name));
  if (await exists(data)) await checkVersion(data, engine.major);
  else await createCluster(directory, data, passwordFile, engine, user);
  const password = (await readFile(passwordFile, 'utf8').catch(() => '')).trim();
  if (!password) throw new Error(`${passwordFile} is missing: put back the one that belongs to ${data}`);
  return { data, user, password };
}

async function checkVersion(data: string, major: string): Promise<void> {
  const found = (await readFile(join(data, 'PG_VERSION'), 'utf8')).trim();
  if (found === major) return;
  throw new Error(
    `${data} was made by PostgreSQL ${found} and this program brings ${major}: dump it with the old program, load it with this one`,
  );
}

async function createCluster(
  directory: string,
  data: string,
  passwordFile: string,
  engine: Engine,
  user: ServerUser,
): Promise<void> {
  await writePassword(passwordFile, user);
  const draft = join(directory, DRAFT + randomBytes(4).toString('hex'));
  await mkdir(draft, { mode: 0o700 });
  await give(draft, user);
  await runInitdb(draft, passwordFile, engine, user);
  if (runsAsRoot()) await chown(passwordFile, 0, 0);
  await rename(draft, data);
  await syncFolder(directory);
}

/** The server's user owns the file while initdb reads it: by its descriptor, for `directory` may be closed. */
async function writePassword(passwordFile: string, user: ServerUser): Promise<void> {
  await rm(passwordFile, { force: true });
  const file = await open(passwordFile, 'wx', 0o600);
  await file.writeFile(`${randomBytes(24).toString('base64url')}\n`);
  await file.sync();
  await file.close();
  await give(passwordFile, user);
}

/** The builtin locale sorts by code point and is the same on every system, whatever libc or ICU it has. */
async function runInitdb(
  draft: string,
  passwordFile: string,
  engine: Engine,
  user: ServerUser,
): Promise<void> {
  const password = await open(passwordFile, 'r');
  const words = [
    ['-D', dataArgument(draft), '--username=postgres', '--pwfile=/dev/stdin', '--auth=scram-sha-256'],
    ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ['--data-checksums', '--no-instructions'],
  ].flat();
  const options = { ...user, cwd: draft, env: ENGINE_ENV };
  const child = spawn(engine.initdb, words, { ...options, stdio: [password.fd, 'ignore', 'pipe'] });
  const lines: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => lines.push(line));
  const code = await new Promise<number | string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  await password.close();
  if (code === 0) return;
  await remove(draft);
  throw new Error(`the database could not be made: ${firstTrouble(lines) ?? `initdb ended with ${code}`}`);
}

/** What a server program said went wrong first, without its level; else its last line. */
export function firstTrouble(lines: readonly string[]): string | undefined {
  const trouble = /(?:FATAL|PANIC|error):\s+(.*)/;
  for (const line of lines) {
    const found = trouble.exec(line)?.[1];
    if (found) return found;
  }
  return lines.at(-1);
}

async function give(path: string, { uid, gid }: ServerUser): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/** Tries again: an initdb whose starter was killed may still be writing there. */
async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync();
  await folder.close();
}
