import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { BlockCover } from '../../src/numbering/block-cover.js';

const always = { from: -Infinity, to: Infinity };

describe('the cover of our blocks', () => {
  it('holds a range that adjacent blocks hold together, from when the last of them is ours', () => {
    const cover = new BlockCover([
      { first: 100, last: 199, ...always },
      { first: 200, last: 299, from: 5, to: Infinity },
    ]);
    expect(cover.holds({ first: 150, last: 250, from: 5, to: 9 })).toBe(true);
    expect(cover.holds({ first: 150, last: 250, from: 4, to: 9 })).toBe(false);
    expect(cover.holds({ first: 250, last: 300, from: 5, to: 9 })).toBe(false);
  });

  it('says what a look at every number says', () => {
    const blocks = fc
      .uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 8 })
      .chain((tens) =>
        fc.tuple(
          fc.constant(tens.sort((a, b) => a - b)),
          fc.array(fc.nat(3), { minLength: 10, maxLength: 10 }),
        ),
      )
      .map(([tens, from]) =>
        tens.map((ten, i) => ({ first: ten * 10, last: ten * 10 + 9, from: from[i]!, to: Infinity })),
      );
    fc.assert(
      fc.property(blocks, fc.nat(99), fc.nat(40), fc.nat(3), (ours, first, length, from) => {
        const range = { first, last: Math.min(99, first + length), from, to: Infinity };
        let all = true;
        for (let number = range.first; number <= range.last; number++)
          all &&= ours.some((block) => block.first <= number && number <= block.last && block.from <= from);
        expect(new BlockCover(ours).holds(range)).toBe(all);
      }),
    );
  });
});
