import { type InputError, invalidInput } from '../shared/errors.js';
import { formatInstant, parseInstant } from '../shared/instant.js';
import { type NumberRange, parseRange } from '../shared/number-range.js';
import type { TableRow } from '../shared/table-row.js';
import type { Conflict, Rectangle } from './range-rows.js';

/** Reads the ends of a range in a JSON body. Throws `invalid_input`. */
export function rangeOf(input: { first: string; last?: string }, defaultCountry: string): NumberRange {
  const range = parseRange(input.first, input.last, defaultCountry);
  if ('field' in range) throw invalidInput(`/${range.field}`, range.code, range.detail);
  return range;
}

/** Reads a period in a JSON body whose instants were validated. Throws `invalid_input` where it is empty. */
export function periodOf(
  from: string | null | undefined,
  to: string | null | undefined,
  now: number,
): { from: number; to: number } {
  const period = {
    from: from === undefined ? now : from === null ? -Infinity : parseInstant(from)!,
    to: to == null ? Infinity : parseInstant(to)!,
  };
  if (period.to <= period.from)
    throw invalidInput('/effective_to', 'empty_period', 'effective_to does not lie after effective_from');
  return period;
}

/** Reads an instant of a file; `missing` for an empty cell. */
export function instantIn(
  row: TableRow,
  column: string,
  cell: string | null,
  missing: number,
): number | InputError {
  if (cell === null) return missing;
  return (
    parseInstant(cell) ??
    row.errorAt(column, 'is_instant', `${column} is not an RFC 3339 timestamp such as 2026-01-31T12:00:00Z`)
  );
}

/** How the API names a rectangle. */
export function viewRectangle({ first, last, from, to }: Rectangle): {
  first: string;
  last: string;
  effective_from: string | null;
  effective_to: string | null;
} {
  return {
    first: `+${first}`,
    last: `+${last}`,
    effective_from: formatInstant(from),
    effective_to: formatInstant(to),
  };
}

/** How the API names what stands in the way: by id, or by the line of the same file. */
export function viewConflict(conflict: Conflict): Record<string, unknown> {
  return {
    ...('id' in conflict ? { id: conflict.id } : { line: conflict.line }),
    ...viewRectangle(conflict),
  };
}
