/** SQLSTATEs that the program tells apart (PostgreSQL manual, appendix A; WW… are our own). */
export const SQL_STATE = {
  uniqueViolation: '23505',
  checkViolation: '23514',
  exclusionViolation: '23P01',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  outsideBlock: 'WW001',
} as const;

/** The SQLSTATE of a failed statement; `undefined` for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
