import { setImmediate as nextTurn } from 'node:timers/promises';

const SLICE_MS = 20;
const SHORT_RUN = 16;

/**
 * Runs work that pauses itself by `yield`, and lets the event loop turn after every 20 ms of it: lookups are
 * answered in the same process.
 */
export async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  let pauseAt = performance.now() + SLICE_MS;
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() < pauseAt) continue;
    await nextTurn();
    pauseAt = performance.now() + SLICE_MS;
  }
}

type Compare = (a: number, b: number) => number;

const NO_PAUSE: readonly undefined[] = [];

/**
 * Sorts the first `count` of `items` in place, stable; a long sort pauses on the way. A natural merge sort:
 * what is in order already costs one pass. A short one makes no generator: there may be a million of them.
 */
export function sortIndexes(items: Uint32Array, count: number, compare: Compare): Iterable<void> {
  if (count > SHORT_RUN) return mergeSort(items, count, compare);
  for (let i = 1; i < count; i++) insert(items, 0, i, compare);
  return NO_PAUSE;
}

/** Adds `items`, in order, to `target` (a new array unless given), in slices. May sort `items` itself. */
export function* sorted<T>(
  items: T[],
  compare: (a: T, b: T) => number,
  target: T[] = [],
): Generator<void, T[]> {
  if (items.length <= SHORT_RUN) {
    for (const item of items.sort(compare)) target.push(item);
    return target;
  }
  const order = new Uint32Array(items.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  yield* sortIndexes(order, order.length, (a, b) => compare(items[a]!, items[b]!));
  for (let i = 0; i < order.length; i++) {
    target.push(items[order[i]!]!);
    if ((i & 0x3fff) === 0) yield;
  }
  return target;
}

function* mergeSort(items: Uint32Array, count: number, compare: Compare): Generator<void> {
  let bounds = yield* orderedRuns(items, count, compare);
  if (bounds.length <= 2) return;
  let source = items;
  let target: Uint32Array = new Uint32Array(count);
  while (bounds.length > 2) {
    const merged = [0];
    for (let i = 0; i + 1 < bounds.length; i += 2) {
      const end = bounds[i + 2] ?? count;
      yield* merge(source, target, bounds[i]!, bounds[i + 1]!, end, compare);
      merged.push(end);
    }
    bounds = merged;
    [source, target] = [target, source];
  }
  if (source !== items) items.set(source.subarray(0, count));
}

/** Where each ordered run starts, and `count` as the last; a short run is made longer by insertion. */
function* orderedRuns(items: Uint32Array, count: number, compare: Compare): Generator<void, number[]> {
  const starts = [0];
  let from = 0;
  for (let i = 1; i < count; i++) {
    if ((i & 0x3fff) === 0) yield;
    if (compare(items[i - 1]!, items[i]!) <= 0) continue;
    if (i - from >= SHORT_RUN) {
      starts.push(i);
      from = i;
      continue;
    }
    insert(items, from, i, compare);
  }
  starts.push(count);
  return starts;
}

/** Moves item `at` down to its place among those from `from` on. */
function insert(items: Uint32Array, from: number, at: number, compare: Compare): void {
  const item = items[at]!;
  let to = at;
  for (; to > from && compare(items[to - 1]!, item) > 0; to--) items[to] = items[to - 1]!;
  items[to] = item;
}

function* merge(
  source: Uint32Array,
  target: Uint32Array,
  start: number,
  middle: number,
  end: number,
  compare: Compare,
): Generator<void> {
  let left = start;
  let right = middle;
  for (let to = start; to < end; to++) {
    if ((to & 0x3fff) === 0) yield;
    const takeLeft = left < middle && (right >= end || compare(source[left]!, source[right]!) <= 0);
    target[to] = takeLeft ? source[left++]! : source[right++]!;
  }
}
