import pg from 'pg';

import { loadView } from '../../src/lookup/registry-loading.js';
import { connectionAs } from '../../src/platform/database/data-source.js';
import { SystemClock } from '../../src/shared/clock.js';
import { serve } from './processes.js';
import { inTurn } from './rounds.js';

/** Milliseconds, one for each round. */
export interface LoadingReport {
  ours: number[];
  floor: number[];
}

/** All that an index needs of the rows, as pg gives it. */
const ROWS = 'SELECT id, numbers, effective, partner_id FROM assignment WHERE withdrawn_at IS NULL';

serve(async ({ url, rounds }: { url: string; rounds: number }): Promise<LoadingReport> => {
  const pool = new pg.Pool({ ...connectionAs('wegwijzer_service', url), max: 2 });
  const clock = new SystemClock();
  const load = () => timed(() => loadView(pool, clock));
  const select = () => timed(() => pool.query(ROWS));
  await load();
  await select();
  const report = await inTurn(rounds, load, select);
  await pool.end();
  return { ...report };
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  global.gc?.();
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
