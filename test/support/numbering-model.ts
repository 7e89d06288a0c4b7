/**
 * The numbering as a naive table: for each of a few numbers, who holds it at each of a few instants, in each layer.
 * Instants count from 0 to `horizon - 1`; before them is one cell (`null` as a start), after them one more.
 */
export class NumberingModel {
  private readonly blocks: boolean[][];
  private readonly assignments: (string | null)[][];
  private readonly ports: (string | null)[][];

  constructor(
    readonly width: number,
    readonly horizon: number,
  ) {
    const grid = <T>(empty: T) => Array.from({ length: width }, () => Array<T>(horizon + 1).fill(empty));
    this.blocks = grid(false);
    this.assignments = grid<string | null>(null);
    this.ports = grid<string | null>(null);
  }

  /** False where it overlaps another. Blocks never end. */
  addBlock(area: Area): boolean {
    if (this.cells({ ...area, from: null, to: null }).some(([number]) => this.blocks[number]!.includes(true)))
      return false;
    for (const [number, instant] of this.cells(area)) this.blocks[number]![instant] = true;
    return true;
  }

  assign(area: Area, partner: string, carve: boolean): 'done' | 'refused' | 'overlaps' {
    if (isEmpty(area) || !this.cells(area).every(([n, t]) => this.blocks[n]![t])) return 'refused';
    if (!carve && this.cells(area).some(([n, t]) => this.assignments[n]![t] !== null)) return 'overlaps';
    for (const [n, t] of this.cells(area)) this.assignments[n]![t] = partner;
    return 'done';
  }

  /** False where it overlaps another. `to` is a partner, or a network in lower case. */
  port(area: Area, destination: string): boolean {
    if (this.cells(area).some(([n, t]) => this.ports[n]![t] !== null)) return false;
    for (const [n, t] of this.cells(area)) this.ports[n]![t] = destination;
    return true;
  }

  /** Ends what stands in the area. */
  end(layer: 'assignments' | 'ports', area: Area): void {
    for (const [n, t] of this.cells(area)) this[layer][n]![t] = null;
  }

  /** A deep copy, to try what may be refused half-way. */
  copy(): NumberingModel {
    return Object.assign(new NumberingModel(this.width, this.horizon), structuredClone({ ...this }));
  }

  /** What a lookup says: outcome, rule and who; `null` as the instant is one before all others. */
  answer(number: number, instant: number | null): string {
    const t = instant === null ? 0 : Math.min(instant + 1, this.horizon);
    const [port, assignment] = [this.ports[number]![t], this.assignments[number]![t]];
    if (port) return /^[a-z]/.test(port) ? `ported_out number_port ${port}` : `held number_port ${port}`;
    if (assignment) return `held assignment ${assignment}`;
    return this.blocks[number]![t] ? 'unassigned block' : 'not_ours';
  }

  private cells({ first, last, from, to }: Area): [number, number][] {
    const cells: [number, number][] = [];
    const start = from === null ? 0 : from + 1;
    const end = to === null ? this.horizon + 1 : to + 1;
    for (let n = first; n <= last; n++) for (let t = start; t < end; t++) cells.push([n, t]);
    return cells;
  }
}

/** Numbers × instants; `null` is an open end. */
export interface Area {
  first: number;
  last: number;
  from: number | null;
  to: number | null;
}

function isEmpty({ from, to }: Area): boolean {
  return to !== null && from !== null && to <= from;
}
