/** Numbers × time: `first` to `last`, both included, from the instant `from` until just before `to`. */
export interface Rectangle {
  first: number;
  last: number;
  /** Milliseconds since the epoch; -Infinity when open. */
  from: number;
  /** Milliseconds since the epoch, after `from`; Infinity when open. */
  to: number;
}

/** A row that stands in the layer. */
export interface ExistingRow extends Rectangle {
  id: number;
  /** Who holds the range: an opaque integer. */
  holder: number;
}

/** A row that is asked for. */
export interface NewRow extends Rectangle {
  /** Its line in the source, from 1. */
  line: number;
  holder: number;
}

export interface InsertedRow extends Rectangle {
  holder: number;
  /** The line that asked for it; null for what is left over of an existing row. */
  line: number | null;
  /** The id of the existing row that it is left over from; null for what a line asked for. */
  source: number | null;
}

/** What stands in the way: an existing row or the row of an earlier line. */
export type Conflict = Rectangle & ({ id: number } | { line: number });

export interface RangeReject {
  line: number;
  code: 'range_overlaps';
  /** At most 10, by number and then by time. */
  conflicts: Conflict[];
  /** How many there are; counted up to 1000. */
  total: number;
}

/** What to do to the layer. Everything is in one order, whatever the order of the existing rows was. */
export interface RangePlan {
  /** By `first`, then `from`. */
  inserted: InsertedRow[];
  /** Existing rows that keep id, numbers and `from`, and end earlier; by id. */
  shortened: { id: number; to: number }[];
  /** Ids of existing rows of which nothing stays under the id; ascending. */
  withdrawn: number[];
  /** By line. */
  rejects: RangeReject[];
  /** How many rows equal an existing row, or an earlier row of the file, in rectangle and holder. */
  unchanged: number;
}

/** By the first number, then by the start; decides completely between rectangles that do not overlap. */
export function byFirstThenFrom(a: Rectangle, b: Rectangle): number {
  return ascending(a.first, b.first) || ascending(a.from, b.from);
}

/** A complete order: 0 only between rows that are equal in rectangle and holder. */
export function byRectangleAndHolder(a: ExistingRow | NewRow, b: ExistingRow | NewRow): number {
  return (
    ascending(a.first, b.first) ||
    ascending(a.last, b.last) ||
    ascending(a.from, b.from) ||
    ascending(a.to, b.to) ||
    ascending(a.holder, b.holder)
  );
}

/** Compares numbers; unlike `a - b` it is right for infinities. */
export function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
