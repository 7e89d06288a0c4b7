import type { ValueTransformer } from 'typeorm';

import type { NumberRange } from '../shared/number-range.js';

/** When something holds: half-open `[from, to)` in milliseconds since the epoch; infinite where open. */
export interface Period {
  from: number;
  to: number;
}

/** An `int8range` in PostgreSQL's canonical form, `[31850210000,31850211000)`. */
export const numbersColumn: ValueTransformer = {
  from: (text: string): NumberRange => {
    const [first, end] = text.slice(1, -1).split(',');
    return { first: Number(first), last: Number(end) - 1 };
  },
  to: (range: NumberRange) => range && `[${range.first},${range.last}]`,
};

/** A `tstzrange` in a session whose time zone is UTC, `["2026-01-31 12:00:00+00",)`. */
export const periodColumn: ValueTransformer = {
  from: (text: string): Period => {
    const [from, to] = text.slice(1, -1).split(',');
    return { from: instant(from!) ?? -Infinity, to: instant(to!) ?? Infinity };
  },
  to: (period: Period) => period && `[${bound(period.from)},${bound(period.to)})`,
};

function instant(text: string): number | undefined {
  return text === ''
    ? undefined
    : Date.parse(text.replaceAll('"', '').replace(' ', 'T').replace(/\+00$/, 'Z'));
}

function bound(milliseconds: number): string {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : '';
}
