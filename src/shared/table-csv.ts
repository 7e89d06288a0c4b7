import { type Problem } from './errors.js';
import { readHeader } from './table-header.js';
import {
  type Place,
  placeAt,
  type RowLayout,
  type TableColumn,
  tableProblem,
  TableRow,
} from './table-row.js';

/**
 * RFC 4180 rows out of text that is already checked (a CR is always followed by LF).
 *
 * Our own because csv-parse 7.0.3 cannot say where things are: it counts a CRLF inside a quoted cell as two
 * lines, forgets where a quote that is never closed was opened, and has no character columns. With
 * `info: true`, which the line of every row needs, it reads 290 000 to 370 000 rows/s of five short cells on
 * one core; this reads 3 million, the checks of `table-text.ts` included.
 */
const COMMA = 44;
const LF = 10;
const CR = 13;
const QUOTE = 34;

const QUOTE_HINT = 'Put the whole cell in quotes and write a quote inside it twice.';

export class CsvRows implements RowLayout {
  /** The index of the quote within which the text ended, or -1. */
  openQuote = -1;
  private targets: number[] | undefined;
  private readonly empty: readonly null[];
  /** The row that was scanned last: its cells, where they start, and where it starts itself. */
  private cells: string[] = [];
  private readonly starts: number[] = [];
  private rowStart = 0;
  private rowLine = 1;

  constructor(readonly columns: readonly TableColumn[]) {
    this.empty = columns.map(() => null);
  }

  /** True once there was anything but blank lines. */
  get started(): boolean {
    return this.targets !== undefined;
  }

  /**
   * Reads the row that starts at `start`, on `line`, and adds it to `batch` unless it is the header or blank.
   * Gives the index after the row, or -1 when the text ends within it.
   */
  read(text: string, start: number, line: number, batch: TableRow[]): number {
    if (this.targets === undefined) checkDelimiter(text, start, line);
    const next = this.scan(text, start, line);
    if (next === -1 || isBlank(this.cells, text.charCodeAt(start))) return next;
    if (this.targets === undefined) this.targets = this.readHeader(text);
    else batch.push(this.toRow(text.slice(start, next), this.targets));
    return next;
  }

  locate(source: string, column: number): number {
    const cell = this.targets?.indexOf(column) ?? -1;
    if (cell === -1) return -1;
    this.scan(source, 0, 1);
    return this.starts[cell]!;
  }

  private readHeader(text: string): number[] {
    return readHeader(this.cells, this.columns, this.rowLine, (cell) =>
      this.placeOf(text, this.starts[cell]!),
    );
  }

  private toRow(source: string, targets: readonly number[]): TableRow {
    const cells = this.cells;
    const line = this.rowLine;
    if (cells.length !== targets.length) {
      const detail = `The row on line ${line} has ${cells.length} cells; the header has ${targets.length}.`;
      // The first cell that is too many, or the last one that is there.
      const cell = Math.min(targets.length, cells.length - 1);
      throw tableProblem(
        'wrong_cell_count',
        detail,
        placeAt(source, this.starts[cell]! - this.rowStart, line),
      );
    }
    const values: (string | null)[] = this.empty.slice();
    for (let i = 0; i < cells.length; i++) values[targets[i]!] = cells[i] || null;
    return new TableRow(line, values, source, this);
  }

  /** Gives the index after the row, or -1 when the text ends within it. */
  private scan(text: string, start: number, line: number): number {
    this.cells = [];
    this.rowStart = start;
    this.rowLine = line;
    this.openQuote = -1;
    for (let from = start; ;) {
      this.starts[this.cells.length] = from;
      const isQuoted = text.charCodeAt(from) === QUOTE;
      const end = isQuoted ? this.scanQuoted(text, from) : this.scanPlain(text, from);
      if (end === -1) return -1;
      const code = text.charCodeAt(end);
      if (code === LF) return end + 1;
      if (code === CR) return end + 2;
      from = end + 1;
    }
  }

  private scanPlain(text: string, from: number): number {
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code > COMMA) continue;
      if (code === COMMA || code === LF || code === CR) {
        this.cells.push(text.slice(from, at));
        return at;
      }
      if (code === QUOTE) {
        const detail = `A quote stands in a cell that does not begin with one. ${QUOTE_HINT}`;
        throw tableProblem('stray_quote', detail, this.placeOf(text, at));
      }
    }
    return -1;
  }

  private scanQuoted(text: string, from: number): number {
    let doubled = false;
    for (let at = text.indexOf('"', from + 1); at !== -1; at = text.indexOf('"', at + 2)) {
      if (at + 1 === text.length) break;
      const code = text.charCodeAt(at + 1);
      if (code === COMMA || code === LF || code === CR) {
        const cell = text.slice(from + 1, at);
        this.cells.push(doubled ? cell.replaceAll('""', '"') : cell);
        return at + 1;
      }
      if (code !== QUOTE) throw this.afterClosingQuote(text, from, at + 1);
      doubled = true;
    }
    this.openQuote = from;
    return -1;
  }

  private afterClosingQuote(text: string, from: number, at: number): Problem {
    const { line, column } = this.placeOf(text, from);
    const cell = `The cell that begins on line ${line}, column ${column}`;
    const detail = `${cell} goes on after its closing quote. ${QUOTE_HINT}`;
    return tableProblem('stray_quote', detail, this.placeOf(text, at));
  }

  private placeOf(text: string, index: number): Place {
    return placeAt(text.slice(this.rowStart), index - this.rowStart, this.rowLine);
  }
}

function isBlank(cells: readonly string[], firstCode: number): boolean {
  return cells.length === 1 && firstCode !== QUOTE && /^[ \t]*$/.test(cells[0]!);
}

/** Seen before the cells are, because a quoted header with semicolons would look like a stray quote. */
function checkDelimiter(text: string, start: number, line: number): void {
  const end = text.indexOf('\n', start);
  if (end === -1) return;
  const first = text.slice(start, end);
  const other = first.search(/[;\t]/);
  if (other === -1 || first.includes(',') || first.trim() === '') return;
  const detail = `The header has ${first[other] === ';' ? 'semicolons' : 'tabs'} between its cells; commas are expected.`;
  throw tableProblem('wrong_delimiter', detail, placeAt(first, other, line));
}
