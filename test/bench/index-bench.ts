import { allocateColumns, COLUMN_NAMES, type Columns, RangeIndex } from '../../src/lookup/range-index.js';
import { type Match, RoutingIndex } from '../../src/lookup/routing-index.js';

/** Rates in finds a second, memory in bytes, times in milliseconds. */
export interface IndexFigures {
  ranges: number;
  /** `RangeIndex.find`: a number to a position. */
  findRate: number;
  /** `RoutingIndex.find`: a number to a match, past an empty layer of ports. */
  matchRate: number;
  /** The same, with every field of the match read. */
  readRate: number;
  bytes: number;
  buildMs: number;
  /** One row replaced by another. */
  changeMs: number;
}

const PROBES = 1 << 18;
const HELD = 0.95;

/**
 * Measures the index with as many ranges as are given, and the rate at most ranges over the rate at fewest.
 * The best of many short runs counts, in turn for each size, so that a busy machine disturbs all alike.
 */
export function benchIndex(sizes: readonly number[] = [1_000, 20_000, 1_000_000]): {
  sizes: IndexFigures[];
  findRatio: number;
  matchRatio: number;
} {
  const subjects = sizes.map(prepare);
  for (let round = 0; round < 5; round++) for (const subject of subjects) subject.run();
  const figures = subjects.map((subject) => subject.figures);
  const first = figures[0]!;
  const last = figures.at(-1)!;
  return {
    sizes: figures,
    findRatio: last.findRate / first.findRate,
    matchRatio: last.matchRate / first.matchRate,
  };
}

function prepare(size: number): { run: () => void; figures: IndexFigures } {
  const columns = clusteredRanges(size);
  const probes = probesOf(columns);
  const [index, buildMs] = timed(() => RangeIndex.build(columns));
  const none = allocateColumns(0);
  const layers = { number_port: none, assignment: columns, block: none };
  const routing = RoutingIndex.load({ serial: 1, at: 0, layers });
  const middle = rowOf(columns, size >>> 1);
  const change = { serial: 2, at: 0, layers: { assignment: { removed: [], rows: middle } } };
  const [, changeMs] = timed(() => routing.apply(change));
  const figures = {
    ranges: size,
    findRate: 0,
    matchRate: 0,
    readRate: 0,
    bytes: index.bytes,
    buildMs,
    changeMs,
  };
  const keepBest = (rate: 'findRate' | 'matchRate' | 'readRate', work: () => number) => {
    figures[rate] = Math.max(figures[rate], bestRate(work));
  };
  const run = () => {
    keepBest('findRate', () => findAll(index, probes));
    keepBest('matchRate', () => matchAll(routing, probes));
    keepBest('readRate', () => readAll(routing, probes));
  };
  return { run, figures };
}

function findAll(index: RangeIndex, probes: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < probes.length; i++) sum += index.find(probes[i]!);
  return sum;
}

/** Where a match goes, lest the compiler leaves out making one that nobody reads. */
let sink: Match | undefined;

function matchAll(routing: RoutingIndex, probes: Float64Array): number {
  for (let i = 0; i < probes.length; i++) sink = routing.find(probes[i]!);
  return sink ? 1 : 0;
}

function readAll(routing: RoutingIndex, probes: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < probes.length; i++) {
    const match = routing.find(probes[i]!);
    if (match) sum += match.id + match.first + match.last + match.target + match.from + match.to;
  }
  return sum;
}

function bestRate(work: () => number): number {
  let best = Infinity;
  for (let repetition = 0; repetition < 8; repetition++) best = Math.min(best, timed(work)[1]);
  return (PROBES / best) * 1000;
}

function timed<T>(work: () => T): [T, number] {
  const begin = performance.now();
  const result = work();
  return [result, performance.now() - begin];
}

/** Country code and digit count of the number blocks that the ranges lie in. */
const BLOCKS = [
  [352, 9],
  [32, 10],
  [31, 11],
  [32, 11],
  [33, 11],
  [44, 12],
  [49, 12],
  [31970, 13],
  [49, 13],
] as const;

/**
 * Sorted ranges as regulators hand them out: blocks of 10,000, some cut into ranges of 1,000 or 100 or into
 * single numbers, with gaps, in several countries and with several digit counts.
 */
export function clusteredRanges(size: number): Columns {
  const random = randomOf(1);
  const columns = allocateColumns(size);
  let filled = 0;
  const put = (first: number, last: number) => {
    columns.id[filled] = filled + 1;
    columns.first[filled] = first;
    columns.last[filled] = last;
    columns.target[filled] = 1 + Math.floor(random() * 400);
    columns.from[filled] = -Infinity;
    columns.to[filled++] = Infinity;
  };
  for (const [at, [country, digits]] of BLOCKS.entries()) {
    const limit = Math.floor((size * (at + 1)) / BLOCKS.length);
    const unit = 10 ** (digits - String(country).length);
    for (let first = country * unit + unit / 10; filled < limit; first += 10_000) {
      const kind = random();
      if (kind < 0.15) continue;
      const width = kind < 0.75 ? 10_000 : kind < 0.92 ? 1_000 : kind < 0.98 ? 100 : 1;
      const end = width === 1 ? first + 1_000 : first + 10_000;
      for (let part = first; part < end && filled < limit; part += width)
        if (width === 10_000 || random() < 0.9) put(part, part + width - 1);
    }
  }
  return columns;
}

/** Random numbers in random ranges, most of them held, the others near by. */
function probesOf({ length, first, last }: Columns): Float64Array {
  const random = randomOf(2);
  return Float64Array.from({ length: PROBES }, () => {
    const row = Math.floor(random() * length);
    if (random() >= HELD) return first[row]! + Math.floor(random() * 20_000) - 10_000;
    return first[row]! + Math.floor(random() * (last[row]! - first[row]! + 1));
  });
}

function rowOf(columns: Columns, i: number): Columns {
  const row = allocateColumns(1);
  for (const name of COLUMN_NAMES) row[name][0] = columns[name][i]!;
  return row;
}

/** A small generator of pseudo-random numbers in [0, 1) (mulberry32), so that every run measures the same. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
