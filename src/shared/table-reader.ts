import { Problem } from './errors.js';
import { CsvRows } from './table-csv.js';
import { NdjsonRows } from './table-ndjson.js';
import { countLines, placeAt, type TableColumn, tableProblem, type TableRow } from './table-row.js';
import { readText, type TextFault } from './table-text.js';

export type TableFormat = 'csv' | 'ndjson';

export interface TableLimits {
  /** The longest row, its line end included, in UTF-16 units (bytes, where all is ASCII). */
  rowLength: number;
}

const LIMITS: TableLimits = { rowLength: 65_536 };

/**
 * The rows of an upload, in batches (those of one block of 64 KiB). Memory is bounded by the block and by
 * the longest row, whatever the source holds and however it is cut into chunks.
 *
 * Any fault makes the whole file unusable, except an empty cell in a required column: that one is the
 * consumer's to reject, with `row.errorAt`. An error of the source is passed on as it is. Leaving early, by an
 * error too, destroys the source: a request can still be answered then, but its `socket` is gone.
 * @throws Problem `malformed_body` with `not_utf8` or `nul_byte`: this is no text; `invalid_input` with the
 * code, the line and mostly the column of the fault. No cell's content is repeated.
 */
export async function* readTable(
  source: AsyncIterable<Uint8Array>,
  format: TableFormat,
  columns: readonly TableColumn[],
  limits: TableLimits = LIMITS,
): AsyncGenerator<TableRow[]> {
  const rows = format === 'csv' ? new CsvRows(columns) : new NdjsonRows(columns);
  let pending = '';
  let line = 1;
  let openQuote = -1;
  for await (const { text, fault } of readText(source)) {
    const batch: TableRow[] = [];
    pending += text;
    let start = 0;
    for (let next; (next = rows.read(pending, start, line, batch)) !== -1; start = next) {
      if (next - start > limits.rowLength) throw rowTooLong(line, limits);
      line += countLines(pending, start, next);
    }
    pending = pending.slice(start);
    openQuote = rows.openQuote === -1 ? -1 : rows.openQuote - start;
    if (pending.length > limits.rowLength)
      throw rowTooLong(line, limits, openQuoteHint(pending, openQuote, line));
    if (batch.length > 0) yield batch;
    if (fault) throw unreadable(fault, pending, line);
  }
  if (openQuote !== -1) throw unclosedQuote(pending, openQuote, line);
  if (!rows.started) throw tableProblem('empty_file', 'The file is empty.', { line: 1, column: 1 });
}

/** The format that a Content-Type announces, or undefined for another one or a charset other than UTF-8. */
export function formatOfMediaType(contentType: string | undefined): TableFormat | undefined {
  const [type, ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?(utf-?8|us-ascii)"?$/.test(charset)) return undefined;
  if (type === 'text/csv') return 'csv';
  return type === 'application/x-ndjson' || type === 'application/ndjson' ? 'ndjson' : undefined;
}

function rowTooLong(line: number, limits: TableLimits, hint = ''): Problem {
  const detail = `The row on line ${line} is longer than ${limits.rowLength} characters.${hint}`;
  return tableProblem('row_too_long', detail, { line, column: 1 });
}

function openQuoteHint(pending: string, openQuote: number, line: number): string {
  if (openQuote === -1) return '';
  const place = placeAt(pending, openQuote, line);
  return ` The quote opened on line ${place.line}, column ${place.column} is not closed.`;
}

function unclosedQuote(pending: string, openQuote: number, line: number): Problem {
  const place = placeAt(pending, openQuote, line);
  const detail = `The quote opened on line ${place.line}, column ${place.column} is never closed. Is the file cut off?`;
  return tableProblem('unclosed_quote', detail, place);
}

const FAULTS: Record<TextFault, string> = {
  not_utf8: 'is not UTF-8; save the file as UTF-8',
  nul_byte: 'is a NUL byte; is the file UTF-16, or no text at all? Save it as UTF-8',
  control_character: 'is a control character; of these only tabs and line ends are understood',
  lone_carriage_return: 'is a carriage return without a line feed; lines end with LF or CRLF',
};

/** For bytes that are not UTF-8 the column counts bytes, and characters otherwise. */
function unreadable(fault: TextFault, pending: string, line: number): Problem {
  const place = placeAt(pending, pending.length, line);
  const isBytes = fault === 'not_utf8';
  if (isBytes) place.column = Buffer.byteLength(pending.slice(pending.lastIndexOf('\n') + 1)) + 1;
  const what = `${isBytes ? 'Byte' : 'Character'} ${place.column} of line ${place.line} ${FAULTS[fault]}.`;
  const problem = tableProblem(fault, what, place);
  return fault === 'not_utf8' || fault === 'nul_byte'
    ? new Problem('malformed_body', what, problem.members)
    : problem;
}
