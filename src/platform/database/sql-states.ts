/** SQLSTATEs that the program tells apart (PostgreSQL manual, appendix A). */
export const SQL_STATE = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlockDetected: '40P01',
  lockNotAvailable: '55P03',
} as const;

/** The SQLSTATE of a failed statement; `undefined` for any other error. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Whether the database could not be asked: errors of the connection, of a server that is starting, stopping or
 * out of room for connections (SQLSTATE classes 08, 53, 57), and of a lock that did not come free in time.
 */
export function isOutOfReach(error: unknown): boolean {
  const code = sqlStateOf(error);
  if (code !== undefined) return /^(08|53|57)|^55P03$|^E[A-Z]+$|^EAI_/.test(code);
  return error instanceof Error && /timeout|connection|terminated/i.test(error.message);
}
