import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';

import { LookupBatchRequest, LookupRequest } from '../../src/lookup/lookup.dto.js';
import { AssignmentQuery } from '../../src/numbering/numbering.dto.js';
import { quickCheckOf } from '../../src/platform/http/quick-check.js';

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.constantFrom('Sv 126n', 'Wiv 56', '+31850210123', '2026-01-31T12:00:00Z', '', undefined, null),
  fc.jsonValue({ maxDepth: 1 }),
  fc.array(fc.string(), { maxLength: 3 }),
);
const ground = {
  legal_basis: fc.oneof(
    { weight: 5, arbitrary: fc.constant('Sv 126n' as unknown) },
    { weight: 1, arbitrary: value },
  ),
  case_reference: fc.oneof(fc.string({ maxLength: 210 }), value),
  requester: fc.oneof(fc.string({ maxLength: 110 }), value),
  purpose: fc.option(fc.oneof(fc.string(), value), { nil: undefined }),
  at: fc.oneof(fc.constant(undefined), fc.constant('2026-01-31T12:00:00Z'), value),
};
const required = ['legal_basis', 'case_reference', 'requester'] as const;

describe.each([
  [
    LookupRequest,
    { ...ground, number: fc.oneof(fc.string(), value), request_id: fc.oneof(fc.constant(undefined), value) },
  ],
  [LookupBatchRequest, { ...ground, numbers: fc.oneof(fc.array(value, { maxLength: 4 }), value) }],
])('the quick check of %p', (type: new () => object, properties: Record<string, fc.Arbitrary<unknown>>) => {
  const check = quickCheckOf(type);

  it('passes what the validator passes, and nothing else', () => {
    const body = fc.record(properties, { requiredKeys: [...required] as never });
    const passed = { yes: 0, no: 0 };
    fc.assert(
      fc.property(fc.oneof(body, value), (given) => {
        const valid = isValid(type, given);
        passed[valid ? 'yes' : 'no'] += 1;
        expect(check(given)).toBe(valid);
      }),
      { numRuns: 2_000 },
    );
    expect(passed.yes).toBeGreaterThan(50);
    expect(passed.no).toBeGreaterThan(50);
  });
});

it('refuses a class with a rule that needs the value converted', () => {
  expect(() => quickCheckOf(AssignmentQuery)).toThrow(/has no quick check/);
});

function isValid(type: new () => object, given: unknown): boolean {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  const options = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };
  return validateSync(plainToInstance(type, given), options).length === 0;
}
