import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { median } from './rounds.js';

/** What the figures were measured on. */
export interface Machine {
  cpu: string;
  cores: number;
  memory_gib: number;
  system: string;
  node: string;
  postgres: string;
  /** Median time to make 8 KiB durable where the data is; below 0.05 ms it hardly is a disk. */
  sync_ms: number;
  /** Processes that wanted to run during the minute before. */
  load: number;
}

export function describeMachine(directory: string, postgres: string): Machine {
  return {
    cpu: cpus()[0]!.model.trim(),
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    postgres,
    sync_ms: syncTime(directory),
    load: Math.round(loadavg()[0]! * 10) / 10,
  };
}

function syncTime(directory: string): number {
  const path = join(directory, 'sync-test');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(8192, 1);
  const times = Array.from({ length: 101 }, () => {
    const begin = performance.now();
    writeSync(file, block);
    fdatasyncSync(file);
    return performance.now() - begin;
  });
  closeSync(file);
  rmSync(path);
  return Math.round(median(times) * 1000) / 1000;
}
