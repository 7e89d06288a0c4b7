import { type Rows, WINDOW } from './range-rows.js';

const HALF = 2 ** 31;
const scratch = new Float64Array(1);
const halves = new Int32Array(scratch.buffer);

/** The upper bits of the double: they grow with the number, evenly over its logarithm. */
export function keyOf(number: number, shift: number): number {
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
export const SEARCH = -1;
/** A node below the top counts as at least so many table entries. */
const SMALLEST = 10;

/**
 * Tells at which row the window of a number begins. The key of a number selects a node, so that digit counts
 * need no branch. A node cuts its part of the numbers into buckets of a power of ten, because ranges mostly
 * begin at one; the bucket's entry in the table is a position, `SEARCH`, or `~node` where many rows crowd.
 */
export class Directory {
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
