import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type InputError, Problem } from '../../src/shared/errors.js';
import { formatOfMediaType, readTable, type TableFormat } from '../../src/shared/table-reader.js';
import { type TableColumn, type TableRow } from '../../src/shared/table-row.js';

const COLUMNS: TableColumn[] = [
  { name: 'first', required: true },
  { name: 'last', required: true },
  { name: 'partner', required: false },
];

type Content = string | Uint8Array;

async function* chunksOf(...chunks: Content[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk as string);
}

async function rowsOf(source: AsyncIterable<Uint8Array>, format: TableFormat, columns = COLUMNS) {
  const rows: TableRow[] = [];
  for await (const batch of readTable(source, format, columns)) rows.push(...batch);
  return rows;
}

/** What came out, in a form that can be compared: rows as [line, ...values], or the errors. */
async function outcome(source: AsyncIterable<Uint8Array>, format: TableFormat, columns = COLUMNS) {
  try {
    return (await rowsOf(source, format, columns)).map((row) => [row.line, ...row.values]);
  } catch (error) {
    if (error instanceof Problem) return { problem: error.code, errors: error.members.errors };
    throw error;
  }
}

async function faults(
  content: Content,
  format: TableFormat = 'csv',
  columns = COLUMNS,
): Promise<InputError[]> {
  const result = await outcome(chunksOf(content), format, columns);
  if (Array.isArray(result)) throw new Error(`no fault was found: ${JSON.stringify(result)}`);
  return result.errors!;
}

/** Code, line and column of the first error. */
async function fault(content: Content, format: TableFormat = 'csv', columns = COLUMNS) {
  const { code, line, column } = (await faults(content, format, columns))[0]!;
  return [code, line, column];
}

function csv(text: string, columns = COLUMNS) {
  return outcome(chunksOf(text), 'csv', columns);
}

const H = 'first,last,partner\n';

describe('CSV', () => {
  it('gives the cells in the order of the declared columns, null for an empty or absent one', async () => {
    expect(await csv('last,first\n2,1\n,3\n"",4\n')).toEqual([
      [2, '1', '2', null],
      [3, '3', null, null],
      [4, '4', null, null],
    ]);
  });

  it('accepts a byte order mark, CRLF and LF mixed, blank lines and a missing last line end', async () => {
    expect(await csv('\ufeff\r\n first , last\r\n1,2\n\n \t\r\n3,4')).toEqual([
      [3, '1', '2', null],
      [6, '3', '4', null],
    ]);
  });

  it('reads quoted cells with commas, quotes and line ends, and counts physical lines', async () => {
    expect(await csv(`${H}"a,b","say ""x""","1\r\n2\n3"\nd,e,"f"\n`)).toEqual([
      [2, 'a,b', 'say "x"', '1\r\n2\n3'],
      [5, 'd', 'e', 'f'],
    ]);
  });

  it('yields nothing for a header alone', async () => {
    expect(await csv('first,last')).toEqual([]);
  });

  it('says where a cell starts, on which line and in characters', async () => {
    const rows = await rowsOf(chunksOf(`last,first\n"\n😀,é","x"\ny,"z"\n`), 'csv');
    expect([rows[0]!.placeOf('last'), rows[0]!.placeOf('first'), rows[1]!.placeOf('first')]).toEqual([
      { line: 2, column: 1 },
      { line: 3, column: 6 },
      { line: 4, column: 3 },
    ]);
    expect(rows[0]!.placeOf('partner')).toEqual({ line: 2, column: 1 });
    expect(rows[1]!.errorAt('first', 'not_digits', 'no')).toEqual({
      pointer: '/4/first',
      code: 'not_digits',
      detail: 'no',
      line: 4,
      column: 3,
    });
  });

  it.each<[string, string, unknown[]]>([
    ['a quote never closed', `${H}1,2,3\n1,"2\n3,4,5\n6,7`, ['unclosed_quote', 3, 3]],
    ['a file cut off in a cell', `${H}1,2,"`, ['unclosed_quote', 2, 5]],
    ['a quote inside a cell', `${H}1,2"3,4\n`, ['stray_quote', 2, 4]],
    ['more after a closing quote', `${H}"\n1"x,2,3\n`, ['stray_quote', 3, 3]],
    ['too few cells', `${H}1,2,3\n1,2\n`, ['wrong_cell_count', 3, 3]],
    ['too many cells', `${H}1,2,3,4\n`, ['wrong_cell_count', 2, 7]],
    ['semicolons', '"first";"last"\n1;2\n', ['wrong_delimiter', 1, 8]],
    ['tabs', '\nfirst\tlast\n', ['wrong_delimiter', 2, 6]],
    ['no bytes', '', ['empty_file', 1, 1]],
    ['only a byte order mark', '\ufeff', ['empty_file', 1, 1]],
    ['only blank lines', '\n\r\n ', ['empty_file', 1, 1]],
    ['a carriage return alone', `${H}1,2,3\r1,2,3\n`, ['lone_carriage_return', 2, 6]],
    ['one in a quoted cell', `${H}1,2,"é\r"\n`, ['lone_carriage_return', 2, 7]],
    ['one at the end', `${H}1,2,3\r`, ['lone_carriage_return', 2, 6]],
    ['a control character', `${H}1,"\n😀\u001b",3\n`, ['control_character', 3, 2]],
    ['a C1 control character', `${H}1,2,\u0085\n`, ['control_character', 2, 5]],
    ['a NUL byte', `${H}1,\0,3\n`, ['nul_byte', 2, 3]],
  ])('refuses %s', async (_, text, expected) => {
    expect(await fault(text)).toEqual(expected);
  });

  it('keeps a tab in a cell', async () => {
    expect(await csv(`${H}1,2,a\tb\n`)).toEqual([[2, '1', '2', 'a\tb']]);
  });

  it('says what was expected and what was found', async () => {
    const [error] = await faults(`${H}1,2\n`);
    expect(error).toEqual({
      pointer: '/2',
      code: 'wrong_cell_count',
      detail: 'The row on line 2 has 2 cells; the header has 3.',
      line: 2,
      column: 3,
    });
    expect((await faults(`${H}"\n1"x,2,3\n`))[0]!.detail).toContain('begins on line 2, column 1');
  });
});

describe('the header of a CSV file', () => {
  it('may have everything wrong at once', async () => {
    expect(await faults('frist,partner, partner,extra\n')).toEqual([
      expect.objectContaining({ pointer: '/1', code: 'unknown_column', line: 1, column: 1 }),
      expect.objectContaining({ pointer: '/1', code: 'duplicate_column', line: 1, column: 15 }),
      expect.objectContaining({ pointer: '/1', code: 'unknown_column', line: 1, column: 24 }),
      expect.objectContaining({ pointer: '/1/first', code: 'missing_column', line: 1, column: 1 }),
      expect.objectContaining({ pointer: '/1/last', code: 'missing_column', line: 1, column: 1 }),
    ]);
  });

  it.each([
    ['frist', 'first'],
    ['First', 'first'],
    ['lst', 'last'],
    ['part-ner', 'partner'],
  ])('suggests for %s the column %s', async (typo, meant) => {
    const [error] = await faults(`${typo},partner\n`);
    expect(error!.detail).toBe(
      `The column "${typo}" is not known. Did you mean ${meant}? Expected: first, last; optional: partner.`,
    );
  });

  it('repeats at most 40 printable characters of a name', async () => {
    const [error] = await faults(`first,${'😀\u202e'.repeat(50)}\n`);
    expect(error!.detail).toContain(`"${'😀\ufffd'.repeat(20)}"`);
  });

  it('repeats nothing of a first line that looks like data', async () => {
    const [error, ...others] = await faults('+31612345678,Jansen,x\n');
    expect(error!.detail).toMatch(/^No cell of the first line names a known column/);
    expect(error!.detail).not.toMatch(/316|Jansen/);
    expect(others.map(({ code }) => code)).toEqual(['missing_column', 'missing_column']);
  });

  it('names a column without a name as such', async () => {
    expect((await faults('first,last,\n'))[0]!.detail).toMatch(/^A column without a name is not known\. E/);
  });

  it('takes little time for thousands of wrong names', async () => {
    const started = performance.now();
    const errors = await faults(`first${',x'.repeat(32_000)}\n`);
    expect(errors.length).toBeLessThan(30);
    await faults(`first,last,a${' '.repeat(60_000)}b\n`);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

describe('bytes that are no UTF-8', () => {
  const latin1 = Buffer.from(`${H}1,2,é\n3,4,Zo`).subarray();

  it.each<[string, Uint8Array, unknown[]]>([
    ['Latin-1', Buffer.concat([latin1, Buffer.from([0xeb, 0x0a])]), ['not_utf8', 3, 7]],
    ['a character cut off at the end', Buffer.from(`${H}1,2,€`).subarray(0, -1), ['not_utf8', 2, 5]],
    [
      'bytes after a genuine U+FFFD and é',
      Buffer.concat([Buffer.from(`${H}é\ufffd`), Buffer.from([0xff])]),
      ['not_utf8', 2, 6],
    ],
    ['UTF-16 with its mark', Buffer.from('\ufefffirst', 'utf16le'), ['not_utf8', 1, 1]],
    ['UTF-16 without a mark', Buffer.from('first', 'utf16le'), ['nul_byte', 1, 2]],
    ['an encoded surrogate', Buffer.from([0xed, 0xa0, 0x80]), ['not_utf8', 1, 1]],
  ])('%s', async (_, bytes, expected) => {
    expect(await fault(bytes)).toEqual(expected);
    expect(await outcome(chunksOf(bytes), 'csv')).toMatchObject({ problem: 'malformed_body' });
  });

  it('leaves what stands before them to be read', async () => {
    const lines: number[] = [];
    const read = async () => {
      const bad = chunksOf(`${H}1,2,3\n4,5,6\n7`, Uint8Array.of(0xff));
      for await (const batch of readTable(bad, 'csv', COLUMNS)) lines.push(...batch.map((row) => row.line));
    };
    await expect(read()).rejects.toThrow(Problem);
    expect(lines).toEqual([2, 3]);
  });

  it('are found at the right place behind many blocks', async () => {
    const row = '€uro,"x\ny",z\r\n';
    const bytes = Buffer.from(H + row.repeat(20_000) + '€,');
    expect(await fault(Buffer.concat([bytes, Buffer.from([0xc3, 0x28])]))).toEqual(['not_utf8', 40_002, 5]);
  });
});

describe('NDJSON', () => {
  it('takes strings, numbers, booleans and null, and ignores blank lines', async () => {
    const text = '\ufeff{"last":2,"first":"1"}\r\n\n \n{ "first" : true , "partner" : null, "last": "" }\n{}';
    expect(await outcome(chunksOf(text), 'ndjson')).toEqual([
      [1, '1', '2', null],
      [4, 'true', null, null],
      [5, null, null, null],
    ]);
  });

  it('says where a value starts', async () => {
    const [row] = await rowsOf(chunksOf('{"first": "\\u00e9😀\\"", "l\\u0061st" : -1.5e3}'), 'ndjson');
    expect(row!.values).toEqual(['é😀"', '-1500', null]);
    expect(row!.placeOf('first').column).toBe(11);
    expect(row!.placeOf('last').column).toBe(38);
    expect(row!.placeOf('partner').column).toBe(1);
  });

  it.each<[string, string, unknown[]]>([
    ['a line cut off', '{"first":"1"}\n{"first":"1","la', ['broken_json', 2, 14]],
    ['a line cut off after a comma', '{"first":"1",', ['broken_json', 1, 14]],
    ['a trailing comma', '{"first":"1",}', ['broken_json', 1, 14]],
    ['a missing value', '{"first": }', ['broken_json', 1, 11]],
    ['a number with a leading zero', '{"first":0123}', ['broken_json', 1, 10]],
    ['two objects on a line', '{"first":1} {}', ['broken_json', 1, 13]],
    ['text', 'first,last', ['broken_json', 1, 1]],
    ['a list', '[1]', ['not_an_object', 1, 1]],
    ['null', 'null', ['not_an_object', 1, 1]],
    ['an unknown property', '{"first":1,"frist":2}', ['unknown_column', 1, 20]],
    ['a prototype', '{"__proto__":1}', ['unknown_column', 1, 14]],
    ['a nested value', '{"first":1,"last":{"a":1}}', ['nested_value', 1, 19]],
    ['a number that is not exact', '{"first":31850210123456789}', ['inexact_number', 1, 10]],
    ['an infinite number', '{"first":1e999}', ['inexact_number', 1, 10]],
    ['an escaped NUL', '{"first":"\\u0000"}', ['control_character', 1, 10]],
    ['an escaped carriage return', '{"first":"a\\rb"}', ['control_character', 1, 10]],
    ['half a surrogate pair', '{"first":"\\ud800"}', ['lone_surrogate', 1, 10]],
    ['a raw NUL byte', '{"first":"\0"}', ['nul_byte', 1, 11]],
    ['nothing at all', '\n', ['empty_file', 1, 1]],
  ])('refuses %s', async (_, text, expected) => {
    expect(await fault(text, 'ndjson')).toEqual(expected);
  });

  it('points at the property and never repeats a value', async () => {
    expect((await faults('{"last":["Jansen"]}', 'ndjson'))[0]!.pointer).toBe('/1/last');
    const [broken] = await faults('{"first":Jansen}', 'ndjson');
    expect(broken!.detail).toBe('Line 1 is not a JSON object.');
    expect((await faults('{"first":1', 'ndjson'))[0]!.detail).toContain('cut off');
  });

  it('survives deep nesting and long strings', async () => {
    expect(await fault('['.repeat(60_000), 'ndjson')).toEqual(['broken_json', 1, 1]);
    expect(await fault(`{"first":"${'a'.repeat(60_000)}`, 'ndjson')).toEqual(['broken_json', 1, 10]);
    expect(await fault(`{"first":"${'\\\\'.repeat(30_000)}`, 'ndjson')).toEqual(['broken_json', 1, 10]);
  });
});

describe('long rows and large files', () => {
  it.each<[string, TableFormat, string, string]>([
    ['a CSV file without line ends', 'csv', '', 'x,'],
    ['a CSV row without an end', 'csv', H, 'x,'],
    ['a quoted cell without an end', 'csv', `${H}1,"`, 'a,b\n'],
    ['an NDJSON file without line ends', 'ndjson', '', '{"first":'],
  ])('finds %s without taking it all', async (_, format, start, text) => {
    let taken = 0;
    const chunk = Buffer.from(text.repeat(10_000));
    async function* gigabyte() {
      yield Buffer.from(start);
      for (; taken < 2 ** 30; taken += chunk.length) yield chunk;
    }
    expect(await outcome(gigabyte(), format)).toMatchObject({ errors: [{ code: 'row_too_long' }] });
    expect(taken).toBeLessThan(300_000);
  });

  it('says which quote swallowed the rows', async () => {
    const [error] = await faults(`${H}1,"2,3\n${'4,5,6\n'.repeat(20_000)}`);
    expect(error).toMatchObject({ code: 'row_too_long', line: 2, column: 1 });
    expect(error!.detail).toContain('The quote opened on line 2, column 3 is not closed.');
  });

  it('takes a row of exactly the limit and no longer one', async () => {
    const row = (length: number) => `first\n1\n${'x'.repeat(length)}\n2`;
    const one = [{ name: 'first', required: true }];
    expect(await csv(row(65_535), one)).toHaveLength(3);
    for (const length of [65_536, 66_000, 200_000])
      expect(await fault(row(length), 'csv', one)).toEqual(['row_too_long', 3, 1]);
  });

  it('stays fast when a long row comes byte by byte', async () => {
    const bytes = Buffer.from(`${H}1,"${'x,\n'.repeat(20_000)}",3\n`);
    async function* single() {
      for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1);
    }
    const started = performance.now();
    expect(await rowsOf(single(), 'csv')).toHaveLength(1);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('keeps memory bounded over many rows', async () => {
    const chunk = Buffer.from('123456,"a ""quoted"" cell",partner\n'.repeat(2_000));
    async function* source() {
      yield Buffer.from(H);
      for (let i = 0; i < 1_000; i++) yield chunk;
    }
    let rows = 0;
    const before = process.memoryUsage().heapUsed;
    let peak = 0;
    for await (const batch of readTable(source(), 'csv', COLUMNS)) {
      rows += batch.length;
      if (rows % 100 < batch.length) peak = Math.max(peak, process.memoryUsage().heapUsed);
    }
    expect(rows).toBe(2_000_000);
    expect(peak - before).toBeLessThan(100 * 2 ** 20);
  });
});

describe('the source', () => {
  it('passes its error on', async () => {
    const aborted = new Error('aborted');
    async function* source() {
      yield Buffer.from(`${H}1,2,`);
      throw aborted;
    }
    await expect(rowsOf(source(), 'csv')).rejects.toBe(aborted);
  });

  it('is closed when the file is refused', async () => {
    let closed = false;
    async function* source() {
      try {
        for (;;) yield Buffer.from('wrong\n'.repeat(20_000));
      } finally {
        closed = true;
      }
    }
    await expect(rowsOf(source(), 'csv')).rejects.toThrow(Problem);
    expect(closed).toBe(true);
  });
});

describe('any cut of the bytes into chunks', () => {
  // Weighted towards the characters that mean something; a lone CR and controls are tested above.
  const character = fc.oneof(
    fc.constantFrom(
      '"',
      ',',
      '\n',
      '\r\n',
      ';',
      '\t',
      ' ',
      'a',
      '1',
      'é',
      '€',
      '😀',
      '\ufffd',
      '\ufeff',
      '\u2028',
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((c) => !/\p{Cc}/u.test(c)),
  );
  const cell = fc.array(character, { maxLength: 8 }).map((characters) => characters.join(''));
  const table = fc.record({
    rows: fc.array(fc.tuple(cell, cell, cell, fc.boolean()), { maxLength: 12 }),
    // Enough to make some cells go over the boundary of a block.
    filler: fc.oneof(fc.constant(0), fc.integer({ min: 65_400, max: 65_560 })),
    eol: fc.constantFrom('\n', '\r\n'),
    lastEol: fc.boolean(),
    cuts: fc.array(fc.nat(), { maxLength: 12 }),
    small: fc.boolean(),
  });

  function serialise(cell: string, force: boolean) {
    return force || /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  }

  function cut(bytes: Uint8Array, cuts: number[], small: boolean): Uint8Array[] {
    if (small && bytes.length < 2_000) return Array.from(bytes, (byte) => Uint8Array.of(byte));
    const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
  }

  const lines = (text: string) => text.split('\n').length - 1;

  it('gives back the rows of a CSV file and their lines', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ rows, filler, eol, lastEol, cuts, small }) => {
        let text = `first,last,partner${eol}`;
        const expected: unknown[] = [];
        const add = (cells: string[], force: boolean) => {
          expected.push([lines(text) + 1, ...cells.map((value) => (value === '' ? null : value))]);
          text += cells.map((value) => serialise(value, force)).join(',') + eol;
        };
        if (filler > 0) for (let i = 0; i < 2; i++) add(['x'.repeat(filler / 2 - 20), '', '€'], false);
        for (const [a, b, c, force] of rows) add([a, b, c], force);
        if (!lastEol) text = text.slice(0, -eol.length);
        const chunks = cut(Buffer.from(text), cuts, small);
        expect(await outcome(chunksOf(...chunks), 'csv')).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('gives back the rows of an NDJSON file, and places that hold what they promise', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ rows, eol, cuts, small }) => {
        const lines = rows.map(([first, last, partner]) => JSON.stringify({ first, partner, last }));
        const chunks = cut(Buffer.from(lines.join(eol) + eol), cuts, small);
        if (rows.length === 0) return;
        const read = await rowsOf(chunksOf(...chunks), 'ndjson');
        expect(read.map((row) => [row.line, ...row.values])).toEqual(
          rows.map(([a, b, c], i) => [i + 1, a || null, b || null, c || null]),
        );
        for (const [i, row] of read.entries()) {
          const { column } = row.placeOf('last');
          const rest = [...lines[i]!].slice(column - 1).join('');
          expect(rest).toBe(`${JSON.stringify(rows[i]![1])}}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('makes of garbage only rows or a Problem, the same for every cut', async () => {
    const byte = fc.oneof(
      fc.integer({ min: 0, max: 255 }),
      fc.constantFrom(...Buffer.from('",\n\r{}:"[]\\u01;é€')),
    );
    const start = fc.constantFrom('', '\ufeff', H, 'first,last\n', '{"first":"', '{"first":1}\n');
    await fc.assert(
      fc.asyncProperty(
        start,
        fc.array(byte, { maxLength: 200 }),
        fc.constantFrom<TableFormat>('csv', 'ndjson'),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.boolean(),
        async (start, garbage, format, cuts, small) => {
          const bytes = Buffer.concat([Buffer.from(start), Uint8Array.from(garbage)]);
          const whole = await outcome(chunksOf(bytes), format);
          expect(await outcome(chunksOf(...cut(bytes, cuts, small)), format)).toEqual(whole);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('finds the same on both sides of the boundary of a block', async () => {
    const byte = fc.oneof(
      fc.constantFrom(...Buffer.from('",,\n\r\n\0€é😀11')),
      fc.integer({ min: 0, max: 255 }),
    );
    const one = [{ name: 'first', required: true }];
    const shifted = (result: Awaited<ReturnType<typeof outcome>>, by: number) =>
      Array.isArray(result)
        ? result.map(([line, ...values]) => [(line as number) + by, ...values])
        : result.errors!.map(({ code, line, column }) => [code, line! + by, column]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(byte, { maxLength: 60 }),
        fc.array(fc.constantFrom('a', '"é\r\n€"\r\n', '"""",1\n', '1\r\n', '\r\n', '😀\n'), {
          maxLength: 10,
        }),
        fc.integer({ min: 65_430, max: 65_528 }),
        async (garbage, good, length) => {
          const tail = Buffer.concat([Buffer.from(good.join('')), Uint8Array.from(garbage)]);
          const alone = await outcome(chunksOf('first\n', tail), 'csv', one);
          const behind = await outcome(chunksOf(`first\n${'x'.repeat(length)}\n`, tail), 'csv', one);
          if (Array.isArray(behind)) behind.shift();
          expect(shifted(behind, 0)).toEqual(shifted(alone, 1));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('formatOfMediaType', () => {
  it.each<[string | undefined, string | undefined]>([
    ['text/csv', 'csv'],
    ['Text/CSV; Charset=UTF-8; header=present', 'csv'],
    ['text/csv;charset="us-ascii"', 'csv'],
    ['application/x-ndjson', 'ndjson'],
    ['application/ndjson ; charset=utf8', 'ndjson'],
    ['text/csv; charset=iso-8859-1', undefined],
    ['text/csv; charset=', undefined],
    ['application/json', undefined],
    ['text/csvx', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s: %s', (contentType, format) => {
    expect(formatOfMediaType(contentType)).toBe(format);
  });
});
