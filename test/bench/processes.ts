import { type ChildProcess, fork, type Serializable, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a measured process is started with besides its program. */
export interface Surroundings {
  env?: Record<string, string>;
  /** Arguments of Node, such as those of its profiler. */
  nodeArguments?: string[];
}

const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** All that a process of ours sees of this one's environment. */
const BASE_ENV = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' };

/** A program of the bench in a process of its own; it answers messages in the order that it got them. */
export class Worker {
  private constructor(private readonly child: ChildProcess) {}

  static async start(program: string, { env, nodeArguments = [] }: Surroundings = {}): Promise<Worker> {
    const child = fork(fileURLToPath(new URL(program, import.meta.url)), {
      env: { ...BASE_ENV, ...env },
      execArgv: ['--enable-source-maps', ...nodeArguments],
      serialization: 'advanced',
    });
    track(child);
    const worker = new Worker(child);
    await worker.next();
    return worker;
  }

  async ask<Answer>(message: Serializable): Promise<Answer> {
    this.child.send(message);
    return (await this.next()) as Answer;
  }

  stop(): Promise<void> {
    return stop(this.child);
  }

  private async next(): Promise<unknown> {
    const { child } = this;
    const ended = new AbortController();
    const end = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`${child.spawnargs.at(-1)} ended with ${code}`);
    });
    try {
      const [answer] = (await Promise.race([once(child, 'message', { signal: ended.signal }), end])) as [
        unknown,
      ];
      return answer;
    } finally {
      end.catch(() => undefined);
      ended.abort();
    }
  }
}

/** The other side of a `Worker`: says that it is there, then answers message after message. */
export function serve<Message>(answer: (message: Message) => Promise<Serializable>): void {
  let last: Promise<void> = Promise.resolve();
  process.on('message', (message) => {
    last = last.then(async () => void process.send!(await answer(message as Message)));
  });
  process.on('disconnect', () => process.exit());
  process.send!('ready');
}

export interface Program {
  /** What the first line that matched the pattern held in its group. */
  found: string;
  stop(): Promise<void>;
}

/** Starts a program as its operator does, and waits for a line of its output. */
export async function startProgram(
  path: string,
  pattern: RegExp,
  { env, nodeArguments = [] }: Surroundings,
): Promise<Program> {
  const program = fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [...nodeArguments, '--enable-source-maps', program], {
    env: { ...BASE_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  track(child);
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (errors.push(line) > 5) errors.shift();
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const found = pattern.exec(line)?.[1];
    if (found === undefined) continue;
    child.stdout.resume();
    return { found, stop: () => stop(child) };
  }
  throw new Error(`${path} did not start: ${errors.join(' ')}`);
}

function track(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.disconnect();
  else child.kill('SIGTERM');
  await gone;
}
