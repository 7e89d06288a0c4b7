import { expect } from '@jest/globals';

import { PROBLEMS, type ProblemCode } from '../../src/shared/errors.js';

interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** An answer is this problem, in the form that every problem has. Answers its document. */
export function expectProblem(answer: Answer, code: ProblemCode): Record<string, unknown> {
  const [status, title] = PROBLEMS[code];
  const document = JSON.parse(answer.text) as Record<string, unknown>;
  expect(document).toMatchObject({
    type: `urn:wegwijzer:problem:${code.replaceAll('_', '-')}`,
    title,
    status,
    code,
  });
  expect(answer.status).toBe(status);
  expect(document.detail).toEqual(expect.stringMatching(/./));
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers['api-version']).toBe('1.0.0');
  return document;
}

/** Pointers and codes of an `invalid_input`. */
export function placesOf(answer: { text: string }): string[] {
  const { errors } = JSON.parse(answer.text) as { errors?: { pointer: string; code: string }[] };
  return (errors ?? []).map(({ pointer, code }) => `${pointer} ${code}`).sort();
}
