import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { allocateColumns, columnsOf, RangeIndex, type Row } from '../../src/lookup/range-index.js';
import { clusteredRanges } from '../bench/index-bench.js';

const NONE = columnsOf([]);

function row(id: number, first: number, last = first, fields: Partial<Row> = {}): Row {
  return { id, first, last, target: id % 7, from: -Infinity, to: Infinity, ...fields };
}

function build(...rows: Row[]): RangeIndex {
  return RangeIndex.build(columnsOf(rows));
}

function rowAt(index: RangeIndex, position: number): Row {
  return {
    id: index.id(position),
    first: index.first(position),
    last: index.last(position),
    target: index.target(position),
    from: index.from(position),
    to: index.to(position),
  };
}

function rowsOf(index: RangeIndex): Row[] {
  return Array.from({ length: index.count }, (_, position) => rowAt(index, position));
}

function idHolding(index: RangeIndex, number: number): number | undefined {
  const position = index.find(number);
  return position < 0 ? undefined : index.id(position);
}

describe('RangeIndex.build', () => {
  it('finds nothing where there are no rows', () => {
    expect(RangeIndex.build(NONE).find(31850210123)).toBe(-1);
    expect(RangeIndex.build(NONE).firstEnd).toBe(Infinity);
  });

  it('finds the ends of ranges, single numbers and neighbours, and nothing in the gaps', () => {
    const index = build(row(1, 31850210100, 31850210199), row(2, 31850210200), row(3, 31850210202));
    expect(idHolding(index, 31850210099)).toBeUndefined();
    expect(idHolding(index, 31850210100)).toBe(1);
    expect(idHolding(index, 31850210199)).toBe(1);
    expect(idHolding(index, 31850210200)).toBe(2);
    expect(idHolding(index, 31850210201)).toBeUndefined();
    expect(idHolding(index, 31850210202)).toBe(3);
    expect(idHolding(index, 31850210203)).toBeUndefined();
  });

  it('tells digit counts apart', () => {
    const index = build(row(1, 1000000, 9999999), row(2, 10000000, 10000009), row(3, 999999999999999));
    expect(idHolding(index, 9999999)).toBe(1);
    expect(idHolding(index, 10000000)).toBe(2);
    expect(idHolding(index, 99999999999999)).toBeUndefined();
    expect(idHolding(index, 999999999999999)).toBe(3);
  });

  it('finds in ranges and across gaps that are wider than 32 bits', () => {
    const index = build(
      row(1, 100000000000000, 399999999999999),
      row(2, 400000000000000),
      row(3, 400004294967296),
      row(4, 900000000000000, 999999999999999),
    );
    expect(idHolding(index, 100000000000000 + 2 ** 32)).toBe(1);
    expect(idHolding(index, 399999999999999)).toBe(1);
    expect(idHolding(index, 400004294967296)).toBe(3);
    expect(idHolding(index, 400008589934592)).toBeUndefined();
    expect(idHolding(index, 999999999999999)).toBe(4);
  });

  it('finds in a range wider than 31 bits behind any number of narrow ones', () => {
    for (let narrow = 0; narrow < 40; narrow++) {
      const rows = Array.from({ length: narrow }, (_, i) => row(i + 1, 31850000000 + 2 * i));
      const index = build(...rows, row(99, 31850000000 + 2 * narrow, 36000000000));
      for (const more of [0, 1, 99, 2 ** 30, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 500_000_000])
        if (idHolding(index, 31850000000 + 2 * narrow + more) !== 99)
          throw new Error(`${narrow} and ${more}`);
    }
  });

  it('answers -1 for what is no number', () => {
    const index = build(row(1, 31850210100, 31850210199));
    for (const number of [NaN, -1, 0, Infinity, -Infinity]) expect(index.find(number)).toBe(-1);
  });

  it('keeps every field, in order, from sorted and unsorted columns alike', () => {
    const rows = [
      row(2 ** 40, 3161, 3161, { target: -(2 ** 31), from: 5, to: 9 }),
      row(7, 3162, 3169, { target: 2 ** 31 - 1, to: 8 }),
      row(1, 999999999999990, 999999999999999),
    ];
    expect(rowsOf(build(...rows))).toEqual(rows);
    expect(rowsOf(build(...rows.toReversed()))).toEqual(rows);
    expect(build(...rows).firstEnd).toBe(8);
  });

  it('reads only the first `length` elements, and keeps nothing of the columns', () => {
    const columns = allocateColumns(4);
    for (const [name, value] of Object.entries(row(1, 3161))) columns[name as keyof Row][0] = value;
    columns.length = 1;
    const index = RangeIndex.build(columns);
    columns.first[0] = 5;
    expect(rowsOf(index)).toEqual([row(1, 3161)]);
  });

  it.each([
    ['two rows overlap', [row(8, 3160, 3165), row(5, 3165, 3169)], 'the rows 8 and 5 hold the same number'],
    ['one lies in another', [row(5, 3162), row(8, 3160, 3165)], 'the rows 8 and 5 hold the same number'],
    ['two are the same', [row(8, 3160), row(5, 3160)], 'the rows 8 and 5 hold the same number'],
    ['last is before first', [row(1, 3160), row(4, 3199, 3190)], 'row 4: last comes before first'],
    ['digits differ', [row(4, 99999, 100000)], 'row 4: first and last differ in their count of digits'],
    ['first is no integer', [row(4, 3160.5, 3161)], 'row 4: first and last must be integers'],
    ['last is no number', [row(4, 3160, NaN)], 'row 4: first and last must be integers'],
    ['a number has 16 digits', [row(4, 10 ** 15)], 'row 4: first and last must be integers'],
    ['a number is 0', [row(4, 0)], 'row 4: first and last must be integers'],
    ['an id is no integer', [row(4.5, 3160, 3160, { target: 1 })], 'row 4.5: the id is no positive integer'],
    ['the period is empty', [row(4, 3160, 3160, { from: 5, to: 5 })], 'row 4: the effective period is empty'],
    ['an instant is no number', [row(4, 3160, 3160, { to: NaN })], 'row 4: the effective period is empty'],
    ['a target is no int32', [row(4, 3160, 3160, { target: 2 ** 31 })], 'row 4: the target is no int32'],
  ])('throws and names the rows where %s', (_, rows, message) => {
    expect(() => build(...rows)).toThrow(message);
  });
});

describe('RangeIndex.with', () => {
  const index = build(row(1, 3100, 3109), row(2, 3110), row(3, 3120, 3129, { to: 50 }));

  it('takes rows out and puts rows in, in unsorted order too', () => {
    const next = index.with(new Set([2, 99]), columnsOf([row(5, 3130), row(4, 3000), row(6, 3110, 3119)]));
    expect(rowsOf(next).map(({ id }) => id)).toEqual([4, 1, 6, 3, 5]);
    expect(rowsOf(index).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(next.firstEnd).toBe(50);
  });

  it('takes out what has ended, and only that', () => {
    expect(rowsOf(index.with(new Set(), NONE, 49)).map(({ id }) => id)).toEqual([1, 2, 3]);
    const next = index.with(new Set(), NONE, 50);
    expect(rowsOf(next).map(({ id }) => id)).toEqual([1, 2]);
    expect(next.firstEnd).toBe(Infinity);
  });

  it('is the same index where nothing changes', () => {
    expect(index.with(new Set([99]), NONE)).toBe(index);
  });

  it('can take out everything', () => {
    expect(index.with(new Set([1, 2, 3]), NONE).count).toBe(0);
  });

  it('throws and names both rows where an added one overlaps a kept one', () => {
    expect(() => index.with(new Set([2]), columnsOf([row(9, 3109, 3110)]))).toThrow(
      'the rows 1 and 9 hold the same number',
    );
  });
});

/** Disjoint rows from a start, each given by the gap before it and its width less one. */
function laidOut(start: number, steps: readonly (readonly [number, number])[], firstId: number): Row[] {
  const rows: Row[] = [];
  let first = start;
  for (const [gap, more] of steps) {
    first += gap;
    const last = first + more;
    if (last > 999999999999999 || String(first).length !== String(last).length) break;
    rows.push(row(firstId + rows.length, first, last));
    first = last + 1;
  }
  return rows;
}

/** Mostly small steps, which crowd; some large ones, up to beyond 32 bits. */
const distance = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 3, arbitrary: fc.constantFrom(9, 99, 999, 9999) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 ** 34 }) },
);
const steps = fc.array(fc.tuple(distance, distance), { maxLength: 120 });
const disjointRows = fc
  .tuple(steps, steps, steps, steps)
  .map(([a, b, c, d]) => [
    ...laidOut(1, a, 1).filter(({ last }) => last < 9000),
    ...laidOut(9990, b, 1000).filter(({ last }) => last < 3e10),
    ...laidOut(31850000000, c, 2000).filter(({ last }) => last < 4e14),
    ...laidOut(499999999999900, d, 3000),
  ]);

function expectSameFinds(index: RangeIndex, rows: readonly Row[]): void {
  const holding = (number: number) => rows.find(({ first, last }) => first <= number && number <= last)?.id;
  for (const { first, last } of rows)
    for (const number of [first - 1, first, Math.floor((first + last) / 2), last, last + 1, last + 5000])
      if (idHolding(index, number) !== holding(number))
        throw new Error(`${number}: found ${idHolding(index, number)}, held by ${holding(number)}`);
}

describe('RangeIndex against a plain scan', () => {
  it('finds the same in random rows', () => {
    fc.assert(fc.property(disjointRows, (rows) => expectSameFinds(build(...rows), rows)));
  });

  it('is after a change as if built anew', () => {
    const property = fc.property(
      disjointRows,
      fc.array(fc.boolean()),
      fc.array(fc.boolean()),
      (rows, a, b) => {
        const before = rows.filter((_, i) => a[i % (a.length || 1)]);
        const after = rows.filter((_, i) => b[i % (b.length || 1)]);
        const kept = new Set(after.map(({ id }) => id));
        const removed = before.map(({ id }) => id).filter((id) => !kept.has(id));
        const added = after.filter((one) => !before.includes(one)).toReversed();
        expect(build(...before).with(new Set(removed), columnsOf(added))).toEqual(build(...after));
      },
    );
    fc.assert(property);
  });

  it.each([
    ['regulators’ ranges', (i: number) => 33100000000 + 10000 * i, 9999],
    ['single numbers side by side', (i: number) => 31612345678 + i, 0],
    ['single numbers far apart', (i: number) => 100000000000000 + 31415926535 * i, 0],
    ['small crowds far apart', (i: number) => 10 ** 14 + 7e11 * Math.floor(i / 17) + (i % 17), 0],
    ['every rank of ten crowded', (i: number) => 10 ** (4 + (i % 11)) + 3 * Math.floor(i / 11), 1],
    [
      'ever denser towards one number',
      (i: number) => 500000000000000 - Math.floor(2 ** (46 - i / 450)) - 2 * i,
      0,
    ],
  ])('finds the same, within the budget of memory, for %s', (_, first, more) => {
    const rows = Array.from({ length: 20000 }, (_, i) => row(i + 1, first(i), first(i) + more));
    const disjoint = rows
      .sort((a, b) => a.first - b.first)
      .filter((one, i) => i === 0 || one.first > rows[i - 1]!.last);
    const index = build(...disjoint);
    expect(index.bytes).toBeLessThan(64 * disjoint.length + 65536);
    for (let p = 0; p < disjoint.length; p += 7) {
      const { first: begin, last: end } = disjoint[p]!;
      if (index.find(begin) !== p || index.find(end) !== p)
        throw new Error(`row ${disjoint[p]!.id} is not found`);
      const next = disjoint[p + 1]?.first === end + 1 ? p + 1 : -1;
      if (index.find(end + 1) !== next) throw new Error(`after row ${disjoint[p]!.id}`);
    }
  });

  it('finds every range of a large, clustered index, within the budget of memory', () => {
    const columns = clusteredRanges(200_000);
    const index = RangeIndex.build(columns);
    expect(index.bytes).toBeLessThan(64 * columns.length);
    for (let p = 0; p < columns.length; p++) {
      const found = [index.find(columns.first[p]!), index.find(columns.last[p]!)];
      if (found[0] !== p || found[1] !== p) throw new Error(`row ${columns.id[p]} is at ${found}`);
    }
  });
});
