import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { columnsOf, type Row } from '../../src/lookup/range-index.js';
import { type Layer, LAYERS, RoutingIndex } from '../../src/lookup/routing-index.js';

type Rows = Record<Layer, Row[]>;

function row(id: number, first: number, last = first, from = -Infinity, to = Infinity): Row {
  return { id, first, last, target: 100 + id, from, to };
}

function load(at: number, rows: Partial<Rows>, serial = 1): RoutingIndex {
  const columns = (layer: Layer) => columnsOf(rows[layer] ?? []);
  const layers = {
    number_port: columns('number_port'),
    assignment: columns('assignment'),
    block: columns('block'),
  };
  return RoutingIndex.load({ serial, at, layers });
}

function change(index: RoutingIndex, layer: Layer, rows: Row[], removed: number[] = [], at = index.at) {
  return index.apply({ serial: 2, at, layers: { [layer]: { removed, rows: columnsOf(rows) } } });
}

/** The match as a plain record. */
function found(index: RoutingIndex, number: number): (Row & { layer: Layer }) | undefined {
  const match = index.find(number);
  if (!match) return undefined;
  const { layer, id, first, last, target, from, to } = match;
  return { layer, id, first, last, target, from, to };
}

describe('RoutingIndex.find', () => {
  const index = load(10, {
    number_port: [row(1, 3155)],
    assignment: [row(1, 3150, 3159, 5, 20)],
    block: [row(1, 3100, 3199)],
  });

  it('answers with the strongest layer that has the number, and the whole row', () => {
    expect(found(index, 3155)).toEqual({ layer: 'number_port', ...row(1, 3155) });
    expect(found(index, 3154)).toEqual({ layer: 'assignment', ...row(1, 3150, 3159, 5, 20) });
    expect(found(index, 3160)).toEqual({ layer: 'block', ...row(1, 3100, 3199) });
    expect(index.find(3200)).toBeUndefined();
  });

  it('counts rows and bytes', () => {
    expect(index.size).toEqual({ number_port: 1, assignment: 1, block: 1 });
    expect(index.bytes).toBeGreaterThan(0);
  });
});

describe('RoutingIndex.load', () => {
  it('leaves out what has ended, and keeps for later what begins later', () => {
    const index = load(10, { assignment: [row(1, 3150, 3159, 0, 10), row(2, 3150, 3159, 12, 15)] });
    expect(index.size.assignment).toBe(0);
    expect(index.validUntil).toBe(12);
    expect(load(10, { assignment: [row(1, 3150)] }).validUntil).toBe(Infinity);
  });

  it('throws and names the rows that hold the same number', () => {
    const rows = [row(4, 3150, 3159), row(5, 3159, 3160)];
    expect(() => load(10, { block: rows })).toThrow('the rows 4 and 5 hold the same number');
  });

  it.each([
    ['a future row', row(4, 3159, 3150, 20, 30), 'row 4: last comes before first'],
    [
      'a period that ends before it begins',
      row(4, 3150, 3159, 30, 20),
      'row 4: the effective period is empty',
    ],
    ['a period that cannot be read', row(4, 3150, 3159, NaN, 20), 'row 4: the effective period is empty'],
  ])('skips no invalid row: %s', (_, invalid, message) => {
    expect(() => load(10, { assignment: [invalid] })).toThrow(message);
  });

  it('keeps nothing of the columns', () => {
    const future = columnsOf([row(1, 3150, 3150, 20)]);
    const none = columnsOf([]);
    const layers = { number_port: none, assignment: future, block: none };
    const index = RoutingIndex.load({ serial: 1, at: 10, layers });
    future.first[0] = 1;
    expect(found(index.advance(20), 3150)?.id).toBe(1);
  });
});

describe('RoutingIndex.advance', () => {
  const index = load(10, {
    assignment: [row(1, 3150, 3159, -Infinity, 20), row(2, 3150, 3159, 20, 30), row(3, 3150, 3159, 30, 40)],
    block: [row(1, 3100, 3199)],
  });

  it('is the same index until the boundary, and for the past', () => {
    expect(index.advance(19)).toBe(index);
    expect(index.advance(-5)).toBe(index);
  });

  it('passes a boundary at its very instant', () => {
    const next = index.advance(20);
    expect(found(next, 3150)).toEqual({ layer: 'assignment', ...row(2, 3150, 3159, 20, 30) });
    expect([next.at, next.validUntil, next.serial]).toEqual([20, 30, 1]);
    expect(found(index, 3150)?.id).toBe(1);
  });

  it('passes several boundaries at once, dropping what has come and gone', () => {
    expect(found(index.advance(35), 3150)?.id).toBe(3);
    const end = index.advance(40);
    expect(found(end, 3150)?.layer).toBe('block');
    expect(end.validUntil).toBe(Infinity);
  });

  it('throws where rows that begin hold the same number, and stands', () => {
    const clash = load(10, { block: [row(1, 3150, 3159), row(2, 3159, 3160, 20)] });
    expect(() => clash.advance(20)).toThrow('the rows 1 and 2 hold the same number');
    expect(found(clash, 3159)?.id).toBe(1);
  });
});

describe('RoutingIndex.apply', () => {
  const index = load(10, { assignment: [row(1, 3150, 3159), row(2, 3160, 3160, 20)] });

  it('puts new rows in, in place of the row with the same id', () => {
    const next = change(index, 'assignment', [row(1, 3140, 3149), row(3, 3150, 3159)]);
    expect([3140, 3150].map((number) => found(next, number)?.id)).toEqual([1, 3]);
    expect([next.serial, next.at, next.size.assignment]).toEqual([2, 10, 2]);
    expect(index.size.assignment).toBe(1);
  });

  it('takes withdrawn rows out, current and future; an unknown one is no error', () => {
    const next = change(index, 'assignment', [], [1, 2, 99]);
    expect(next.size.assignment).toBe(0);
    expect(next.validUntil).toBe(Infinity);
  });

  it('takes a row out that has ended or begins later', () => {
    expect(change(index, 'assignment', [row(1, 3150, 3159, 0, 10)]).size.assignment).toBe(0);
    const later = change(index, 'assignment', [row(1, 3150, 3159, 15)]);
    expect([later.size.assignment, later.validUntil]).toEqual([0, 15]);
  });

  it('passes boundaries on the way, and never goes back in time', () => {
    const next = change(index, 'block', [row(1, 3100, 3199)], [], 20);
    expect([next.at, next.size.assignment]).toEqual([20, 2]);
    expect(change(next, 'block', [], [1], 5).at).toBe(20);
  });

  it('does not meet on the way what the change itself takes away', () => {
    const clashing = load(10, { block: [row(1, 3150), row(2, 3150, 3150, 20)] });
    expect(found(change(clashing, 'block', [], [1], 20), 3150)?.id).toBe(2);
  });

  it('throws where one id is there twice, or the outcome overlaps, and stands', () => {
    expect(() => change(index, 'assignment', [row(3, 1), row(3, 2)])).toThrow('row 3 is there twice');
    expect(() => change(index, 'assignment', [row(3, 3159)])).toThrow(
      'the rows 1 and 3 hold the same number',
    );
    expect(found(index, 3159)?.id).toBe(1);
  });

  it('keeps the layers that it does not touch', () => {
    const next = change(index, 'number_port', [row(1, 3155)]);
    expect(found(next, 3155)?.layer).toBe('number_port');
    expect(found(next, 3154)?.id).toBe(1);
  });
});

/** Numbers about the edge of a digit count, ordinary ones, and far-away ones. */
const BASES = [96, 31850210120, 999999999999980];
const NUMBERS = BASES.flatMap((base) => Array.from({ length: 16 }, (_, i) => base + i));
const LATEST = 30;

const instant = fc.integer({ min: 0, max: LATEST });
const anyRow = fc.record({
  layer: fc.constantFrom(...LAYERS),
  id: fc.integer({ min: 1, max: 12 }),
  base: fc.constantFrom(...BASES),
  offset: fc.nat(15),
  more: fc.oneof(fc.constant(0), fc.nat(9)),
  from: fc.option(instant, { nil: -Infinity }),
  to: fc.option(instant, { nil: Infinity }),
  withdrawn: fc.boolean(),
});
type AnyRow = typeof anyRow extends fc.Arbitrary<infer T> ? T : never;
const step = fc.oneof(
  fc.record({ at: instant, rows: fc.array(anyRow, { maxLength: 8 }) }),
  fc.record({ at: instant }),
);

const overlap = (a: Row, b: Row) =>
  a.id !== b.id && a.first <= b.last && b.first <= a.last && a.from < b.to && b.from < a.to;

/** What the database would hold: each layer's rows by id, disjoint over numbers and time. */
class Registry {
  readonly rows: Record<Layer, Map<number, Row>> = {
    number_port: new Map(),
    assignment: new Map(),
    block: new Map(),
  };

  /** Takes what the constraint allows; returns the ids that changed. */
  write(candidates: readonly AnyRow[]): Record<Layer, Set<number>> {
    const changed = {
      number_port: new Set<number>(),
      assignment: new Set<number>(),
      block: new Set<number>(),
    };
    for (const { layer, id, base, offset, more, from, to, withdrawn } of candidates) {
      const rows = this.rows[layer];
      const first = base + offset;
      const last = Math.min(first + more, 999999999999999);
      const next = { ...row(id, first, last, from, to), target: offset };
      const valid = from < to && String(first).length === String(last).length;
      if (withdrawn) rows.delete(id);
      else if (valid && ![...rows.values()].some((other) => overlap(next, other))) rows.set(id, next);
      else continue;
      changed[layer].add(id);
    }
    return changed;
  }

  load(at: number, serial: number): RoutingIndex {
    const rows = (layer: Layer) => [...this.rows[layer].values()];
    return load(
      at,
      { number_port: rows('number_port'), assignment: rows('assignment'), block: rows('block') },
      serial,
    );
  }

  find(number: number, at: number): (Row & { layer: Layer }) | undefined {
    for (const layer of LAYERS)
      for (const one of this.rows[layer].values())
        if (one.first <= number && number <= one.last && one.from <= at && at < one.to)
          return { layer, ...one };
    return undefined;
  }

  validUntil(at: number): number {
    const ends = LAYERS.flatMap((layer) =>
      [...this.rows[layer].values()].flatMap(({ from, to }) => [from, to]),
    );
    return Math.min(...ends.filter((end) => end > at));
  }
}

function expectAgreement(index: RoutingIndex, registry: Registry): void {
  expect(index.validUntil).toBe(registry.validUntil(index.at));
  for (const number of NUMBERS) expect(found(index, number)).toEqual(registry.find(number, index.at));
}

function expectSameState(index: RoutingIndex, fresh: RoutingIndex): void {
  for (const key of ['at', 'serial', 'validUntil', 'size', 'bytes'] as const)
    expect(index[key]).toEqual(fresh[key]);
}

describe('RoutingIndex against a plain registry', () => {
  it('is after any history what a fresh load of its rows is, and stays so', () => {
    const property = fc.property(instant, fc.array(step, { maxLength: 12 }), (start, history) => {
      const registry = new Registry();
      let index = registry.load(start, 0);
      let serial = 0;
      for (const next of history) {
        if ('rows' in next) {
          const changed = registry.write(next.rows);
          const layers: Parameters<RoutingIndex['apply']>[0]['layers'] = {};
          for (const layer of LAYERS) {
            const ids = [...changed[layer]];
            const rows = ids.flatMap((id) => registry.rows[layer].get(id) ?? []);
            if (ids.length > 0) layers[layer] = { removed: ids, rows: columnsOf(rows) };
          }
          index = index.apply({ serial: ++serial, at: next.at, layers });
        } else {
          index = index.advance(next.at);
        }
        expectAgreement(index, registry);
        expectSameState(index, registry.load(index.at, serial));
      }
      for (let at = index.at; at <= LATEST + 1; at++) {
        const later = index.advance(at);
        expectAgreement(later, registry);
        expectSameState(later, registry.load(later.at, serial));
      }
    });
    fc.assert(property, { numRuns: 150 });
  });
});
