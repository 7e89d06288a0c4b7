import { unknownColumn } from './table-header.js';
import { placeAt, type RowLayout, type TableColumn, tableProblem, TableRow } from './table-row.js';
import { findUnwanted } from './table-text.js';

/** Rows out of lines that each hold one flat JSON object. */
export class NdjsonRows implements RowLayout {
  /** No row goes over a line end. */
  readonly openQuote = -1;
  /** True once there was anything but blank lines. */
  started = false;
  private readonly targets: ReadonlyMap<string, number>;
  private readonly empty: readonly null[];

  constructor(readonly columns: readonly TableColumn[]) {
    this.targets = new Map(columns.map((column, i) => [column.name, i]));
    this.empty = columns.map(() => null);
  }

  /** Reads the line at `start` into `batch`; gives the index after it, or -1 when the text ends before it does. */
  read(text: string, start: number, line: number, batch: TableRow[]): number {
    const end = text.indexOf('\n', start);
    if (end === -1) return -1;
    const source = text.slice(start, end);
    if (source.trim() === '') return end + 1;
    this.started = true;
    batch.push(this.toRow(source, line));
    return end + 1;
  }

  locate(source: string, column: number): number {
    const name = this.columns[column]?.name;
    return name === undefined ? -1 : (walk(source).places.get(name) ?? -1);
  }

  private toRow(source: string, line: number): TableRow {
    const object = parseObject(source, line);
    const values: (string | null)[] = this.empty.slice();
    // Only an escape can bring in what the check of the text has not seen.
    const escaped = source.includes('\\');
    for (const name in object) {
      const target = this.targets.get(name);
      if (target === undefined) {
        const { code, detail } = unknownColumn(name, this.columns);
        throw tableProblem(code, detail, placeOf(source, name, line));
      }
      const value = object[name];
      const fault = faultOf(value, escaped);
      if (fault) throw valueProblem(name, fault, source, line);
      values[target] = value === null || value === '' ? null : String(value);
    }
    return new TableRow(line, values, source, this);
  }
}

function parseObject(source: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    // The message of the engine repeats the input and often has no position.
    const { stuck } = walk(source);
    const hint = source.trimEnd().endsWith('}') ? '' : ' It does not end with }: is the file cut off?';
    const detail = `Line ${line} is not a JSON object.${hint}`;
    throw tableProblem('broken_json', detail, placeAt(source, stuck, line));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const detail = `Line ${line} is JSON but not an object; one object per line is expected.`;
  throw tableProblem('not_an_object', detail, { line, column: 1 });
}

function faultOf(value: unknown, escaped: boolean): [code: string, detail: string] | undefined {
  if (typeof value === 'object' && value !== null)
    return ['nested_value', 'holds an object or a list; a string, a number, a boolean or null is expected'];
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    return ['inexact_number', 'holds a number with too many digits to be exact; write it as a string'];
  if (!escaped || typeof value !== 'string') return undefined;
  if (findUnwanted(value) !== -1) return ['control_character', 'holds a control character'];
  return /\p{Cs}/u.test(value) ? ['lone_surrogate', 'holds half of a surrogate pair'] : undefined;
}

function valueProblem(name: string, [code, detail]: [string, string], source: string, line: number) {
  const problem = tableProblem(code, `The value of ${name} ${detail}.`, placeOf(source, name, line));
  problem.members.errors![0]!.pointer += `/${name}`;
  return problem;
}

function placeOf(source: string, name: string, line: number) {
  return placeAt(source, walk(source).places.get(name) ?? 0, line);
}

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = new RegExp(
  `${STRING.source}|(?:-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null)\\b`,
  'y',
);
const BLANKS = /[ \t\r]*/y;

/**
 * Walks over a flat object, for messages only: `places` has where the value of each property starts, `stuck`
 * is where the line stops being one flat object (its length, if it never does).
 */
function walk(source: string): { places: Map<string, number>; stuck: number } {
  const places = new Map<string, number>();
  let at = 0;
  const take = (token: RegExp): string | undefined => {
    const found = matchAt(token, source, at);
    if (found !== undefined) at += found.length + (matchAt(BLANKS, source, at + found.length) ?? '').length;
    return found;
  };
  const takeProperty = (): boolean => {
    const name = take(STRING);
    if (name === undefined || take(/:/y) === undefined) return false;
    places.set(JSON.parse(name) as string, at);
    return take(SCALAR) !== undefined;
  };
  const takeObject = (): void => {
    if (take(/\{/y) === undefined || take(/\}/y) !== undefined) return;
    while (takeProperty()) {
      if (take(/,/y) !== undefined) continue;
      take(/\}/y);
      return;
    }
  };
  take(BLANKS);
  takeObject();
  return { places, stuck: at };
}

function matchAt(token: RegExp, source: string, at: number): string | undefined {
  token.lastIndex = at;
  return token.exec(source)?.[0];
}
