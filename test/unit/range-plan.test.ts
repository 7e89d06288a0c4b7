import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planDigest, planRanges } from '../../src/numbering/range-plan.js';
import type { ExistingRow, NewRow, RangePlan, Rectangle } from '../../src/numbering/range-rows.js';

type Corners = [first: number, last: number, from: number, to: number];

const OPEN = Infinity;

function rectangle([first, last, from, to]: Corners): Rectangle {
  return { first, last, from, to };
}

function existingRow(id: number, corners: Corners, holder = 1): ExistingRow {
  return { id, ...rectangle(corners), holder };
}

function newRow(line: number, corners: Corners, holder = 2): NewRow {
  return { line, ...rectangle(corners), holder };
}

function ofLine(line: number, corners: Corners, holder = 2): RangePlan['inserted'][number] {
  return { ...rectangle(corners), holder, line, source: null };
}

function leftOf(source: number, corners: Corners, holder = 1): RangePlan['inserted'][number] {
  return { ...rectangle(corners), holder, line: null, source };
}

function planOf(parts: Partial<RangePlan>): RangePlan {
  return { inserted: [], shortened: [], withdrawn: [], rejects: [], unchanged: 0, ...parts };
}

function carve(existing: ExistingRow[], rows: NewRow[]): Promise<RangePlan> {
  return planRanges(existing, rows, { carve: true });
}

function accept(existing: ExistingRow[], rows: NewRow[]): Promise<RangePlan> {
  return planRanges(existing, rows, { carve: false });
}

describe('rows that meet nothing', () => {
  const existing = [existingRow(1, [100, 109, 0, 10]), existingRow(2, [130, 139, -OPEN, OPEN])];
  const rows = [
    newRow(1, [110, 119, 0, 10]),
    newRow(2, [100, 109, 10, OPEN]),
    newRow(3, [90, 99, -OPEN, OPEN]),
  ];

  it.each([true, false])('are inserted whole, by number, with carve %s', async (carving) => {
    expect(await planRanges(existing, rows, { carve: carving })).toEqual(
      planOf({
        inserted: [
          ofLine(3, [90, 99, -OPEN, OPEN]),
          ofLine(2, [100, 109, 10, OPEN]),
          ofLine(1, [110, 119, 0, 10]),
        ],
      }),
    );
  });

  it.each([true, false])('may be none at all, with carve %s', async (carving) => {
    expect(await planRanges([], [], { carve: carving })).toEqual(planOf({}));
    expect(await planRanges(existing, [], { carve: carving })).toEqual(planOf({}));
  });
});

describe('without carve', () => {
  it('rejects what overlaps an existing row, in numbers and in time', async () => {
    const plan = await accept([existingRow(7, [100, 109, 0, 10])], [newRow(1, [109, 120, 9, 12])]);
    const conflicts = [{ id: 7, ...rectangle([100, 109, 0, 10]) }];
    expect(plan).toEqual(planOf({ rejects: [{ line: 1, code: 'range_overlaps', conflicts, total: 1 }] }));
  });

  it('rejects what overlaps an accepted earlier row, and only such', async () => {
    const plan = await accept(
      [existingRow(7, [100, 109, 0, OPEN])],
      [newRow(1, [105, 115, 0, OPEN]), newRow(2, [110, 120, 0, OPEN]), newRow(3, [120, 121, 5, 6])],
    );
    expect(plan.inserted).toEqual([ofLine(2, [110, 120, 0, OPEN])]);
    expect(plan.rejects.map(({ line, conflicts }) => [line, ...conflicts])).toEqual([
      [1, { id: 7, ...rectangle([100, 109, 0, OPEN]) }],
      [3, { line: 2, ...rectangle([110, 120, 0, OPEN]) }],
    ]);
  });

  it('rejects a repetition of an existing or an earlier row', async () => {
    const plan = await accept(
      [existingRow(7, [100, 109, 0, OPEN], 2)],
      [newRow(1, [100, 109, 0, OPEN]), newRow(2, [200, 209, 0, OPEN]), newRow(3, [200, 209, 0, OPEN])],
    );
    expect(plan.rejects.map(({ line }) => line)).toEqual([1, 3]);
    expect(plan.unchanged).toBe(0);
  });

  it('names the first ten conflicts and counts up to a thousand', async () => {
    const existing = Array.from({ length: 2500 }, (_, i) => existingRow(i + 1, [100 + i, 100 + i, 0, 10]));
    const plan = await accept(existing, [
      newRow(1, [110, 149, 3, 4]),
      newRow(2, [0, 5000, 9, 11]),
      newRow(3, [0, 5000, 10, 11]),
    ]);
    expect(plan.rejects.map(({ line, total }) => [line, total])).toEqual([
      [1, 40],
      [2, 1000],
    ]);
    expect(plan.rejects[0]?.conflicts.map(({ first }) => first)).toEqual(
      Array.from({ length: 10 }, (_, i) => 110 + i),
    );
    expect(plan.rejects[1]?.conflicts).toHaveLength(10);
    expect(plan.inserted).toEqual([ofLine(3, [0, 5000, 10, 11])]);
  });
});

describe('a row that carves one existing row', () => {
  const E = existingRow(7, [100, 109, 0, 10]);
  const cases: [string, Corners, Partial<RangePlan>][] = [
    [
      'in the middle of numbers and time',
      [103, 105, 2, 6],
      {
        inserted: [
          leftOf(7, [100, 102, 2, 10]),
          ofLine(1, [103, 105, 2, 6]),
          leftOf(7, [103, 105, 6, 10]),
          leftOf(7, [106, 109, 2, 10]),
        ],
        shortened: [{ id: 7, to: 2 }],
      },
    ],
    [
      'from before its start',
      [103, 105, -OPEN, 6],
      {
        inserted: [
          leftOf(7, [100, 102, 0, 10]),
          ofLine(1, [103, 105, -OPEN, 6]),
          leftOf(7, [103, 105, 6, 10]),
          leftOf(7, [106, 109, 0, 10]),
        ],
        withdrawn: [7],
      },
    ],
    [
      'until after its end',
      [103, 105, 2, OPEN],
      {
        inserted: [
          leftOf(7, [100, 102, 2, 10]),
          ofLine(1, [103, 105, 2, OPEN]),
          leftOf(7, [106, 109, 2, 10]),
        ],
        shortened: [{ id: 7, to: 2 }],
      },
    ],
    [
      'at its first number',
      [90, 100, 2, 10],
      {
        inserted: [ofLine(1, [90, 100, 2, 10]), leftOf(7, [101, 109, 2, 10])],
        shortened: [{ id: 7, to: 2 }],
      },
    ],
    [
      'at its last number',
      [109, 109, 2, 10],
      {
        inserted: [leftOf(7, [100, 108, 2, 10]), ofLine(1, [109, 109, 2, 10])],
        shortened: [{ id: 7, to: 2 }],
      },
    ],
    [
      'over all its numbers, for a while',
      [100, 109, 2, 6],
      {
        inserted: [ofLine(1, [100, 109, 2, 6]), leftOf(7, [100, 109, 6, 10])],
        shortened: [{ id: 7, to: 2 }],
      },
    ],
    [
      'over all its numbers, from its start',
      [100, 109, 0, 6],
      { inserted: [ofLine(1, [100, 109, 0, 6]), leftOf(7, [100, 109, 6, 10])], withdrawn: [7] },
    ],
    [
      'over all its numbers, to its end',
      [95, 115, 4, 10],
      { inserted: [ofLine(1, [95, 115, 4, 10])], shortened: [{ id: 7, to: 4 }] },
    ],
    ['whole', [100, 109, 0, 10], { inserted: [ofLine(1, [100, 109, 0, 10])], withdrawn: [7] }],
    ['not at all in time', [100, 109, 10, 12], { inserted: [ofLine(1, [100, 109, 10, 12])] }],
  ];

  it.each(cases)('%s', async (_, corners, expected) => {
    expect(await carve([E], [newRow(1, corners)])).toEqual(planOf(expected));
  });

  it('carves a row of the same holder too', async () => {
    expect(await carve([E], [newRow(1, [100, 109, 4, 10], 1)])).toEqual(
      planOf({ inserted: [ofLine(1, [100, 109, 4, 10], 1)], shortened: [{ id: 7, to: 4 }] }),
    );
  });
});

describe('rows that carve after one another', () => {
  it('cut several existing rows at once', async () => {
    const existing = [existingRow(1, [100, 109, 0, OPEN]), existingRow(2, [110, 119, 5, OPEN], 3)];
    expect(await carve(existing, [newRow(1, [108, 111, 4, OPEN])])).toEqual(
      planOf({
        inserted: [
          leftOf(1, [100, 107, 4, OPEN]),
          ofLine(1, [108, 111, 4, OPEN]),
          leftOf(2, [112, 119, 5, OPEN], 3),
        ],
        shortened: [{ id: 1, to: 4 }],
        withdrawn: [2],
      }),
    );
  });

  it('shorten an existing row once, to the earliest', async () => {
    const rows = [newRow(1, [105, 105, 8, OPEN]), newRow(2, [107, 107, 4, OPEN])];
    expect(await carve([existingRow(1, [100, 109, 0, OPEN])], rows)).toEqual(
      planOf({
        inserted: [
          leftOf(1, [100, 106, 4, 8]),
          leftOf(1, [100, 104, 8, OPEN]),
          ofLine(1, [105, 105, 8, OPEN]),
          leftOf(1, [106, 106, 8, OPEN]),
          ofLine(2, [107, 107, 4, OPEN]),
          leftOf(1, [108, 109, 4, OPEN]),
        ],
        shortened: [{ id: 1, to: 4 }],
      }),
    );
  });

  it('do the same to the numbers and periods in the opposite order', async () => {
    const E = existingRow(1, [100, 109, 0, OPEN]);
    const forth = await carve([E], [newRow(1, [105, 105, 8, OPEN]), newRow(2, [107, 107, 4, OPEN])]);
    const back = await carve([E], [newRow(2, [107, 107, 4, OPEN]), newRow(1, [105, 105, 8, OPEN])]);
    expect(back).toEqual(forth);
  });

  it('cut earlier rows of the file, whose pieces keep their line', async () => {
    const rows = [newRow(1, [100, 109, 0, OPEN]), newRow(2, [104, 104, 5, OPEN], 3)];
    expect(await carve([], rows)).toEqual(
      planOf({
        inserted: [
          ofLine(1, [100, 109, 0, 5]),
          ofLine(1, [100, 103, 5, OPEN]),
          ofLine(2, [104, 104, 5, OPEN], 3),
          ofLine(1, [105, 109, 5, OPEN]),
        ],
      }),
    );
  });

  it('leave nothing of an earlier row that is covered', async () => {
    const rows = [newRow(1, [103, 105, 2, 6], 3), newRow(2, [100, 109, 0, 9])];
    expect(await carve([existingRow(1, [100, 109, 0, 12])], rows)).toEqual(
      planOf({
        inserted: [ofLine(2, [100, 109, 0, 9]), leftOf(1, [100, 109, 9, 12])],
        withdrawn: [1],
      }),
    );
  });

  it('name the existing row as the source through the generations', async () => {
    const rows = [newRow(1, [102, 109, 2, OPEN]), newRow(2, [100, 100, 4, OPEN])];
    const plan = await carve([existingRow(1, [100, 109, 0, OPEN])], rows);
    expect(plan.inserted.filter(({ source }) => source === 1)).toEqual([
      leftOf(1, [100, 101, 2, 4]),
      leftOf(1, [101, 101, 4, OPEN]),
    ]);
  });
});

describe('a carving row that repeats', () => {
  const E = existingRow(7, [100, 109, 0, OPEN], 2);

  it('an existing row changes nothing', async () => {
    expect(await carve([E], [newRow(1, [100, 109, 0, OPEN])])).toEqual(planOf({ unchanged: 1 }));
  });

  it('an earlier row of the file is not inserted twice', async () => {
    const rows = [newRow(1, [100, 109, 0, OPEN]), newRow(2, [100, 109, 0, OPEN])];
    const inserted = [ofLine(1, [100, 109, 0, OPEN])];
    expect(await carve([], rows)).toEqual(planOf({ inserted, unchanged: 1 }));
  });

  it('an existing row with another holder carves it', async () => {
    expect(await carve([E], [newRow(1, [100, 109, 0, OPEN], 3)])).toEqual(
      planOf({ inserted: [ofLine(1, [100, 109, 0, OPEN], 3)], withdrawn: [7] }),
    );
  });

  it('an existing row after another carved it restores it', async () => {
    const rows = [newRow(1, [104, 120, 5, OPEN], 3), newRow(2, [100, 109, 0, OPEN])];
    expect(await carve([E], rows)).toEqual(
      planOf({ inserted: [ofLine(1, [110, 120, 5, OPEN], 3)], unchanged: 1 }),
    );
  });

  it('an existing row may be carved after that', async () => {
    const rows = [newRow(1, [100, 109, 0, OPEN]), newRow(2, [100, 109, 5, OPEN], 3)];
    expect(await carve([E], rows)).toEqual(
      planOf({
        inserted: [ofLine(2, [100, 109, 5, OPEN], 3)],
        shortened: [{ id: 7, to: 5 }],
        unchanged: 1,
      }),
    );
  });
});

const NUMBERS = { min: 100, max: 130 };
const TIMES = { min: 0, max: 10 };

const corners: fc.Arbitrary<Corners> = fc
  .record({
    first: fc.integer(NUMBERS),
    width: fc.integer({ min: 0, max: 12 }),
    from: fc.integer({ min: TIMES.min, max: TIMES.max - 1 }),
    length: fc.integer({ min: 1, max: 8 }),
    past: fc.boolean(),
    future: fc.boolean(),
  })
  .map(({ first, width, from, length, past, future }) => [
    first,
    Math.min(first + width, NUMBERS.max),
    past && from === 0 ? -OPEN : from,
    future ? OPEN : from + length,
  ]);

const held = fc.record({ corners, holder: fc.integer({ min: 1, max: 3 }) });

/** Disjoint existing rows, and new ones of which some repeat an existing or an earlier one. */
const layers = fc
  .record({
    standing: fc.array(held, { maxLength: 6 }),
    asked: fc.array(held, { maxLength: 8 }),
    repeats: fc.array(fc.nat(), { maxLength: 2 }),
  })
  .map(({ standing, asked, repeats }) => {
    const existing: ExistingRow[] = [];
    for (const { corners, holder } of standing)
      if (!existing.some((row) => overlap(row, rectangle(corners))))
        existing.push(existingRow(50 - existing.length, corners, holder));
    const rows = asked.map(({ corners, holder }, i) => newRow(i + 1, corners, holder));
    const known = [...existing, ...rows];
    for (const pick of repeats) {
      const { first, last, from, to, holder } = known[pick % known.length] ?? newRow(0, [100, 101, 0, 1]);
      rows.push(newRow(rows.length + 1, [first, last, from, to], holder));
    }
    return { existing, rows };
  });

function overlap(a: Rectangle, b: Rectangle): boolean {
  return a.first <= b.last && b.first <= a.last && a.from < b.to && b.from < a.to;
}

interface Held extends Rectangle {
  holder: number;
}

function apply(existing: ExistingRow[], plan: RangePlan): Held[] {
  const ends = new Map(plan.shortened.map(({ id, to }) => [id, to]));
  const kept = existing.filter(({ id }) => !plan.withdrawn.includes(id));
  return [...kept.map((row) => ({ ...row, to: ends.get(row.id) ?? row.to })), ...plan.inserted];
}

/** The holder at every number and instant, one before and one after the bounded times too. */
function picture(rows: Held[]): number[] {
  const holders: number[] = [];
  for (let number = NUMBERS.min; number <= NUMBERS.max; number++)
    for (let time = TIMES.min - 1; time <= TIMES.max + 8; time++) {
      const point = { first: number, last: number, from: time, to: time + 1 };
      holders.push(rows.findLast((row) => overlap(row, point))?.holder ?? 0);
    }
  return holders;
}

function expectDisjoint(rows: Held[]): void {
  rows.forEach((row, i) => {
    expect(row.first <= row.last && row.from < row.to).toBe(true);
    expect(rows.slice(i + 1).filter((other) => overlap(row, other))).toEqual([]);
  });
}

function expectEachIdOnce(existing: ExistingRow[], plan: RangePlan): void {
  const ids = [...plan.shortened.map(({ id }) => id), ...plan.withdrawn];
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, to } of plan.shortened) {
    const row = existing.find((one) => one.id === id)!;
    expect(row.from < to && to < row.to).toBe(true);
  }
}

describe('any plan', () => {
  it('with carve leaves disjoint rows in which the later wins', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async ({ existing, rows }) => {
        const plan = await carve(existing, rows);
        const result = apply(existing, plan);
        expectDisjoint(result);
        expectEachIdOnce(existing, plan);
        expect(picture(result)).toEqual(picture([...existing, ...rows]));
        expect(plan.rejects).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a file that was applied before changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async ({ rows }) => {
        const standing = apply([], await carve([], rows)).map((row, i) => ({ ...row, id: i + 1 }));
        const again = await carve(standing, rows);
        expect([again.inserted, again.shortened, again.withdrawn]).toEqual([[], [], []]);
      }),
      { numRuns: 1000 },
    );
  });

  it('with carve gives every piece the holder of its source or line, within its rectangle', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async ({ existing, rows }) => {
        const { inserted } = await carve(existing, rows);
        for (const { line, source, holder, first, last, from, to } of inserted) {
          const origin =
            source === null
              ? rows.find((row) => row.line === line)!
              : existing.find(({ id }) => id === source)!;
          expect(holder).toBe(origin.holder);
          expect(first >= origin.first && last <= origin.last).toBe(true);
          expect(from >= origin.from && to <= origin.to).toBe(true);
        }
      }),
    );
  });

  it('touches no existing row that no new row overlaps', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async ({ existing, rows }) => {
        const apart = existing.filter((row) => !rows.some((other) => overlap(row, other)));
        const plan = await carve(existing, rows);
        const touched = [
          ...plan.withdrawn,
          ...plan.shortened.map(({ id }) => id),
          ...plan.inserted.map(({ source }) => source),
        ];
        expect(apart.filter(({ id }) => touched.includes(id))).toEqual([]);
      }),
    );
  });

  it('without carve accepts one row after the other', async () => {
    await fc.assert(
      fc.asyncProperty(layers, async ({ existing, rows }) => {
        const plan = await accept(existing, rows);
        const accepted: NewRow[] = [];
        const rejected: [line: number, total: number][] = [];
        for (const row of rows) {
          const total = [...existing, ...accepted].filter((other) => overlap(other, row)).length;
          if (total === 0) accepted.push(row);
          else rejected.push([row.line, total]);
        }
        expectDisjoint(apply(existing, plan));
        expect(plan.inserted.map(({ line }) => line).sort()).toEqual(accepted.map(({ line }) => line).sort());
        expect(picture(apply(existing, plan))).toEqual(picture([...existing, ...accepted]));
        expect(plan.rejects.map(({ line, total }) => [line, total])).toEqual(rejected);
        expect([plan.shortened, plan.withdrawn, plan.unchanged]).toEqual([[], [], 0]);
      }),
      { numRuns: 1000 },
    );
  });

  it('is the same, with the same digest, whatever order the existing rows come in', async () => {
    await fc.assert(
      fc.asyncProperty(layers, fc.boolean(), async ({ existing, rows }, carving) => {
        const plan = await planRanges(existing, rows, { carve: carving });
        const other = await planRanges(existing.toReversed(), rows, { carve: carving });
        expect(other).toEqual(plan);
        expect(await planDigest(other)).toBe(await planDigest(plan));
      }),
    );
  });
});

describe('many rows', () => {
  /** A fixed sequence in [0, 1). */
  function draws(): () => number {
    let state = 1;
    return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  }

  function randomRows(count: number, numbers: number, width: number): NewRow[] {
    const draw = draws();
    return Array.from({ length: count }, (_, i) => {
      const first = Math.floor(draw() * numbers);
      const from = Math.floor(draw() * 50);
      const to = from + 1 + Math.floor(draw() * 50);
      return newRow(i + 1, [first, first + Math.floor(draw() * width), from, to], i % 5);
    });
  }

  it.each([
    [3000, 200, 40],
    [2000, 200, 3],
    [2000, 5000, 2],
  ])('%i on %i numbers agree with painting one over the other', async (count, numbers, width) => {
    const rows = randomRows(count, numbers, width);
    const paint = (list: Held[]): Int32Array => {
      const canvas = new Int32Array((numbers + width) * 101).fill(-1);
      for (const { first, last, from, to, holder } of list)
        for (let number = first; number <= last; number++)
          canvas.fill(holder, number * 101 + from, number * 101 + to);
      return canvas;
    };
    const { inserted } = await carve([], rows);
    const area = inserted.reduce(
      (sum, { first, last, from, to }) => sum + (last - first + 1) * (to - from),
      0,
    );
    const painted = paint(rows);
    expect(paint(inserted)).toEqual(painted);
    expect(area).toBe(painted.filter((holder) => holder !== -1).length);
  });

  it('without carve agree with trying one after the other', async () => {
    const rows = randomRows(2000, 1000, 6);
    const accepted: NewRow[] = [];
    for (const row of rows) if (!accepted.some((other) => overlap(other, row))) accepted.push(row);
    const plan = await accept([], rows);
    const lines = plan.inserted.map(({ line }) => line).sort((a, b) => a! - b!);
    expect(lines).toEqual(accepted.map(({ line }) => line));
  });

  it('cut from one row leave pieces in proportion, even at falling instants', async () => {
    const count = 20_000;
    const rows = Array.from({ length: count }, (_, i) =>
      newRow(i + 1, [2 * ((i * 7919) % count), 2 * ((i * 7919) % count), count - i, OPEN]),
    );
    const plan = await carve([existingRow(1, [0, 2 * count, 0, OPEN])], rows);
    expect(plan.shortened).toEqual([{ id: 1, to: 1 }]);
    expect(plan.inserted.length).toBeLessThanOrEqual(3 * count + 1);
  });

  it('let the event loop turn', async () => {
    let turns = 0;
    let isDone = false;
    const turn = (): void => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    setImmediate(turn);
    await carve([], randomRows(100_000, 1_000_000, 30));
    isDone = true;
    expect(turns).toBeGreaterThan(2);
  });
});

describe('planDigest', () => {
  const base = planOf({
    inserted: [ofLine(1, [100, 109, -OPEN, OPEN])],
    shortened: [{ id: 1, to: 5 }],
    withdrawn: [2],
    rejects: [
      {
        line: 3,
        code: 'range_overlaps',
        conflicts: [{ id: 4, first: 1, last: 2, from: 3, to: 4 }],
        total: 1,
      },
    ],
  });

  it('is a SHA-256 that does not change from one version to the next', async () => {
    expect(await planDigest(base)).toBe('99e84b2919f263d2c3ffb9b48bb50034b745232cfb48a27b1e84d88802599404');
  });

  it.each<[string, Partial<RangePlan>]>([
    ['a number', { inserted: [ofLine(1, [100, 108, -OPEN, OPEN])] }],
    ['a period', { inserted: [ofLine(1, [100, 109, 0, OPEN])] }],
    ['a holder', { inserted: [ofLine(1, [100, 109, -OPEN, OPEN], 9)] }],
    ['a source', { inserted: [leftOf(1, [100, 109, -OPEN, OPEN], 2)] }],
    ['an end', { shortened: [{ id: 1, to: 6 }] }],
    ['a withdrawn row', { withdrawn: [] }],
    ['a reject', { rejects: [] }],
    ['a count', { unchanged: 1 }],
  ])('differs by %s', async (_, change) => {
    expect(await planDigest({ ...base, ...change })).not.toBe(await planDigest(base));
  });

  it('is the same whenever it is made, where instants are now', async () => {
    const at = (now: number) =>
      planOf({
        inserted: [ofLine(1, [100, 109, now, OPEN]), leftOf(2, [110, 119, 0, now])],
        shortened: [{ id: 1, to: now }],
        rejects: [{ ...base.rejects[0]!, conflicts: [{ line: 1, first: 1, last: 2, from: now, to: OPEN }] }],
      });
    expect(await planDigest(at(1000), 1000)).toBe(await planDigest(at(2000), 2000));
    expect(await planDigest(at(1000), 1000)).not.toBe(await planDigest(at(1000), 2000));
    expect(await planDigest(base, 5)).not.toBe(await planDigest(base));
  });

  it('tells a line from an id', async () => {
    const [reject] = base.rejects;
    const conflicts = [{ line: 4, first: 1, last: 2, from: 3, to: 4 }];
    const other = { ...base, rejects: [{ ...reject!, conflicts }] };
    expect(await planDigest(other)).not.toBe(await planDigest(base));
  });

  it('takes plans of any size', async () => {
    const inserted = Array.from({ length: 5000 }, (_, i) => ofLine(i + 1, [i, i, 0, OPEN]));
    expect(await planDigest(planOf({ inserted }))).toMatch(/^[0-9a-f]{64}$/);
  });
});
