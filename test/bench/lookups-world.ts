import type { Worker } from './processes.js';
import type { LoadJob, LoadReport } from './load.js';
import type { World } from './world.js';

export const LOOKUPS_DATABASE = 'bench_lookups';

/** A range that is held now, and by whom. */
export interface HeldRange {
  first: number;
  last: number;
  code: string;
}

/** Ranges of the demo that are held for the next hour, with no number port in them. */
export function heldRanges(world: World): Promise<HeldRange[]> {
  return world.query<HeldRange & { [column: string]: unknown }>(
    LOOKUPS_DATABASE,
    `SELECT lower(numbers) AS first, upper(numbers) - 1 AS last, partner.code
     FROM assignment JOIN partner ON partner.id = partner_id
     WHERE effective @> tstzrange(now(), now() + '1 hour') AND withdrawn_at IS NULL
       AND NOT EXISTS (SELECT FROM number_port WHERE number_port.numbers && assignment.numbers)
     ORDER BY lower(numbers)`,
  );
}

/** So many different numbers out of the ranges, every time the same. */
export function numbersIn(ranges: readonly HeldRange[], count: number): { number: string; code: string }[] {
  return Array.from({ length: count }, (_, place) => {
    const { first, last, code } = ranges[(place * 7_919) % ranges.length]!;
    const number = first + ((place * 104_729) % (last - first + 1));
    return { number: `+${number}`, code };
  });
}

/** What an authority sends along with the number or the numbers. */
export function groundOf(place: number): { legal_basis: string; case_reference: string; requester: string } {
  return {
    legal_basis: 'Sv 126n',
    case_reference: `PL0900-2026-${String(100_000 + (place % 900_000))}`,
    requester: `A-${10_000 + (place % 90_000)}`,
  };
}

export async function logSize(world: World): Promise<number> {
  const [head] = await world.query<{ size: number }>(LOOKUPS_DATABASE, 'SELECT size FROM log_head');
  return head!.size;
}

/** Answers a second. Throws where an answer was none. */
export async function loadWith(load: Worker, job: LoadJob): Promise<LoadReport & { rate: number }> {
  const report = await load.ask<LoadReport>({ ...job });
  if (report.failed > 0) throw new Error(`${report.failed} of ${job.amount} requests to ${job.url} failed`);
  return { ...report, rate: (report.answered - 1) / report.seconds };
}

/** As many requests as take about so long, found by a warm-up. */
export async function amountFor(seconds: number, load: Worker, job: LoadJob): Promise<number> {
  await loadWith(load, job);
  const { rate } = await loadWith(load, job);
  return Math.max(job.connections * 2, Math.round(rate * seconds));
}
