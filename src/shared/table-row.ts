import { type InputError, Problem } from './errors.js';

/** A column that a table may have; one that is required must be named by the header of a CSV file. */
export interface TableColumn {
  name: string;
  required: boolean;
}

/** Where something stands in a file: lines and characters (code points) are counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Knows where the cells stand in the text of a row; owned by the parser that made the row. */
export interface RowLayout {
  readonly columns: readonly TableColumn[];
  /** The index in `source` where the cell of a column starts, or -1 when the row has no such cell. */
  locate(source: string, column: number): number;
}

/**
 * One row of a table. `values` follows the order of the declared columns; null is an absent or an empty
 * cell. `line` is the line of the file on which the row starts (the first line is 1).
 * Places are worked out only when they are asked for, from the text of the row that it keeps.
 */
export class TableRow {
  constructor(
    readonly line: number,
    readonly values: readonly (string | null)[],
    private readonly source: string,
    private readonly layout: RowLayout,
  ) {}

  /** Where the cell of a column starts; the start of the row when it has no such cell. */
  placeOf(name: string): Place {
    const column = this.layout.columns.findIndex((known) => known.name === name);
    return placeAt(this.source, Math.max(0, this.layout.locate(this.source, column)), this.line);
  }

  /** What is wrong with the cell of a column, for a reject or a problem. */
  errorAt(name: string, code: string, detail: string): InputError {
    return { pointer: `/${this.line}/${name}`, code, detail, ...this.placeOf(name) };
  }
}

/** The place of `index` in a text whose first character is the first one of `line`. */
export function placeAt(text: string, index: number, line: number): Place {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: line + countLines(before, 0, index), column: [...before.slice(lineStart)].length + 1 };
}

/** The count of line ends from `from` up to `to`, which is excluded. */
export function countLines(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** The problem of a file that cannot be used because of one place in it. `detail` holds no cell content. */
export function tableProblem(
  code: string,
  detail: string,
  place: Partial<Place> & { line: number },
): Problem {
  return new Problem('invalid_input', detail, {
    errors: [{ pointer: `/${place.line}`, code, detail, ...place }],
  });
}
