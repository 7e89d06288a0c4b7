import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { formatE164, parseE164 } from '../../src/shared/e164.js';
import { parseRange } from '../../src/shared/number-range.js';

describe('reading a number', () => {
  it.each([
    ['+31850210123', 31850210123],
    ['0031850210123', 31850210123],
    ['0850210123', 31850210123],
    ['085 021 0123', 31850210123],
    ['085-021.01.23', 31850210123],
    ['+31 (0)85 021 01 23', 31850210123],
    ['(085) 0210123', 31850210123],
    ['+31 6 12345678', 31612345678],
    ['0800-1234', 318001234],
    ['+123456789012345', 123456789012345],
  ])('understands %s', (text, number) => {
    expect(parseE164(text, '31')).toBe(number);
  });

  it.each([
    ['', 'empty'],
    ['+', 'empty'],
    ['31850210123', 'no_prefix'],
    ['+31 85 O21', 'not_digits'],
    ['+3185021012a', 'not_digits'],
    ['٣١٨٥٠٢١٠', 'not_digits'],
    ['++31850210123', 'not_digits'],
    ['+031850210123', 'leading_zero'],
    ['000850210123', 'leading_zero'],
    ['112', 'no_prefix'],
    ['+31', 'too_short'],
    ['+1234567890123456', 'too_long'],
    ['+'.padEnd(100, '1'), 'too_long'],
  ])('refuses %j as %s', (text, code) => {
    expect(parseE164(text, '31')).toMatchObject({ code });
  });

  it('reads back every number that it writes, and never throws', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000_000, max: 999_999_999_999_999 }), (number) => {
        expect(parseE164(formatE164(number), '31')).toBe(number);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseE164(text, '31')));
  });
});

describe('reading a range', () => {
  it('takes one number as a range', () => {
    expect(parseRange('+31850210123', undefined, '31')).toEqual({ first: 31850210123, last: 31850210123 });
  });

  it.each([
    ['+31850210999', '+31850210000', 'last', 'unordered'],
    ['+31800123', '+318001234', 'last', 'different_digit_counts'],
    ['x', '+31850210000', 'first', 'not_digits'],
  ])('refuses %s to %s', (first, last, field, code) => {
    expect(parseRange(first, last, '31')).toMatchObject({ field, code });
  });
});
