import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';

import { isOutOfReach } from '../database/sql-states.js';
import { traceOf } from '../logging.js';
import { Problem, type ProblemCode, PROBLEMS } from '../../shared/errors.js';
import { PROBLEM_TYPE } from './headers.js';

const PROBLEM_OF_STATUS: Record<number, [ProblemCode, string]> = {
  400: ['malformed_body', 'the body is not valid JSON, or it broke off'],
  401: ['unauthenticated', 'send Authorization: Bearer with a secret that is valid'],
  403: ['forbidden', 'the caller lacks this right'],
  404: ['not_found', 'there is no such address'],
  405: ['method_not_allowed', 'this method is not allowed here'],
  413: ['body_too_large', 'the body is larger than this address takes'],
  415: ['unsupported_media_type', 'send application/json; to an import, text/csv or application/x-ndjson'],
  422: ['invalid_input', 'the request is not valid'],
  503: ['unavailable', 'try again shortly'],
};

/** Turns everything that is thrown into application/problem+json (RFC 9457), and nothing but that. */
@Injectable()
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const problem = problemOf(error);
    if (problem.status >= 500 && problem.code !== 'unavailable')
      this.log.error(traceOf(error), 'unexpected error');
    sendProblem(reply, problem);
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem): void {
  if (problem.code === 'unavailable') reply.header('Retry-After', '1');
  if (problem.code === 'unauthenticated') reply.header('WWW-Authenticate', 'Bearer');
  void reply
    .status(problem.status)
    .header('Content-Type', PROBLEM_TYPE)
    .send(JSON.stringify(problemDocument(problem)));
}

export function problemDocument(problem: Problem): Record<string, unknown> {
  const [status, title] = PROBLEMS[problem.code];
  return {
    type: `urn:wegwijzer:problem:${problem.code.replaceAll('_', '-')}`,
    title,
    status,
    detail: problem.detail,
    code: problem.code,
    ...problem.members,
  };
}

/** Errors of Nest and Fastify carry a status; of their messages none is passed on, for they quote the input. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isOutOfReach(error))
    return new Problem('unavailable', 'the database cannot be reached: try again shortly');
  const status = statusOf(error);
  const [code, detail] = PROBLEM_OF_STATUS[status] ?? (status < 500 ? PROBLEM_OF_STATUS[400]! : INTERNAL);
  return new Problem(code, detail);
}

const INTERNAL: [ProblemCode, string] = [
  'internal',
  'the request could not be carried out; nothing was changed',
];

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
}
