import { applyDecorators } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtension,
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import type { ProblemCode } from '../../shared/errors.js';
import { etagOf } from './etag.js';
import { ProblemDto } from './problem.dto.js';

/** Where an operation says which problems it has; `openapi.ts` makes responses of them. */
export const PROBLEM_CODES = 'x-problem-codes';

type ViewClass = new () => object;

export interface OperationOptions {
  /** What it does, in a few words. */
  summary: string;
  description?: string;
  /** The body of a 200 or a 201; `none`: 204. Left out where the handler documents it itself. */
  ok?: ViewClass;
  created?: ViewClass;
  none?: true;
  /** It takes an Idempotency-Key. */
  idempotent?: true;
  /** It answers an ETag; with `checked`, it honours If-Match as well. */
  etag?: 'sent' | 'checked';
  /** It answers the address of what it created; such as this one. */
  located?: string;
  /** Those that are its own; what follows from its address, input and rights is added for all. */
  problems?: ProblemCode[];
}

/** Everything the document says about one operation but its parameters and its body. */
export function Operation(options: OperationOptions): MethodDecorator {
  const { summary, description, ok, created, none, idempotent, etag, problems = [] } = options;
  const headers = answerHeaders(options);
  return applyDecorators(
    ApiOperation({ summary, description: description ?? `${summary}.` }),
    ApiExtraModels(ProblemDto),
    ...(ok ? [ApiOkResponse({ type: ok, description: 'Done.', headers })] : []),
    ...(created ? [ApiCreatedResponse({ type: created, description: 'Created.', headers })] : []),
    ...(none ? [ApiNoContentResponse({ description: 'Done.' })] : []),
    ...(idempotent ? [ApiHeader(IDEMPOTENCY_KEY)] : []),
    ...(etag === 'checked' ? [ApiHeader(IF_MATCH)] : []),
    ApiExtension(PROBLEM_CODES, [
      ...problems,
      ...(idempotent ? ['idempotency_key_reused'] : []),
      ...(etag === 'checked' ? ['precondition_failed'] : []),
    ]),
  );
}

function answerHeaders({ etag, located }: OperationOptions) {
  return {
    ...(etag && {
      ETag: {
        description: 'Version of the resource, for `If-Match`.',
        schema: { type: 'string' as const },
        example: '"42"',
      },
    }),
    ...(located && {
      Location: {
        description: 'Address of the resource.',
        schema: { type: 'string' as const, format: 'uri-reference' },
        example: located,
      },
    }),
  };
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'Makes a retry safe: the same key with the same request gets the first answer again, for a day.',
  schema: {
    type: 'string' as const,
    maxLength: 255,
    pattern: '^[\\x21-\\x7e]+$',
    example: '5f1d6a0e-3f67-4d0c-9d6e-0c6a3f1f2b11',
  },
};

const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'The ETag that was read: the change is refused (412) where the resource is another by now.',
  schema: { type: 'string' as const, example: '"42"' },
};

/** Sends the entity tag of what is answered, and of what was created its address. */
export function tag<View>(
  reply: FastifyReply,
  tagged: { view: View; change: number },
  location?: string,
): View {
  reply.header('ETag', etagOf(tagged));
  if (location) reply.header('Location', `/v1${location}`);
  return tagged.view;
}
