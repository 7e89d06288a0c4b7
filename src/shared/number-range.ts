import { type E164, formatE164, type NumberFault, parseE164 } from './e164.js';

/** All numbers from `first` to `last`, both included, with the same count of digits. */
export interface NumberRange {
  first: E164;
  last: E164;
}

export interface RangeFault {
  field: 'first' | 'last';
  code: NumberFault['code'] | 'different_digit_counts' | 'unordered';
  detail: string;
}

/** Reads the two ends of a range; a missing `last` makes a range of one number. */
export function parseRange(
  first: string,
  last: string | undefined,
  defaultCountry: string,
): NumberRange | RangeFault {
  const from = parseE164(first, defaultCountry);
  if (typeof from !== 'number') return { field: 'first', ...from };
  const to = last === undefined ? from : parseE164(last, defaultCountry);
  if (typeof to !== 'number') return { field: 'last', ...to };
  if (String(from).length !== String(to).length)
    return {
      field: 'last',
      code: 'different_digit_counts',
      detail: `${formatE164(from)} and ${formatE164(to)} differ in their count of digits`,
    };
  if (to < from)
    return { field: 'last', code: 'unordered', detail: `${formatE164(to)} comes before ${formatE164(from)}` };
  return { first: from, last: to };
}
