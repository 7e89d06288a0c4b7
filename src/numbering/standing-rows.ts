import { ascending, type Rectangle } from './range-rows.js';
import { sortIndexes } from './sliced-work.js';

/**
 * The accepted ones among known rows, and which of them are in the way of another.
 *
 * A binary tree of bounding boxes over all the rows, laid out once along a Z-order of (rank of the first
 * number, rank of the start), so that neighbours in the tree are near in numbers and in time. A box grows
 * when a row below it is accepted; one without accepted rows is empty and is never entered.
 */
export class StandingRows {
  private size = 1;
  private places = new Uint32Array(0);
  private order = new Uint32Array(0);
  private codes = new Uint32Array(0);
  private firsts = new Float64Array(0);
  private lasts = new Float64Array(0);
  private froms = new Float64Array(0);
  private tos = new Float64Array(0);
  private rowAt = new Uint32Array(0);

  /** Makes `rows` known, none of them accepted yet; forgets all before. */
  *reset(rows: readonly Rectangle[]): Generator<void> {
    this.makeRoom(rows.length);
    this.firsts.fill(Infinity, 0, 2 * this.size);
    this.lasts.fill(-Infinity, 0, 2 * this.size);
    this.froms.fill(Infinity, 0, 2 * this.size);
    this.tos.fill(-Infinity, 0, 2 * this.size);
    yield;
    yield* this.layOut(rows);
    for (let i = 0; i < rows.length; i++) this.places[this.order[i]!] = i + this.size;
    yield;
    for (let i = 0; i < rows.length; i++) this.rowAt[i] = this.order[i]!;
  }

  accept(row: number, rectangle: Rectangle): void {
    for (let node = this.places[row]!; node >= 1; node >>= 1) {
      this.firsts[node] = Math.min(this.firsts[node]!, rectangle.first);
      this.lasts[node] = Math.max(this.lasts[node]!, rectangle.last);
      this.froms[node] = Math.min(this.froms[node]!, rectangle.from);
      this.tos[node] = Math.max(this.tos[node]!, rectangle.to);
    }
  }

  /** Adds the accepted rows that overlap `rectangle` to `out`, until it holds `limit`. */
  findOverlaps(rectangle: Rectangle, limit: number, out: number[], node = 1): void {
    if (this.firsts[node]! > rectangle.last || this.lasts[node]! < rectangle.first) return;
    if (this.froms[node]! >= rectangle.to || this.tos[node]! <= rectangle.from) return;
    if (node >= this.size) {
      if (out.length < limit) out.push(this.rowAt[node - this.size]!);
      return;
    }
    this.findOverlaps(rectangle, limit, out, 2 * node);
    if (out.length < limit) this.findOverlaps(rectangle, limit, out, 2 * node + 1);
  }

  private *layOut(rows: readonly Rectangle[]): Generator<void> {
    const { order, codes } = this;
    const count = rows.length;
    for (let i = 0; i < count; i++) order[i] = i;
    yield* sortIndexes(order, count, (a, b) => ascending(rows[a]!.from, rows[b]!.from));
    for (let rank = 0; rank < count; rank++) codes[order[rank]!] = spread(scale(rank, count)) << 1;
    yield;
    yield* sortIndexes(order, count, (a, b) => rows[a]!.first - rows[b]!.first);
    for (let rank = 0; rank < count; rank++)
      codes[order[rank]!] = (codes[order[rank]!]! | spread(scale(rank, count))) >>> 0;
    yield;
    yield* sortIndexes(order, count, (a, b) => codes[a]! - codes[b]!);
  }

  private makeRoom(rows: number): void {
    this.size = 1;
    while (this.size < rows) this.size *= 2;
    if (this.places.length >= this.size) return;
    this.places = new Uint32Array(this.size);
    this.order = new Uint32Array(this.size);
    this.codes = new Uint32Array(this.size);
    this.rowAt = new Uint32Array(this.size);
    this.firsts = new Float64Array(2 * this.size);
    this.lasts = new Float64Array(2 * this.size);
    this.froms = new Float64Array(2 * this.size);
    this.tos = new Float64Array(2 * this.size);
  }
}

/** A rank as 16 bits. */
function scale(rank: number, count: number): number {
  return Math.floor((rank * 65_536) / count);
}

/** Puts 16 bits on the even places of 32. */
function spread(bits: number): number {
  let x = bits;
  x = (x | (x << 8)) & 0x00ff00ff;
  x = (x | (x << 4)) & 0x0f0f0f0f;
  x = (x | (x << 2)) & 0x33333333;
  return (x | (x << 1)) & 0x55555555;
}
