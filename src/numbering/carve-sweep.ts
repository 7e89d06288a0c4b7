import { CellStack } from './cell-stack.js';
import { ascending, type Rectangle } from './range-rows.js';
import { sortIndexes } from './sliced-work.js';

/** What shows of row `row` (an index): numbers `first` to `last`, during `[from, to)`. */
export type PieceSink = (row: number, first: number, last: number, from: number, to: number) => void;

const NOBODY = -1;

/**
 * Cuts overlapping rows into the pieces that show when a later row covers every earlier one.
 *
 * It sweeps over time, so the cut is time-first: a piece spans all the numbers that its row holds side by
 * side, and ends only when one of them is taken. What comes free again when a stronger row ends is a piece of
 * its own. The number line is divided into cells at the ends of the rows; a run is a stretch of cells that
 * has had one holder since one instant. O((n + pieces) log n) for n rows; a row that is taken in many places
 * at many instants does not multiply, whatever the order of the file.
 */
export class CarveSweep {
  private rows: readonly Rectangle[] = [];
  private cells = 0;
  private starts = new Uint32Array(0);
  private ends = new Uint32Array(0);
  private firstCells = new Int32Array(0);
  private lastCells = new Int32Array(0);
  private edges = new Float64Array(0);
  private runRows = new Int32Array(0);
  private runLasts = new Int32Array(0);
  private runSinces = new Float64Array(0);
  private readonly runStarts = new CellSet();
  private readonly stack = new CellStack();
  private readonly stretches: number[] = [];
  private readonly tops: number[] = [];

  /** Calls `emit` for every piece, in order of its end. `rows`: the weakest first. */
  *run(rows: readonly Rectangle[], emit: PieceSink): Generator<void> {
    this.rows = rows;
    this.makeRoom(rows.length);
    yield;
    this.cells = yield* this.divideIntoCells();
    yield;
    this.stack.reset(this.cells, rows.length);
    this.runStarts.reset(this.cells);
    this.open(0, this.cells - 1, NOBODY, -Infinity);
    yield* this.sweep(emit);
    this.rows = [];
  }

  private *sweep(emit: PieceSink): Generator<void> {
    const { rows, starts, ends, stretches } = this;
    yield* this.sortBoth(byTime(rows, 'from'), byTime(rows, 'to'));
    let steps = 0;
    for (let started = 0, ended = 0; ended < rows.length;) {
      const ending = rows[ends[ended]!]!.to;
      const starting = started < rows.length ? rows[starts[started]!]!.from : Infinity;
      if (ending === Infinity && starting === Infinity) break;
      const isEnd = ending <= starting;
      if (isEnd) this.end(ends[ended++]!);
      else this.begin(starts[started++]!);
      for (let i = 0; i < stretches.length; i += 3) {
        if (isEnd) this.uncover(stretches[i]!, stretches[i + 1]!, ending, emit);
        else this.paint(stretches[i]!, stretches[i + 1]!, stretches[i + 2]!, starting, emit);
        if ((++steps & 0x3ff) === 0) yield;
      }
      if ((++steps & 0x3ff) === 0) yield;
    }
    yield* this.emitOpenEnds(emit);
  }

  /** Lays the row down, and finds the stretches where it shows. */
  private begin(row: number): void {
    const first = this.firstCells[row]!;
    const last = this.lastCells[row]!;
    this.stretches.length = 0;
    this.stack.lay(row, first, last);
    this.stack.findVisible(row, first, last, this.stretches);
  }

  /** Finds the stretches where the row shows, and takes it away. */
  private end(row: number): void {
    const first = this.firstCells[row]!;
    const last = this.lastCells[row]!;
    this.stretches.length = 0;
    this.stack.findVisible(row, first, last, this.stretches);
    this.stack.lift(row, first, last);
  }

  private uncover(firstCell: number, lastCell: number, now: number, emit: PieceSink): void {
    const { tops } = this;
    tops.length = 0;
    this.stack.findTops(firstCell, lastCell, tops);
    for (let i = 0; i < tops.length; i += 3) this.paint(tops[i]!, tops[i + 1]!, tops[i + 2]!, now, emit);
  }

  /** Where no instant is left at which a row starts or ends, the runs go on for ever. Most rows end here. */
  private *emitOpenEnds(emit: PieceSink): Generator<void> {
    for (let start = 0, runs = 1; start < this.cells; start = this.runLasts[start]! + 1, runs++) {
      this.emitRun(start, Infinity, emit);
      if ((runs & 0x3ff) === 0) yield;
    }
  }

  private emitRun(start: number, to: number, emit: PieceSink): void {
    const row = this.runRows[start]!;
    const since = this.runSinces[start]!;
    if (row === NOBODY || since >= to) return;
    emit(row, this.edges[start]!, this.edges[this.runLasts[start]! + 1]! - 1, since, to);
  }

  /** Gives the cells to `row` from `now` on; the runs that stood there end, and go on left and right of it. */
  private paint(firstCell: number, lastCell: number, row: number, now: number, emit: PieceSink): void {
    for (let start = this.runStarts.atOrBefore(firstCell); start <= lastCell;) {
      const last = this.runLasts[start]!;
      const owner = this.runRows[start]!;
      this.emitRun(start, now, emit);
      if (start > firstCell) this.runStarts.delete(start);
      if (start < firstCell) this.open(start, firstCell - 1, owner, now);
      if (last > lastCell) this.open(lastCell + 1, last, owner, now);
      start = last + 1;
    }
    this.open(firstCell, lastCell, row, now);
  }

  private open(firstCell: number, lastCell: number, row: number, since: number): void {
    this.runStarts.add(firstCell);
    this.runLasts[firstCell] = lastCell;
    this.runRows[firstCell] = row;
    this.runSinces[firstCell] = since;
  }

  /** Every end of a row becomes an edge between cells. Returns the count of cells. */
  private *divideIntoCells(): Generator<void, number> {
    const { rows, starts, ends, edges } = this;
    yield* this.sortBoth(
      (a, b) => rows[a]!.first - rows[b]!.first,
      (a, b) => rows[a]!.last - rows[b]!.last,
    );
    let count = 0;
    for (let opened = 0, closed = 0; closed < rows.length; count++) {
      const closing = rows[ends[closed]!]!.last + 1;
      const opening = opened < rows.length ? rows[starts[opened]!]!.first : Infinity;
      const edge = Math.min(opening, closing);
      while (opened < rows.length && rows[starts[opened]!]!.first === edge)
        this.firstCells[starts[opened++]!] = count;
      while (closed < rows.length && rows[ends[closed]!]!.last + 1 === edge)
        this.lastCells[ends[closed++]!] = count - 1;
      edges[count] = edge;
      if ((count & 0xfff) === 0) yield;
    }
    return count - 1;
  }

  private *sortBoth(
    byStart: (a: number, b: number) => number,
    byEnd: (a: number, b: number) => number,
  ): Generator<void> {
    const count = this.rows.length;
    for (let i = 0; i < count; i++) this.starts[i] = this.ends[i] = i;
    yield* sortIndexes(this.starts, count, byStart);
    yield* sortIndexes(this.ends, count, byEnd);
  }

  private makeRoom(rows: number): void {
    if (rows <= this.starts.length) return;
    const room = Math.max(16, rows, Math.min(2 * this.starts.length, 1 << 16));
    this.starts = new Uint32Array(room);
    this.ends = new Uint32Array(room);
    this.firstCells = new Int32Array(room);
    this.lastCells = new Int32Array(room);
    this.edges = new Float64Array(2 * room);
    this.runRows = new Int32Array(2 * room);
    this.runLasts = new Int32Array(2 * room);
    this.runSinces = new Float64Array(2 * room);
  }
}

function byTime(rows: readonly Rectangle[], end: 'from' | 'to'): (a: number, b: number) => number {
  return (a, b) => ascending(rows[a]![end], rows[b]![end]);
}

/** A set of cells that knows the nearest member at or before a cell: a binary tree of flags. */
class CellSet {
  private size = 1;
  private flags = new Uint8Array(2);

  reset(cells: number): void {
    this.size = 1;
    while (this.size < cells) this.size *= 2;
    if (this.flags.length < 2 * this.size) this.flags = new Uint8Array(2 * this.size);
    else this.flags.fill(0, 0, 2 * this.size);
  }

  add(cell: number): void {
    for (let node = cell + this.size; node >= 1 && this.flags[node] === 0; node >>= 1) this.flags[node] = 1;
  }

  delete(cell: number): void {
    this.flags[cell + this.size] = 0;
    for (let node = (cell + this.size) >> 1; node >= 1; node >>= 1) {
      if (this.flags[2 * node] === 1 || this.flags[2 * node + 1] === 1) return;
      this.flags[node] = 0;
    }
  }

  /** There must be one: the sweep has a run at cell 0 from the start to the end. */
  atOrBefore(cell: number): number {
    let node = cell + this.size;
    if (this.flags[node] === 1) return cell;
    while ((node & 1) === 0 || this.flags[node - 1] === 0) node >>= 1;
    node--;
    while (node < this.size) node = this.flags[2 * node + 1] === 1 ? 2 * node + 1 : 2 * node;
    return node - this.size;
  }
}
