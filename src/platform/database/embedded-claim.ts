import { open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

const CLAIM = /^owner-(\d+)-(.+)$/;
const MARK = 'wegwijzer.data=';

/**
 * Claims `directory` for this process until the returned function is called or the process is gone.
 * A claim is an empty file that is named after the process: `owner-<pid>-<birth>`. Everybody writes their own
 * first and looks at the others second, so two never both succeed (two at the same moment may both fail);
 * the birth tells a process from a later one with the same pid. Processes of another pid namespace are not
 * seen: one volume must not be given to two containers.
 * @throws Error "another wegwijzer (pid N) runs on this home"
 */
export async function claimDirectory(directory: string): Promise<() => Promise<void>> {
  const mine = `owner-${process.pid}-${await birthOf(process.pid)}`;
  await createEmpty(join(directory, mine));
  // One that cannot be deleted ends with this process all the same.
  const release = () => rm(join(directory, mine), { force: true }).catch(() => undefined);
  for (const name of await readdir(directory)) {
    const [, pid, birth] = CLAIM.exec(name) ?? [];
    if (!pid || name === mine) continue;
    if ((await birthOf(Number(pid))) === birth) {
      await release();
      throw anotherRuns(Number(pid));
    }
    await rm(join(directory, name), { force: true });
  }
  return release;
}

const anotherRuns = (pid: number) => new Error(`another wegwijzer (pid ${pid}) runs on this home`);

async function createEmpty(file: string): Promise<void> {
  try {
    await (await open(file, 'wx', 0o600)).close();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? anotherRuns(process.pid) : error;
  }
}

/**
 * An argument for the server's command line by which `settleOrphan` knows it: the identity of the data folder,
 * which stays when the home is renamed and differs in a copy.
 */
export async function serverMark(data: string): Promise<string> {
  const { dev, ino } = await stat(data, { bigint: true });
  return `${MARK}${dev}-${ino}`;
}

/**
 * Clears the way on `data` after a predecessor that was killed. A server of its own that still runs is stopped
 * the proper way. A `postmaster.pid` whose pid now is another program's (usual in containers, where pids
 * are small) would stop PostgreSQL for ever; it is given our pid, which PostgreSQL takes for its parent's, and
 * not deleted, because PostgreSQL still checks by it that no process of the dead server uses the memory.
 * Call it only under the claim.
 */
export async function settleOrphan(data: string, log: (line: string) => void): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  const command = pid > 0 ? await commandOf(pid) : undefined;
  if (command === undefined) return;
  const mark = await serverMark(data);
  if (command.includes(mark)) {
    log(`stopping the server (pid ${pid}) that a killed wegwijzer left behind`);
    return stopOrphan(pid, mark);
  }
  const strange = basename(command[0] ?? '') === 'postgres' && !command.some((word) => word.startsWith(MARK));
  if (!strange) await writeFile(file, text.replace(/^\d+/, String(process.pid)));
}

async function stopOrphan(pid: number, mark: string): Promise<void> {
  for (const [signal, seconds] of [['SIGINT', 30] as const, ['SIGQUIT', 10] as const]) {
    tryKill(pid, signal);
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(25)) {
      if (!(await commandOf(pid))?.includes(mark)) return;
    }
  }
  throw new Error(`the server (pid ${pid}) that a killed wegwijzer left behind does not stop`);
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone just now, or another user's: the wait tells.
  }
}

/** The words of a process's command line; none of a zombie; undefined when there is no such process. */
async function commandOf(pid: number): Promise<string[] | undefined> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
    return text?.split('\0').filter(Boolean);
  }
  const text = await ps('args=', pid);
  return text?.split(' ');
}

/** What no other process with this pid has, before or after a reboot; undefined when it does not run. */
async function birthOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return (await ps('lstart=', pid))?.replace(/\W+/g, '-');
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name of the program, in brackets, may itself hold spaces; field 3 is the state, field 22 the start.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  if (!fields || fields[0] === 'Z') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${fields[19]}-${boot.slice(0, 8)}`;
}

async function ps(column: string, pid: number): Promise<string | undefined> {
  const run = promisify(execFile)('ps', ['-ww', '-o', column, '-p', String(pid)], { env: { LC_ALL: 'C' } });
  return run.then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}
