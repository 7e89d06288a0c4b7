import type { Columns } from './range-index.js';

const WORD = 2 ** 32;
/** A find compares this many neighbouring rows in a fixed number of steps. */
export const WINDOW = 16;

/**
 * Sorted rows. The lower halves of first and last stand apart: they are all that a find compares, eight bytes
 * a row, so that a million rows stay in the processor's cache. The target stands apart for the same reason. The
 * rest of a row is one record of 32 bytes.
 */
export class Rows {
  /** Lower halves of first and last; then `WINDOW` rows of padding. */
  readonly lows: Int32Array;
  private readonly targets: Int32Array;
  /** Records, as doubles: id, from, to; as words: the last two are the upper halves of first and last. */
  private readonly doubles: Float64Array;
  private readonly words: Int32Array;

  constructor(readonly count: number) {
    this.lows = new Int32Array(2 * (count + WINDOW));
    this.targets = new Int32Array(count);
    this.doubles = new Float64Array(4 * count);
    this.words = new Int32Array(this.doubles.buffer);
  }

  /** Sorts checked rows. */
  static from(columns: Columns): Rows {
    const rows = new Rows(columns.length);
    const order = orderOf(columns);
    for (let p = 0; p < rows.count; p++) rows.put(p, columns, order ? order[p]! : p);
    return rows;
  }

  get bytes(): number {
    return this.lows.byteLength + this.targets.byteLength + this.doubles.byteLength;
  }

  first(p: number): number {
    return this.words[8 * p + 6]! * WORD + (this.lows[2 * p]! >>> 0);
  }

  last(p: number): number {
    return this.words[8 * p + 7]! * WORD + (this.lows[2 * p + 1]! >>> 0);
  }

  id(p: number): number {
    return this.doubles[4 * p]!;
  }

  target(p: number): number {
    return this.targets[p]!;
  }

  from(p: number): number {
    return this.doubles[4 * p + 1]!;
  }

  to(p: number): number {
    return this.doubles[4 * p + 2]!;
  }

  /** How many rows, from `begin` on, begin at or before the number. */
  rank(number: number, begin = 0): number {
    let low = begin;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.first(middle) <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private put(p: number, columns: Columns, i: number): void {
    const { lows, targets, doubles, words } = this;
    const first = columns.first[i]!;
    const last = columns.last[i]!;
    lows[2 * p] = first | 0;
    lows[2 * p + 1] = last | 0;
    targets[p] = columns.target[i]!;
    doubles[4 * p] = columns.id[i]!;
    doubles[4 * p + 1] = columns.from[i]!;
    doubles[4 * p + 2] = columns.to[i]!;
    words[8 * p + 6] = first / WORD;
    words[8 * p + 7] = last / WORD;
  }

  /** Copies the rows `begin` to `end` (exclusive) of another to position `p`; returns the position after. */
  copy(p: number, other: Rows, begin: number, end: number): number {
    if (begin >= end) return p;
    this.lows.set(other.lows.subarray(2 * begin, 2 * end), 2 * p);
    this.targets.set(other.targets.subarray(begin, end), p);
    this.doubles.set(other.doubles.subarray(4 * begin, 4 * end), 4 * p);
    return p + end - begin;
  }
}

/** The order that sorts by first, or undefined where the columns are sorted already. */
function orderOf({ length, first }: Columns): Uint32Array | undefined {
  let i = 1;
  while (i < length && first[i - 1]! < first[i]!) i++;
  if (i >= length) return undefined;
  return Uint32Array.from({ length }, (_, k) => k).sort((a, b) => first[a]! - first[b]!);
}

/** The old rows without the dropped positions (ascending), and the added ones, in order. */
export function merge(old: Rows, dropped: readonly number[], added: Rows): Rows {
  const rows = new Rows(old.count - dropped.length + added.count);
  let p = 0;
  let next = 0;
  let drop = 0;
  const keepUntil = (end: number) => {
    for (; drop < dropped.length && dropped[drop]! < end; drop++) {
      p = rows.copy(p, old, next, dropped[drop]!);
      next = dropped[drop]! + 1;
    }
    p = rows.copy(p, old, next, end);
    next = end;
  };
  for (let a = 0; a < added.count;) {
    keepUntil(old.rank(added.first(a), next));
    const begin = a;
    const limit = next < old.count ? old.first(next) : Infinity;
    while (a < added.count && added.first(a) < limit) a++;
    p = rows.copy(p, added, begin, a);
  }
  keepUntil(old.count);
  return rows;
}
