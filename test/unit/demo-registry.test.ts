import { describe, expect, it } from '@jest/globals';
import { demoRegistry } from '../../src/demo/demo-registry.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 24, 13, 37, 0, 123);
const NOWS = [Date.UTC(2026, 0, 1), NOW, Date.UTC(2041, 5, 30, 23, 59, 59, 999)].map((now) => ({
  now,
  day: new Date(now).toISOString().slice(0, 10),
}));

const NETWORK = /^[0-9A-Z]{3,6}$/;
const REAL_NAMES =
  /voys|kpn|ziggo|odido|tele2|t-mobile|vodafone|xs4all|freedom|speakup|coolblue|youfone|simyo|lebara|budget|caiway|delta|telfort|xelion|steam|voipgrid|rocket|hollands|solcon|ben\b/i;

/** The Dutch numbering plan, as far as the demo uses it. */
const PLAN: RegExp[] = [
  /^31[1-57]\d[2-8]\d{6}$/, // area codes of two and of three digits: 9 digits in all
  /^31[1-57]\d{2}[2-8]\d{5}$/,
  /^31(84|85|87|88|91)\d{7}$/,
  /^316[1-58]\d{7}$/,
  /^31(800|900|906|909)(\d{4}|\d{7})$/,
  /^3197\d{9}$/,
];

interface Cover {
  first: number;
  last: number;
  effective_from?: number;
  effective_to?: number;
}

/** The first two rows that cover one number at one instant, by a sweep over the numbers. */
function collision(rows: readonly Cover[]): [Cover, Cover] | undefined {
  let active: Cover[] = [];
  for (const row of [...rows].sort((a, b) => a.first - b.first)) {
    active = active.filter(({ last }) => last >= row.first);
    const other = active.find((earlier) => sharesTime(earlier, row));
    if (other) return [other, row];
    active.push(row);
  }
  return undefined;
}

function sharesTime(a: Cover, b: Cover): boolean {
  const { effective_from: from = -Infinity, effective_to: to = Infinity } = a;
  return from < (b.effective_to ?? Infinity) && (b.effective_from ?? -Infinity) < to;
}

function sizeOf({ first, last }: Cover): number {
  return last - first + 1;
}

function covers(row: Cover, number: number): boolean {
  return row.first <= number && number <= row.last;
}

function isMidnight(instant: number): boolean {
  return Number.isSafeInteger(instant) && instant % DAY === 0;
}

function countBy<T>(rows: readonly T[], key: (row: T) => string | number): Map<string | number, number> {
  const counts = new Map<string | number, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return counts;
}

function groupBy<T>(rows: readonly T[], key: (row: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return [...groups.values()];
}

describe('the collision sweep of this test', () => {
  it('finds rows that share a number at one instant, and only those', () => {
    const row = { first: 10, last: 19, effective_from: 0, effective_to: 5 };
    expect(collision([row, { first: 19, last: 30 }])).toBeDefined();
    expect(collision([row, { ...row, effective_from: 4, effective_to: Infinity }])).toBeDefined();
    expect(collision([row, { first: 20, last: 30 }])).toBeUndefined();
    expect(collision([row, { ...row, effective_from: 5, effective_to: Infinity }])).toBeUndefined();
  });
});

describe('the demo registry as a whole', () => {
  it('is the same for the same day', () => {
    const early = demoRegistry(Date.UTC(2026, 10, 24));
    expect(demoRegistry(NOW)).toEqual(early);
    expect(demoRegistry(Date.UTC(2026, 10, 24, 23, 59, 59, 999))).toEqual(early);
  });

  it('moves only the changes to come on another day', () => {
    const [today, later] = [demoRegistry(NOW), demoRegistry(NOW + 100 * DAY)];
    expect(later.partners).toEqual(today.partners);
    expect(later.blocks).toEqual(today.blocks);
    const settled = (instant: number) =>
      instant > Date.UTC(2026) && instant < Infinity ? 'coming' : instant;
    const shape = ({ assignments, ports }: typeof today) => [
      assignments.map((row) => [
        row.first,
        row.last,
        row.partner,
        settled(row.effective_from),
        settled(row.effective_to),
      ]),
      ports.map((row) => [row.first, row.last, row.recipient, row.network, settled(row.effective_from)]),
    ];
    expect(shape(later)).toEqual(shape(today));
    expect(later.assignments).not.toEqual(today.assignments);
  });

  it('is made in less than 300 ms', () => {
    const took = [1, 2, 3].map(() => {
      const started = performance.now();
      demoRegistry(NOW);
      return performance.now() - started;
    });
    expect(Math.min(...took)).toBeLessThan(300);
  });

  it.each(NOWS)('gives the example of the documentation on $day', ({ now }) => {
    const { partners, blocks, assignments, ports } = demoRegistry(now);
    const number = 31850210123;
    expect(blocks.filter((row) => covers(row, number))).toHaveLength(1);
    expect(assignments.filter((row) => covers(row, number))).toEqual([
      {
        first: 31850210000,
        last: 31850210999,
        partner: 'VOORBEELD',
        effective_from: Date.UTC(2019, 2, 1),
        effective_to: Infinity,
      },
    ]);
    expect(ports.filter(({ first, last }) => first <= 31850210999 && last >= 31850210000)).toEqual([]);
    expect(partners.find(({ code }) => code === 'VOORBEELD')?.disclosure).toEqual({
      mode: 'partner',
      url: expect.stringMatching(/^https:/),
      desk: { name: expect.any(String), email: expect.any(String), phone: expect.any(String) },
    });
  });
});

describe('the demo partners', () => {
  const { partners, assignments, ports } = demoRegistry(NOW);
  const contacts = partners.flatMap(({ code, contact, disclosure }) =>
    (disclosure.mode === 'partner' ? [contact, disclosure.desk] : [contact]).map((it) => ({ code, ...it })),
  );

  it('are more than 300, the memorable ones first', () => {
    expect(partners).toHaveLength(312);
    expect(partners.slice(0, 3).map(({ code }) => code)).toEqual(['VOORBEELD', 'DEMO', 'PROEF']);
  });

  it('share no code, name or KvK number', () => {
    const numbers = partners.flatMap(({ kvk_number }) => kvk_number ?? []);
    for (const values of [partners.map(({ code }) => code), partners.map(({ name }) => name), numbers])
      expect(new Set(values).size).toBe(values.length);
    expect(numbers.length).toBeLessThan(partners.length);
  });

  it('have codes and KvK numbers that are well formed, most codes of 3 to 6 letters', () => {
    for (const { code, kvk_number } of partners) {
      expect(code).toMatch(/^[0-9A-Z]{2,12}$/);
      expect(kvk_number ?? '00000000').toMatch(/^0000\d{4}$/);
    }
    expect(partners.filter(({ code }) => /^[A-Z]{3,6}$/.test(code)).length).toBeGreaterThan(270);
  });

  it('are called like no real provider', () => {
    for (const { code, name } of partners) expect(`${code} ${name}`).not.toMatch(REAL_NAMES);
  });

  it('are reached at reserved domains, one for each partner', () => {
    const domains = countBy(partners, ({ contact }) => contact.email.split('@')[1]!);
    expect(domains.size).toBe(partners.length);
    for (const { email } of contacts) expect(email).toMatch(/^[a-z]+@[a-z]+\.example$/);
    for (const { disclosure } of partners)
      if (disclosure.mode === 'partner' && disclosure.url !== null)
        expect(disclosure.url).toMatch(/^https:\/\/bevraging\.[a-z]+\.example\/nummers$/);
  });

  it.each(NOWS)('are called at numbers that they hold themselves on $day', ({ now }) => {
    const registry = demoRegistry(now);
    for (const { code, phone } of contacts) {
      expect(phone).toMatch(/^\+31\d{9}$/);
      const number = Number(phone.slice(1));
      const holders = registry.assignments.filter((row) => covers(row, number) && row.effective_to > now);
      expect(holders.map(({ partner }) => partner)).toEqual([code]);
      expect(holders[0]!.effective_from).toBeLessThan(now);
    }
    const reachable = new Set(contacts.map(({ phone }) => Number(phone.slice(1))));
    for (const port of ports)
      for (let number = port.first; number <= port.last; number++) expect(reachable.has(number)).toBe(false);
  });

  it('disclose in every way there is', () => {
    const modes = countBy(partners, ({ disclosure }) =>
      disclosure.mode === 'registry' ? 'registry' : disclosure.url === null ? 'desk only' : 'url and desk',
    );
    for (const mode of ['registry', 'desk only', 'url and desk']) expect(modes.get(mode)).toBeGreaterThan(20);
  });

  it('hold something each, a few of them hundreds of ranges', () => {
    const held = countBy(assignments, ({ partner }) => partner);
    expect([...held.keys()].sort()).toEqual(partners.map(({ code }) => code).sort());
    const large = [...held.values()].filter((count) => count >= 100).length;
    expect(large).toBeGreaterThanOrEqual(3);
    expect(large).toBeLessThan(20);
  });
});

describe('the demo blocks', () => {
  const { blocks } = demoRegistry(NOW);

  it('are 250 to 400, in order and disjoint', () => {
    expect(blocks.length).toBeGreaterThanOrEqual(250);
    expect(blocks.length).toBeLessThanOrEqual(400);
    expect(collision(blocks)).toBeUndefined();
    expect(blocks).toEqual([...blocks].sort((a, b) => a.first - b.first));
  });

  it('lie in the Dutch numbering plan, every kind of it', () => {
    const used = new Set<RegExp>();
    for (const { first, last } of blocks) {
      const kinds = PLAN.filter((kind) => kind.test(String(first)) && kind.test(String(last)));
      expect({ first, kinds: kinds.length > 0 }).toEqual({ first, kinds: true });
      expect(String(last)).toHaveLength(String(first).length);
      kinds.forEach((kind) => used.add(kind));
    }
    expect(used.size).toBe(PLAN.length);
  });

  it('are aligned, most of them 10,000 numbers', () => {
    const sizes = countBy(blocks, sizeOf);
    expect([...sizes.keys()].sort()).toEqual([1_000, 10_000, 100_000]);
    expect(sizes.get(10_000)).toBeGreaterThan(blocks.length * 0.7);
    for (const block of blocks) expect(block.first % sizeOf(block)).toBe(0);
  });

  it('hold no number that is another one plus digits', () => {
    const shorter = (long: number, digits: number) => Number(String(long).slice(0, digits));
    for (const long of blocks)
      for (const short of blocks) {
        const digits = String(short.first).length;
        if (digits >= String(long.first).length) continue;
        const stems = { first: shorter(long.first, digits), last: shorter(long.last, digits) };
        expect(collision([stems, { first: short.first, last: short.last }])).toBeUndefined();
      }
  });

  it('were allocated from 1998 to 2024, or always ours', () => {
    const dated = blocks.filter(({ allocated_at }) => allocated_at !== -Infinity);
    expect(dated.length).toBeGreaterThan(blocks.length * 0.8);
    expect(dated.length).toBeLessThan(blocks.length);
    for (const { allocated_at } of dated) {
      expect(isMidnight(allocated_at)).toBe(true);
      expect(allocated_at).toBeGreaterThanOrEqual(Date.UTC(1998));
      expect(allocated_at).toBeLessThan(Date.UTC(2025));
    }
  });

  it('name their range holders by network codes', () => {
    const holders = countBy(blocks, ({ range_holder }) => range_holder);
    for (const holder of holders.keys()) expect(holder).toMatch(NETWORK);
    expect(holders.size).toBeGreaterThan(2);
  });
});

describe.each(NOWS)('the demo assignments on $day', ({ now }) => {
  const { blocks, assignments } = demoRegistry(now);

  it('are 5,000 to 8,000, disjoint over numbers and time', () => {
    expect(assignments.length).toBeGreaterThanOrEqual(5_000);
    expect(assignments.length).toBeLessThanOrEqual(8_000);
    expect(collision(assignments)).toBeUndefined();
  });

  it('lie in one block each, since its allocation', () => {
    const strays = assignments.filter((row) => {
      const around = blocks.filter((block) => covers(block, row.first) && covers(block, row.last));
      return around.length !== 1 || row.effective_from < around[0]!.allocated_at;
    });
    expect(strays).toEqual([]);
  });

  it('begin and end at midnight, in that order', () => {
    const wrong = assignments.filter(
      ({ effective_from, effective_to }) =>
        !isMidnight(effective_from) ||
        !(effective_to === Infinity || isMidnight(effective_to)) ||
        effective_to <= effective_from ||
        effective_from > now + 42 * DAY,
    );
    expect(wrong).toEqual([]);
  });

  it('come in all sizes, decimal prefixes and others', () => {
    const sizes = countBy(assignments, sizeOf);
    expect([...sizes.keys()].sort((a, b) => Number(a) - Number(b))).toEqual([1, 10, 50, 100, 250, 1_000]);
    for (const count of sizes.values()) expect(count).toBeGreaterThan(300);
  });

  it('have a past and a future', () => {
    const histories = groupBy(assignments, ({ first, last }) => `${first}-${last}`);
    const moved = histories.filter((rows) => rows.length === 2);
    expect(moved.length).toBeGreaterThan(100);
    for (const [before, after] of moved) {
      expect(before!.effective_to).toBeLessThanOrEqual(after!.effective_from);
      expect(after!.partner).not.toBe(before!.partner);
    }
    const released = histories.filter((rows) => rows.every(({ effective_to }) => effective_to <= now));
    const starting = assignments.filter(({ effective_from }) => effective_from > now);
    const ending = assignments.filter(({ effective_to }) => effective_to > now && effective_to < Infinity);
    for (const rows of [released, starting, ending]) expect(rows.length).toBeGreaterThan(50);
  });

  it('leave parts of the blocks unassigned', () => {
    for (const block of blocks.filter((row) => sizeOf(row) > 1_000)) {
      const inside = assignments.filter(({ first }) => covers(block, first));
      const ranges = new Map(inside.map((row) => [row.first, sizeOf(row)]));
      expect([...ranges.values()].reduce((sum, size) => sum + size, 0)).toBeLessThan(sizeOf(block));
    }
  });
});

describe.each(NOWS)('the demo number ports on $day', ({ now }) => {
  const { partners, blocks, assignments, ports } = demoRegistry(now);
  const codes = new Set(partners.map(({ code }) => code));
  const isOurs = (row: Cover) => blocks.some((block) => covers(block, row.first) || covers(block, row.last));

  it('are about 150, disjoint among themselves, at most ten numbers long', () => {
    expect(ports.length).toBeGreaterThanOrEqual(140);
    expect(ports.length).toBeLessThanOrEqual(160);
    expect(collision(ports.map(({ first, last }) => ({ first, last })))).toBeUndefined();
    const sizes = countBy(ports, sizeOf);
    expect([...sizes.keys()].sort()).toEqual([1, 10]);
    expect(sizes.get(10)).toBeGreaterThan(5);
  });

  it('go to a partner, or away to a network', () => {
    for (const { recipient, network } of ports)
      if (recipient === null) expect(network).toMatch(NETWORK);
      else expect({ network, known: codes.has(recipient) }).toEqual({ network: null, known: true });
    expect(ports.filter(({ recipient }) => recipient === null).length).toBeGreaterThan(60);
  });

  it('take from one assignment and give to another partner, or come from outside', () => {
    const outside = ports.filter((port) => !isOurs(port));
    expect(outside.length).toBeGreaterThan(15);
    for (const { first, recipient } of outside) {
      expect(recipient).not.toBeNull();
      expect(PLAN.some((kind) => kind.test(String(first)))).toBe(true);
    }
    for (const port of ports.filter(isOurs)) {
      const held = assignments.filter(
        (row) => covers(row, port.first) && covers(row, port.last) && row.effective_to === Infinity,
      );
      expect(held).toHaveLength(1);
      expect(port.effective_from).toBeGreaterThanOrEqual(held[0]!.effective_from);
      expect(port.recipient).not.toBe(held[0]!.partner);
    }
  });

  it('took effect at a midnight, some of them in the coming weeks', () => {
    for (const { effective_from } of ports) expect(isMidnight(effective_from)).toBe(true);
    const coming = ports.filter(({ effective_from }) => effective_from > now);
    expect(coming.length).toBeGreaterThanOrEqual(5);
    expect(coming.length).toBeLessThan(40);
    for (const { effective_from } of coming) expect(effective_from).toBeLessThan(now + 43 * DAY);
  });
});
