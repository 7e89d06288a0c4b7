import { createHash } from 'node:crypto';
import { RangePlanner } from './range-planner.js';
import type { Conflict, ExistingRow, NewRow, RangePlan, Rectangle } from './range-rows.js';
import { inSlices } from './sliced-work.js';

/**
 * Plans what `rows`, taken in their order, do to the rows of one layer. Pure but for the pauses: it lets the
 * event loop turn after every 20 ms.
 *
 * `existing` are disjoint and include at least all that overlap a new row; no rectangle is empty. Without
 * `carve` a row is accepted unless it overlaps an existing row or an accepted earlier one. With `carve` every
 * row takes its rectangle and the rest of what stood there stays, cut time-first (see `CarveSweep`); a row
 * that equals an existing or earlier one restores that one under its own id or line. A file that was applied
 * before changes nothing.
 */
export async function planRanges(
  existing: readonly ExistingRow[],
  rows: readonly NewRow[],
  options: { carve: boolean },
): Promise<RangePlan> {
  const plan = await inSlices(new RangePlanner(existing, rows).plan(options.carve));
  return plan.withdrawn.length > 0 && plan.inserted.length > 0 ? withoutRepeats(existing, plan) : plan;
}

/** Leaves standing what would be withdrawn and inserted again just as it is: nested rows of a file that comes anew. */
function withoutRepeats(existing: readonly ExistingRow[], plan: RangePlan): RangePlan {
  const withdrawn = new Set(plan.withdrawn);
  const standing = new Map<string, number>();
  for (const row of existing) if (withdrawn.has(row.id)) standing.set(keyOf(row), row.id);
  const inserted = plan.inserted.filter((row) => {
    const id = standing.get(keyOf(row));
    return id === undefined || !withdrawn.delete(id);
  });
  const changing = new Set(inserted.map((row) => row.line));
  const repeated = new Set(
    plan.inserted.map((row) => row.line).filter((line) => line !== null && !changing.has(line)),
  );
  return {
    ...plan,
    inserted,
    withdrawn: plan.withdrawn.filter((id) => withdrawn.has(id)),
    unchanged: plan.unchanged + repeated.size,
  };
}

function keyOf({ first, last, from, to, holder }: Rectangle & { holder: number }): string {
  return `${first} ${last} ${from} ${to} ${holder}`;
}

/**
 * SHA-256 (hex) of all that a plan says, in slices like `planRanges`. Plans of the same rows on the same layer
 * have the same digest, whatever order the existing rows came in. The instant `now` counts as "now", not as
 * itself: a plan and its apply, a minute later, say the same.
 */
export function planDigest(plan: RangePlan, now?: number): Promise<string> {
  return inSlices(digest(plan, now));
}

const DIGEST_VERSION = 1;
const CHUNK = 8192;
/** Stands for `null`: no id and no line is infinite. */
const NONE = -Infinity;
/** Stands for the instant `now`: no instant is so late. */
const NOW = Number.MAX_VALUE;

/** Hashes the figures as 64-bit floats, which is exact for numbers, instants and open ends. */
function* digest(plan: RangePlan, now?: number): Generator<void, string> {
  const hash = createHash('sha256');
  const chunk = new Float64Array(CHUNK);
  let filled = 0;
  for (const figures of figuresOf(plan, now)) {
    if (filled + figures.length > CHUNK) {
      hash.update(chunk.subarray(0, filled));
      filled = 0;
      yield;
    }
    chunk.set(figures, filled);
    filled += figures.length;
  }
  return hash.update(chunk.subarray(0, filled)).digest('hex');
}

/** Every list after its length, so that no two plans read the same. */
function* figuresOf(plan: RangePlan, now?: number): Generator<number[]> {
  const { inserted, shortened, withdrawn, rejects, unchanged } = plan;
  yield [DIGEST_VERSION, unchanged, inserted.length, shortened.length, withdrawn.length, rejects.length];
  for (const row of inserted) yield [...corners(row, now), row.holder, row.line ?? NONE, row.source ?? NONE];
  for (const { id, to } of shortened) yield [id, to === now ? NOW : to];
  for (const id of withdrawn) yield [id];
  for (const { line, total, conflicts } of rejects) {
    yield [line, total, conflicts.length];
    for (const conflict of conflicts) yield [...corners(conflict, now), ...nameOf(conflict)];
  }
}

function corners({ first, last, from, to }: Rectangle, now?: number): number[] {
  return [first, last, from === now ? NOW : from, to === now ? NOW : to];
}

function nameOf(conflict: Conflict): number[] {
  return 'id' in conflict ? [conflict.id, NONE] : [NONE, conflict.line];
}
