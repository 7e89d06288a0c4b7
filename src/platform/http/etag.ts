import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import { Problem } from '../../shared/errors.js';

/** The If-Match of the request; `Operation` documents it. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  return context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
});

/** The entity tag (RFC 9110, 8.8.3) of a row: the change that touched it last. */
export function etagOf(row: { change: number }): string {
  return `"${row.change}"`;
}

/** Refuses a change to a row that is no longer the one that the caller read (`If-Match`). */
export function checkIfMatch(ifMatch: string | undefined, row: { change: number }): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes(etagOf(row)))
    throw new Problem('precondition_failed', 'it has changed since you read it: read it again, then repeat');
}
