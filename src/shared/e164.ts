/**
 * Telephone numbers as ITU-T E.164 has them: at most 15 digits, the first not a zero.
 *
 * Inside the program a number is the integer of its digits. Without leading zeros that loses nothing, 15
 * digits are exact in a double (below 2^53), and numbers of fewer digits sort before those of more.
 */
export type E164 = number;

const SEPARATORS = /[\s.\-()[\]/\u00a0\u2010-\u2015]/g;
const MIN_DIGITS = 7;
const MAX_DIGITS = 15;

export interface NumberFault {
  code: 'empty' | 'not_digits' | 'no_prefix' | 'too_short' | 'too_long' | 'leading_zero';
  detail: string;
}

/**
 * Reads a number in the international form (`+31 …`, `0031 …`) or the national one (`0…`, in the country
 * given by its calling code). Spaces, dots, dashes, brackets and slashes are understood.
 * The fault's detail never repeats the input.
 */
export function parseE164(input: string, defaultCountry: string): E164 | NumberFault {
  if (input.length > 64) return { code: 'too_long', detail: 'a number has at most 15 digits' };
  let text = /^\+[0-9]+$/.test(input) ? input : input.replace(/\(0\)/, '').replace(SEPARATORS, '');
  if (text === '' || text === '+') return { code: 'empty', detail: 'there is no number' };
  if (text.startsWith('+')) text = text.slice(1);
  else if (text.startsWith('00')) text = text.slice(2);
  else if (text.startsWith('0')) text = defaultCountry + text.slice(1);
  else if (/^[0-9]+$/.test(text))
    return { code: 'no_prefix', detail: 'a number starts with +, 00 or, in the national form, 0' };
  if (!/^[0-9]+$/.test(text)) return { code: 'not_digits', detail: 'a number is + and digits' };
  if (text.startsWith('0')) return { code: 'leading_zero', detail: 'no country code starts with 0' };
  if (text.length < MIN_DIGITS)
    return { code: 'too_short', detail: `a number has at least ${MIN_DIGITS} digits` };
  if (text.length > MAX_DIGITS)
    return { code: 'too_long', detail: `a number has at most ${MAX_DIGITS} digits` };
  return Number(text);
}

/** `+` and the digits. */
export function formatE164(number: E164): string {
  return `+${number}`;
}
