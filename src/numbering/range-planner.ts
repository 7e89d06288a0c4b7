import { Problem } from '../shared/errors.js';
import { CarveSweep } from './carve-sweep.js';
import {
  ascending,
  byFirstThenFrom,
  byRectangleAndHolder,
  type Conflict,
  type ExistingRow,
  type InsertedRow,
  type NewRow,
  type RangePlan,
  type RangeReject,
  type Rectangle,
} from './range-rows.js';
import { sorted, sortIndexes } from './sliced-work.js';
import { StandingRows } from './standing-rows.js';

const MAX_CONFLICTS = 10;
const MAX_COUNTED = 1000;

/** Some 500 MB. Rows that cut one another crosswise leave pieces in the square of their number. */
const MOST_PIECES = 3_500_000;

function tooManyPieces(): Problem {
  const detail = `the rows cut each other into more than ${MOST_PIECES} pieces: send fewer of them at once`;
  return new Problem('invalid_input', detail, { errors: [{ pointer: '', code: 'too_many_pieces', detail }] });
}

/**
 * The work behind `planRanges`, for one plan. Rows are known by their place in `existing` followed by `rows`;
 * when carving, a later place is stronger.
 */
export class RangePlanner {
  private readonly all: (ExistingRow | NewRow)[] = [];
  private readonly firsts: Float64Array;
  private readonly order: Uint32Array;
  /** Leads from the place of a row that only repeats an earlier one to the place of that one. */
  private readonly standsFor: Uint32Array;
  /** The places that the group at hand consists of. */
  private readonly members: Uint32Array;
  /** Marks existing rows of which something stays under the id. */
  private readonly stays: Uint8Array;
  private readonly sweep = new CarveSweep();
  private readonly standing = new StandingRows();
  private readonly inserted: InsertedRow[] = [];
  private readonly shortened: { id: number; to: number }[] = [];
  private readonly withdrawn: number[] = [];
  private readonly rejects: RangeReject[] = [];
  private unchanged = 0;

  constructor(
    private readonly existing: readonly ExistingRow[],
    private readonly rows: readonly NewRow[],
  ) {
    const count = existing.length + rows.length;
    this.firsts = new Float64Array(count);
    this.order = new Uint32Array(count);
    this.standsFor = new Uint32Array(count);
    this.members = new Uint32Array(count);
    this.stays = new Uint8Array(existing.length);
  }

  *plan(carve: boolean): Generator<void, RangePlan> {
    yield* this.sortRows();
    const count = this.order.length;
    for (let start = 0, end = 0; start < count; start = end) {
      end = yield* this.groupEnd(start);
      if (end === start + 1) this.keepOrInsert(this.order[start]!);
      else if (carve) yield* this.carveGroup(start, end);
      else yield* this.acceptGroup(start, end);
      if ((start & 0x3ff) === 0 || end - start > 0x3ff) yield;
    }
    return {
      inserted: this.inserted,
      shortened: yield* sorted(this.shortened, (a, b) => ascending(a.id, b.id)),
      withdrawn: yield* sorted(this.withdrawn, ascending),
      rejects: yield* sorted(this.rejects, (a, b) => ascending(a.line, b.line)),
      unchanged: this.unchanged,
    };
  }

  /** By first number; equal rows come side by side, the earliest first. */
  private *sortRows(): Generator<void> {
    const { existing, rows, all, firsts, order } = this;
    for (let i = 0; i < order.length; i++) {
      const row = i < existing.length ? existing[i]! : rows[i - existing.length]!;
      all.push(row);
      firsts[i] = row.first;
      order[i] = this.standsFor[i] = i;
      if ((i & 0x3fff) === 0) yield;
    }
    yield* sortIndexes(
      order,
      order.length,
      (a, b) => firsts[a]! - firsts[b]! || byRectangleAndHolder(all[a]!, all[b]!) || a - b,
    );
  }

  /** A group is a stretch of rows whose numbers are linked by overlaps. */
  private *groupEnd(start: number): Generator<void, number> {
    const { all, firsts, order } = this;
    let last = all[order[start]!]!.last;
    let end = start + 1;
    for (; end < order.length && firsts[order[end]!]! <= last; end++) {
      last = Math.max(last, all[order[end]!]!.last);
      if (((end - start) & 0x3fff) === 0) yield;
    }
    return end;
  }

  private isNew(place: number): boolean {
    return place >= this.existing.length;
  }

  private keepOrInsert(place: number): void {
    if (this.isNew(place)) this.inserted.push(this.pieceOf(place, this.all[place]!));
  }

  private pieceOf(place: number, { first, last, from, to }: Rectangle): InsertedRow {
    const row = this.all[place]!;
    const line = 'line' in row ? row.line : null;
    const source = 'line' in row ? null : row.id;
    return { first, last, from, to, holder: row.holder, line, source };
  }

  private *carveGroup(start: number, end: number): Generator<void> {
    const { members, standsFor } = this;
    const count = yield* this.gatherDistinct(start, end);
    if (count === 1) return this.keepOrInsert(standsFor[members[0]!]!);
    if (!this.asksForMore(count)) return;
    yield* sortIndexes(members, count, ascending);
    const rows = yield* this.memberRows(count);
    const pieces: InsertedRow[] = [];
    const room = MOST_PIECES - this.inserted.length;
    yield* this.sweep.run(rows, (row, first, last, from, to) => {
      const place = standsFor[members[row]!]!;
      const piece = this.pieceOf(place, { first, last, from, to });
      if (this.staysUnderId(place, piece)) return;
      if (pieces.length === room) throw tooManyPieces();
      pieces.push(piece);
    });
    for (let i = 0; i < count; i++) this.withdrawUnlessStays(standsFor[members[i]!]!);
    yield* sorted(pieces, byFirstThenFrom, this.inserted);
  }

  /**
   * Makes the rows of a group the members, without repetitions: a row that equals one before it lends that
   * one its place, and so its strength. Returns the count.
   */
  private *gatherDistinct(start: number, end: number): Generator<void, number> {
    const { all, order, members, standsFor } = this;
    let count = 0;
    for (let i = start; i < end; i++) {
      if ((i & 0x3fff) === 0) yield;
      const place = order[i]!;
      const earlier = count === 0 ? place : standsFor[members[count - 1]!]!;
      if (earlier !== place && byRectangleAndHolder(all[earlier]!, all[place]!) === 0) {
        this.unchanged++;
        standsFor[place] = earlier;
        members[count - 1] = place;
      } else members[count++] = place;
    }
    return count;
  }

  /** Whether a member is not one of the existing rows, which are disjoint by themselves. */
  private asksForMore(count: number): boolean {
    for (let i = 0; i < count; i++) if (this.isNew(this.standsFor[this.members[i]!]!)) return true;
    return false;
  }

  private *memberRows(count: number): Generator<void, (ExistingRow | NewRow)[]> {
    const rows: (ExistingRow | NewRow)[] = [];
    for (let i = 0; i < count; i++) {
      rows.push(this.all[this.standsFor[this.members[i]!]!]!);
      if ((i & 0x3fff) === 0x3fff) yield;
    }
    return rows;
  }

  /** Only a piece that starts as its existing row did, over the same numbers, stays under its id. */
  private staysUnderId(place: number, piece: Rectangle): boolean {
    if (this.isNew(place)) return false;
    const row = this.existing[place]!;
    if (piece.first !== row.first || piece.last !== row.last || piece.from !== row.from) return false;
    this.stays[place] = 1;
    if (piece.to < row.to) this.shortened.push({ id: row.id, to: piece.to });
    return true;
  }

  private withdrawUnlessStays(place: number): void {
    if (!this.isNew(place) && this.stays[place] === 0) this.withdrawn.push(this.existing[place]!.id);
  }

  private *acceptGroup(start: number, end: number): Generator<void> {
    const { members } = this;
    const count = yield* this.gatherInFileOrder(start, end);
    if (!this.isNew(members[count - 1]!)) return;
    const rows = yield* this.memberRows(count);
    yield* this.standing.reset(rows);
    const accepted: InsertedRow[] = [];
    for (let i = 0; i < count; i++) {
      if ((i & 0xff) === 0xff) yield;
      const row = rows[i]!;
      if ('line' in row && this.reject(row, rows)) continue;
      this.standing.accept(i, row);
      if ('line' in row) accepted.push(this.pieceOf(members[i]!, row));
    }
    yield* sorted(accepted, byFirstThenFrom, this.inserted);
  }

  /** Makes the rows of a group the members: the existing ones by number, then the new ones by line. */
  private *gatherInFileOrder(start: number, end: number): Generator<void, number> {
    const { members, order, existing } = this;
    members.set(order.subarray(start, end));
    yield* sortIndexes(members, end - start, (a, b) =>
      a < existing.length && b < existing.length ? 0 : a - b,
    );
    return end - start;
  }

  /** Whether something stands in the way of the row; then it is among the rejects. */
  private reject(row: NewRow, rows: readonly (ExistingRow | NewRow)[]): boolean {
    const overlaps: number[] = [];
    this.standing.findOverlaps(row, MAX_COUNTED, overlaps);
    if (overlaps.length === 0) return false;
    const conflicts = overlaps.map((i) => rows[i]!).sort(byFirstThenFrom);
    this.rejects.push({
      line: row.line,
      code: 'range_overlaps',
      conflicts: conflicts.slice(0, MAX_CONFLICTS).map(conflictOf),
      total: overlaps.length,
    });
    return true;
  }
}

function conflictOf(row: ExistingRow | NewRow): Conflict {
  const { first, last, from, to } = row;
  return 'line' in row ? { line: row.line, first, last, from, to } : { id: row.id, first, last, from, to };
}
