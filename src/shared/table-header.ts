import { type InputError, Problem } from './errors.js';
import { type Place, type TableColumn } from './table-row.js';

const MAX_ERRORS = 20;

/**
 * Which declared column each cell of the header names, as indexes. Names are compared exactly, without
 * the spaces around them. All that is wrong is told at once (up to a limit, by the place of each cell).
 * @throws Problem `invalid_input` with `unknown_column`, `duplicate_column` and `missing_column`
 */
export function readHeader(
  cells: readonly string[],
  columns: readonly TableColumn[],
  line: number,
  placeOf: (cell: number) => Place,
): number[] {
  const names = cells.map((cell) => cell.trim());
  const targets = names.map((name) => columns.findIndex((column) => column.name === name));
  const errors = [
    ...cellErrors(names, targets, columns, line, placeOf),
    ...missingErrors(targets, columns, line),
  ];
  if (errors.length > 0) throw new Problem('invalid_input', errors[0]!.detail, { errors });
  return targets;
}

function cellErrors(
  names: readonly string[],
  targets: readonly number[],
  columns: readonly TableColumn[],
  line: number,
  placeOf: (cell: number) => Place,
): InputError[] {
  // A first line without anything like a known name may well be data: then nothing of it is repeated.
  if (!names.some((name) => nearest(name, columns) !== undefined)) {
    const detail = `No cell of the first line names a known column: is it the header? ${expectedColumns(columns)}`;
    return [{ pointer: `/${line}`, code: 'unknown_column', detail, ...placeOf(0) }];
  }
  const errors: InputError[] = [];
  for (let i = 0; i < names.length && errors.length < MAX_ERRORS; i++) {
    const fault = cellFault(i, names, targets, columns);
    if (fault) errors.push({ pointer: `/${line}`, ...fault, ...placeOf(i) });
  }
  return errors;
}

function cellFault(
  i: number,
  names: readonly string[],
  targets: readonly number[],
  columns: readonly TableColumn[],
): { code: string; detail: string } | undefined {
  const target = targets[i]!;
  if (target === -1) return unknownColumn(names[i]!, columns);
  if (targets.indexOf(target) === i) return undefined;
  return { code: 'duplicate_column', detail: `The column ${columns[target]!.name} is there more than once.` };
}

function missingErrors(
  targets: readonly number[],
  columns: readonly TableColumn[],
  line: number,
): InputError[] {
  const missing = columns.filter((column, i) => column.required && !targets.includes(i));
  return missing.map(({ name }) => {
    const detail = `The header lacks the column ${name}. ${expectedColumns(columns)}`;
    return { pointer: `/${line}/${name}`, code: 'missing_column', detail, line, column: 1 };
  });
}

/** The error for a name that is no column, with the column that was probably meant. */
export function unknownColumn(
  name: string,
  columns: readonly TableColumn[],
): { code: string; detail: string } {
  const meant = nearest(name, columns);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  const subject = name === '' ? 'A column without a name' : `The column "${printable(name)}"`;
  return { code: 'unknown_column', detail: `${subject} is not known.${hint} ${expectedColumns(columns)}` };
}

function expectedColumns(columns: readonly TableColumn[]): string {
  const list = (required: boolean) =>
    columns.filter((column) => column.required === required).map((column) => column.name);
  const parts = [list(true).join(', '), list(false).join(', ')];
  if (parts[0] === '') return `Expected: any of ${parts[1]}.`;
  return `Expected: ${parts[0]}${parts[1] === '' ? '' : `; optional: ${parts[1]}`}.`;
}

/** At most 40 characters, of which none can change how a terminal or page shows the rest. */
function printable(name: string): string {
  return [...name.slice(0, 80)]
    .slice(0, 40)
    .map((character) => (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character) ? character : '\ufffd'))
    .join('');
}

/** The column whose name is like this one: at most a third of it (and at least one character) differs. */
function nearest(name: string, columns: readonly TableColumn[]): string | undefined {
  if (name.length > 60) return undefined;
  const plain = simplified(name);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const column of columns) {
    const distance = editDistance(plain, simplified(column.name));
    if (distance > Math.max(1, Math.floor(column.name.length / 3)) || distance >= bestDistance) continue;
    bestDistance = distance;
    best = column.name;
  }
  return best;
}

function simplified(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/** How many characters must be put in, left out or replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? Infinity) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
