// Owns: the routing of all three layers at one instant and serial, and the rows that begin later.
// Invariant: equal to a fresh load of the same rows at the same instant; immutable, so a reader keeps one.
// On failure: `load`, `apply` and `advance` throw and name the rows; the index they were called on stands.
// Budget: a find is three range finds at most; a change or a boundary copies its layer, 60 ms a million rows.
import { allocateColumns, checkRows, COLUMN_NAMES, type Columns, RangeIndex } from './range-index.js';

/** The layers, strongest first. */
export const LAYERS = ['number_port', 'assignment', 'block'] as const;
/** Where a row stands: the strongest layer that has a number decides over it. */
export type Layer = (typeof LAYERS)[number];

/**
 * The row that holds a number, and its layer. A view: a field is read when it is asked for, because the record
 * of a row among a million costs three times the find itself. Not for keeping: it holds on to the whole index.
 */
export class Match {
  constructor(
    readonly layer: Layer,
    private readonly index: RangeIndex,
    private readonly position: number,
  ) {}

  get id(): number {
    return this.index.id(this.position);
  }

  get first(): number {
    return this.index.first(this.position);
  }

  get last(): number {
    return this.index.last(this.position);
  }

  get target(): number {
    return this.index.target(this.position);
  }

  get from(): number {
    return this.index.from(this.position);
  }

  get to(): number {
    return this.index.to(this.position);
  }
}

/** All rows at one serial; rows that have ended at `at` may be among them and are left out. */
export interface Routing {
  serial: number;
  at: number;
  layers: Record<Layer, Columns>;
}

/** What changed in a layer: ids that are withdrawn, and the rows as they now are, new or in place of their id. */
export interface LayerChange {
  removed: Iterable<number>;
  rows: Columns;
}

/** What changed up to a serial; at most one row an id. */
export interface RoutingChange {
  serial: number;
  at: number;
  layers: Partial<Record<Layer, LayerChange>>;
}

const NOBODY: ReadonlySet<number> = new Set();
const NO_ROWS = allocateColumns(0);

/** One layer: what is effective, and what begins later. */
class LayerState {
  /** The next instant at which this layer changes by itself. */
  readonly validUntil: number;

  private constructor(
    readonly current: RangeIndex,
    private readonly future: Columns,
  ) {
    this.validUntil = current.firstEnd;
    for (let i = 0; i < future.length; i++) this.validUntil = Math.min(this.validUntil, future.from[i]!);
  }

  static load(rows: Columns, at: number): LayerState {
    return new LayerState(RangeIndex.build(currentOf(rows, at)), futureOf(rows, at));
  }

  get bytes(): number {
    const { id, target } = this.future;
    return this.current.bytes + 5 * id.byteLength + target.byteLength;
  }

  /** The layer at an instant not before its own, without the ids and then with the rows. */
  step(at: number, ids: ReadonlySet<number>, rows: Columns): LayerState {
    if (at < this.validUntil && ids.size === 0) return this;
    const kept = select(this.future, (i) => !ids.has(this.future.id[i]!));
    const due = joined(currentOf(kept, at), currentOf(rows, at));
    const later = joined(futureOf(kept, at), futureOf(rows, at));
    return new LayerState(this.current.with(ids, due, at), later);
  }
}

type LayerStates = Readonly<Record<Layer, LayerState>>;

/** Answers who holds a number, for any instant from `at` until `validUntil`. */
export class RoutingIndex {
  /** The next instant at which an effective period begins or ends; Infinity where none does. */
  readonly validUntil: number;
  private readonly ports: RangeIndex;
  private readonly assignments: RangeIndex;
  private readonly blocks: RangeIndex;

  private constructor(
    readonly serial: number,
    readonly at: number,
    private readonly layers: LayerStates,
  ) {
    this.validUntil = Math.min(...LAYERS.map((layer) => layers[layer].validUntil));
    this.ports = layers.number_port.current;
    this.assignments = layers.assignment.current;
    this.blocks = layers.block.current;
  }

  /**
   * The index of all rows, present and future. Throws an error that names the rows where one is invalid or two
   * hold the same number at `at`; that two future rows do not is found when they begin.
   */
  static load({ serial, at, layers }: Routing): RoutingIndex {
    return new RoutingIndex(
      serial,
      at,
      eachLayer((layer) => LayerState.load(layers[layer], at)),
    );
  }

  /**
   * The index at an instant: this one until `validUntil`, and for an instant in its past, for time never goes
   * back. Throws where rows that begin by then hold the same number.
   */
  advance(at: number): RoutingIndex {
    if (!(at >= this.validUntil)) return this;
    return new RoutingIndex(
      this.serial,
      at,
      eachLayer((layer) => this.layers[layer].step(at, NOBODY, NO_ROWS)),
    );
  }

  /**
   * The index after changes, at the later one of both instants. An id that is not known is no error. Throws an
   * error that names the rows where the outcome is invalid.
   */
  apply({ serial, at, layers }: RoutingChange): RoutingIndex {
    const now = Math.max(at, this.at);
    return new RoutingIndex(
      serial,
      now,
      eachLayer((layer) => {
        const change = layers[layer];
        if (!change) return this.layers[layer].step(now, NOBODY, NO_ROWS);
        return this.layers[layer].step(now, changedIds(change), change.rows);
      }),
    );
  }

  /** The row of the strongest layer that has the number; undefined where none has. */
  find(number: number): Match | undefined {
    let position = this.ports.find(number);
    if (position >= 0) return new Match('number_port', this.ports, position);
    position = this.assignments.find(number);
    if (position >= 0) return new Match('assignment', this.assignments, position);
    position = this.blocks.find(number);
    return position >= 0 ? new Match('block', this.blocks, position) : undefined;
  }

  /** How many rows are effective, for each layer. */
  get size(): Record<Layer, number> {
    return eachLayer((layer) => this.layers[layer].current.count);
  }

  /** Memory of all arrays. */
  get bytes(): number {
    return LAYERS.reduce((sum, layer) => sum + this.layers[layer].bytes, 0);
  }
}

function eachLayer<T>(make: (layer: Layer) => T): Record<Layer, T> {
  return { number_port: make('number_port'), assignment: make('assignment'), block: make('block') };
}

/** The ids that a change takes out before it puts its rows in. Throws where two rows have one id. */
function changedIds({ removed, rows }: LayerChange): Set<number> {
  const ids = new Set<number>();
  for (let i = 0; i < rows.length; i++) {
    if (ids.has(rows.id[i]!)) throw new Error(`row ${rows.id[i]} is there twice`);
    ids.add(rows.id[i]!);
  }
  for (const id of removed) ids.add(id);
  return ids;
}

/** The rows that are effective. One without a readable period is among them, so that the check meets it. */
function currentOf(rows: Columns, at: number): Columns {
  return select(rows, (i) => !(rows.to[i]! <= at) && !(rows.from[i]! > at));
}

/** The rows that begin later, checked one by one. */
function futureOf(rows: Columns, at: number): Columns {
  const future = select(rows, (i) => !(rows.to[i]! <= at) && rows.from[i]! > at);
  checkRows(future);
  return future;
}

/** A copy of the rows that are kept; it shares nothing with the caller's columns. */
function select(rows: Columns, keep: (i: number) => boolean): Columns {
  let length = 0;
  for (let i = 0; i < rows.length; i++) if (keep(i)) length++;
  const kept = allocateColumns(length);
  for (let i = 0, k = 0; i < rows.length; i++) {
    if (!keep(i)) continue;
    kept.id[k] = rows.id[i]!;
    kept.first[k] = rows.first[i]!;
    kept.last[k] = rows.last[i]!;
    kept.target[k] = rows.target[i]!;
    kept.from[k] = rows.from[i]!;
    kept.to[k++] = rows.to[i]!;
  }
  return kept;
}

/** The rows of both; the arrays of `a` and `b` have no spare room. */
function joined(a: Columns, b: Columns): Columns {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const both = allocateColumns(a.length + b.length);
  for (const name of COLUMN_NAMES) {
    both[name].set(a[name]);
    both[name].set(b[name], a.length);
  }
  return both;
}
