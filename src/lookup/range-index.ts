// Owns: the rows of one layer that are effective at one instant, sorted, and the directory that finds them.
// Invariant: valid, disjoint rows; nothing changes after construction, so no reader meets half a change.
// On failure: `build` and `with` throw and name the rows; no row is ever skipped, the index before stands.
// Budget: 64 bytes a row; 5 million finds a second, as many at 1,000,000 rows as at 1,000 (index-bench.ts).

/** Who holds a number range for an effective period: one row of a layer. */
export interface Row {
  /** A positive integer, unique within the layer. */
  id: number;
  first: number;
  last: number;
  /** An int32 whose meaning the layer gives, such as a partner's row id. */
  target: number;
  /** The effective period `[from, to)` in milliseconds since the epoch; an infinity is an open end. */
  from: number;
  to: number;
}

/** Rows as columns, in any order; only the first `length` elements of each array count. */
export interface Columns {
  length: number;
  id: Float64Array;
  first: Float64Array;
  last: Float64Array;
  target: Int32Array;
  from: Float64Array;
  to: Float64Array;
}

/** Columns with room for `length` rows, for the caller to fill. */
export function allocateColumns(length: number): Columns {
  const column = () => new Float64Array(length);
  return {
    length,
    id: column(),
    first: column(),
    last: column(),
    target: new Int32Array(length),
    from: column(),
    to: column(),
  };
}

/** The columns of a few rows. Throws where a target is no int32. */
export function columnsOf(rows: readonly Row[]): Columns {
  const columns = allocateColumns(rows.length);
  rows.forEach((row, i) => {
    if ((row.target | 0) !== row.target) throw new Error(`row ${row.id}: the target is no int32`);
    columns.id[i] = row.id;
    columns.first[i] = row.first;
    columns.last[i] = row.last;
    columns.target[i] = row.target;
    columns.from[i] = row.from;
    columns.to[i] = row.to;
  });
  return columns;
}

const MAX_NUMBER = 999_999_999_999_999;
const isCount = (value: number) => Number.isInteger(value) && value >= 1 && value <= MAX_NUMBER;

/** Throws an error that names the first row which is invalid by itself. */
export function checkRows({ length, id, first, last, from, to }: Columns): void {
  let power = 10;
  for (let i = 0; i < length; i++) {
    const low = first[i]!;
    const high = last[i]!;
    const fault = (text: string) => new Error(`row ${id[i]}: ${text}`);
    if (!Number.isSafeInteger(id[i]) || id[i]! < 1) throw fault('the id is no positive integer');
    if (!isCount(low) || !isCount(high)) throw fault('first and last must be integers of 1 to 15 digits');
    if (high < low) throw fault('last comes before first');
    while (low >= power) power *= 10;
    while (low < power / 10) power /= 10;
    if (high >= power) throw fault('first and last differ in their count of digits');
    if (!(from[i]! < to[i]!)) throw fault('the effective period is empty');
  }
}

const WORD = 2 ** 32;
/** A find compares this many neighbouring rows in a fixed number of steps. */
const WINDOW = 16;

/**
 * Sorted rows. The lower halves of first and last stand apart: they are all that a find compares, eight bytes
 * a row, so that a million rows stay in the processor's cache. The target stands apart for the same reason. The
 * rest of a row is one record of 32 bytes.
 */
class Rows {
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

  static from(columns: Columns): Rows {
    checkRows(columns);
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
function merge(old: Rows, dropped: readonly number[], added: Rows): Rows {
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

const HALF = 2 ** 31;
const scratch = new Float64Array(1);
const halves = new Int32Array(scratch.buffer);

/** The upper bits of the double: they grow with the number, evenly over its logarithm. */
function keyOf(number: number, shift: number): number {
  scratch[0] = number;
  return halves[1]! >>> shift;
}

/** The lowest integer with this key. */
function lowestOf(key: number, shift: number): number {
  halves[0] = 0;
  halves[1] = key << shift;
  return Math.ceil(scratch[0]!);
}

/** Table entry of a bucket that no window serves: too many rows, or rows 2^31 numbers away. */
const SEARCH = -1;
/** A node below the top counts as at least so many table entries. */
const SMALLEST = 10;

/**
 * Tells at which row the window of a number begins. The key of a number selects a node, so that digit counts
 * need no branch. A node cuts its part of the numbers into buckets of a power of ten, because ranges mostly
 * begin at one; the bucket's entry in the table is a position, `SEARCH`, or `~node` where many rows crowd.
 */
class Directory {
  readonly shift: number;
  readonly base: number;
  /** For each node: size of a bucket, and what to add to the bucket's number for its place in the table. */
  readonly nodes: Float64Array;
  readonly table: Int32Array;
  /** How many nodes a key selects; those after them divide a bucket. */
  private readonly top: number;
  private nodesUsed: number;
  private used = 0;
  /** Table entries left for nodes below the top: bounds the memory whatever the clustering. */
  private spare: number;

  constructor(
    private readonly rows: Rows,
    private readonly min: number,
    private readonly max: number,
  ) {
    const { count } = rows;
    let shift = 0;
    while (keyOf(max, shift) - keyOf(min, shift) >= Math.max(1024, count / 16)) shift++;
    const keys = keyOf(max, shift) - keyOf(min, shift) + 1;
    this.shift = shift;
    this.base = keyOf(min, shift);
    this.spare = count + 8192;
    this.top = keys;
    this.nodesUsed = keys;
    this.nodes = new Float64Array(2 * (keys + Math.ceil(this.spare / SMALLEST)));
    this.table = new Int32Array(2 * count + keys + this.spare);
    for (let node = 0, begin = 0; node < keys; node++) {
      const first = lowestOf(this.base + node, shift);
      const last = lowestOf(this.base + node + 1, shift) - 1;
      let end = begin;
      while (end < count && rows.first(end) <= last) end++;
      this.divide(node, first, last, begin, end);
      begin = end;
    }
    this.nodes = this.nodes.slice(0, 2 * this.nodesUsed);
    this.table = this.table.slice(0, this.used);
  }

  /** Fills a node for the numbers `first` to `last`, in which the rows `begin` to `end` begin. */
  private divide(node: number, first: number, last: number, begin: number, end: number): void {
    const room = (node < this.top ? 2 : 1) * (end - begin);
    let size = end - begin < WINDOW ? Infinity : 1;
    while (Math.floor(last / size) - Math.floor(first / size) >= room && size < Infinity) size *= 10;
    const from = Math.floor(first / size);
    const buckets = Math.floor(last / size) - from + 1;
    const place = this.used - from;
    this.nodes[2 * node] = size;
    this.nodes[2 * node + 1] = place;
    this.used += buckets;
    if (node >= this.top) this.spare -= Math.max(SMALLEST, buckets);
    if (size === Infinity) {
      this.table[place] = this.entry(first, last, begin, end);
      return;
    }
    for (let bucket = from, next = begin; bucket < from + buckets; bucket++) {
      const low = Math.max(first, bucket * size);
      const high = Math.min(last, bucket * size + size - 1);
      begin = next;
      while (next < end && this.rows.first(next) <= high) next++;
      this.table[place + bucket] = this.entry(low, high, begin, next);
    }
  }

  /** The table's entry for the numbers `first` to `last`, in which the rows `begin` to `end` begin. */
  private entry(first: number, last: number, begin: number, end: number): number {
    const low = Math.max(first, this.min);
    const high = Math.min(last, this.max);
    if (low > high) return SEARCH;
    const start = begin < end && this.rows.first(begin) <= low ? begin : begin - 1;
    if (end - start <= WINDOW) {
      if (this.near(start, end, low, high)) return start;
      const earlier = Math.max(0, end - WINDOW);
      return this.near(earlier, end, low, high) ? earlier : SEARCH;
    }
    if (end - begin > this.spare) return SEARCH;
    const node = this.nodesUsed++;
    this.divide(node, first, last, begin, end);
    return ~node;
  }

  /** Whether the lower halves of all that a window compares differ by less than 2^31 from any of the numbers. */
  private near(start: number, end: number, low: number, high: number): boolean {
    const { rows, max } = this;
    const after = start + WINDOW - 1;
    const farthest = after < rows.count ? rows.first(after) : max + 1;
    return high - rows.first(start) < HALF && farthest - low < HALF && rows.last(end - 1) - low < HALF;
  }
}

/** The rows of one layer that are effective at one instant. Immutable; a position is 0 to `count - 1`. */
export class RangeIndex {
  /** The earliest end of a row's effective period; Infinity where none ends. */
  readonly firstEnd: number;
  private readonly min: number;
  private readonly max: number;
  private readonly lows: Int32Array;
  private readonly nodes: Float64Array;
  private readonly table: Int32Array;
  private readonly shift: number;
  private readonly base: number;

  private constructor(private readonly rows: Rows) {
    const { count } = rows;
    this.firstEnd = sealed(rows);
    this.min = count > 0 ? rows.first(0) : Infinity;
    this.max = count > 0 ? rows.last(count - 1) : -Infinity;
    const directory = count > 0 ? new Directory(rows, this.min, this.max) : undefined;
    this.lows = rows.lows.fill(this.max + 1, 2 * count);
    this.nodes = directory?.nodes ?? new Float64Array();
    this.table = directory?.table ?? new Int32Array();
    this.shift = directory?.shift ?? 0;
    this.base = directory?.base ?? 0;
  }

  /**
   * The index of these rows, which must all be effective at the same instant. Sorted columns build faster.
   * Throws an error that names the rows where a row is invalid or two hold the same number.
   */
  static build(columns: Columns): RangeIndex {
    return new RangeIndex(Rows.from(columns));
  }

  /**
   * The index without the rows of the removed ids and those that have ended at `at`, and with the added rows.
   * An id that is not there is no error; where nothing changes it is this one. Throws like `build`. Copies,
   * O(n), and sorts only what is added.
   */
  with(removedIds: ReadonlySet<number>, added: Columns, at = -Infinity): RangeIndex {
    const dropped: number[] = [];
    for (let p = 0; p < this.rows.count; p++)
      if (this.rows.to(p) <= at || removedIds.has(this.rows.id(p))) dropped.push(p);
    if (dropped.length === 0 && added.length === 0) return this;
    return new RangeIndex(merge(this.rows, dropped, Rows.from(added)));
  }

  /**
   * The position of the row that holds the number, or -1.
   * No step on the way branches on the number or the rows: a mispredicted branch costs more than the search.
   */
  find(number: number): number {
    if (!(number >= this.min && number <= this.max)) return -1;
    const { nodes, table, lows } = this;
    let node = keyOf(number, this.shift) - this.base;
    let p: number;
    while ((p = table[(number / nodes[2 * node]! + nodes[2 * node + 1]!) | 0]!) < SEARCH) node = ~p;
    if (p === SEARCH) return this.search(number);
    const low = number | 0;
    p += (~(low - lows[2 * p + 16]!) >>> 31) << 3;
    p += (~(low - lows[2 * p + 8]!) >>> 31) << 2;
    p += (~(low - lows[2 * p + 4]!) >>> 31) << 1;
    p += ~(low - lows[2 * p + 2]!) >>> 31;
    return p | ((lows[2 * p + 1]! - low) >> 31);
  }

  private search(number: number): number {
    const p = this.rows.rank(number) - 1;
    return this.rows.last(p) >= number ? p : -1;
  }

  get count(): number {
    return this.rows.count;
  }

  /** Memory of all arrays. */
  get bytes(): number {
    return this.rows.bytes + this.nodes.byteLength + this.table.byteLength;
  }

  first(position: number): number {
    return this.rows.first(position);
  }

  last(position: number): number {
    return this.rows.last(position);
  }

  id(position: number): number {
    return this.rows.id(position);
  }

  target(position: number): number {
    return this.rows.target(position);
  }

  from(position: number): number {
    return this.rows.from(position);
  }

  to(position: number): number {
    return this.rows.to(position);
  }
}

/** Throws where two rows hold the same number; else the earliest end of a row's effective period. */
function sealed(rows: Rows): number {
  let end = Infinity;
  for (let p = 0; p < rows.count; p++) {
    if (p > 0 && rows.first(p) <= rows.last(p - 1))
      throw new Error(`the rows ${rows.id(p - 1)} and ${rows.id(p)} hold the same number`);
    if (rows.to(p) < end) end = rows.to(p);
  }
  return end;
}
