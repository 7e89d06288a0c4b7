import { applyDecorators } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiSchema,
  getSchemaPath,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { type ProblemCode, PROBLEMS } from '../../shared/errors.js';
import { etagOf } from './etag.js';
import { IntegerField, ListField, TextField } from './fields.js';

@ApiSchema({ name: 'InputError', description: 'What is wrong at one place of the input.' })
export class InputErrorDto {
  @TextField({
    description: 'JSON Pointer (RFC 6901) to the place; in a file `/line/column`.',
    example: '/number',
  })
  pointer: string;

  @TextField({ description: 'What kind of error it is.', example: 'not_digits' })
  code: string;

  @TextField({ description: 'The same in a sentence.', example: 'a number is + and digits' })
  detail: string;

  @IntegerField({ description: 'Line of the file, the first being 1.', example: 17, optional: true })
  line?: number;

  @IntegerField({ description: 'Column of the line, the first being 1.', example: 14, optional: true })
  column?: number;
}

@ApiSchema({ name: 'Problem', description: 'An error (RFC 9457). Nothing was changed.' })
export class ProblemDto {
  @TextField({
    description: 'Identifies the kind of problem.',
    example: 'urn:wegwijzer:problem:invalid-input',
  })
  type: string;

  @TextField({ description: 'The kind of problem in a sentence.', example: 'The input is not valid' })
  title: string;

  @IntegerField({ description: 'The HTTP status.', example: 422, min: 400, max: 599 })
  status: number;

  @TextField({ description: 'What happened here, and what to do.', example: 'a number is + and digits' })
  detail: string;

  @TextField({ description: 'The kind of problem, for programs.', example: 'invalid_input' })
  code: string;

  @ListField({
    description: 'Every wrong place of the input.',
    example: [{ pointer: '/number', code: 'not_digits', detail: 'a number is + and digits' }],
    optional: true,
    of: () => InputErrorDto,
  })
  errors?: InputErrorDto[];
}

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
  problems?: ProblemCode[];
}

/** Everything the document says about one operation but its parameters and its body. */
export function Operation(options: OperationOptions): MethodDecorator {
  const { summary, description, ok, created, none, idempotent, etag } = options;
  const headers = etag && {
    ETag: { description: 'Version of the resource.', schema: { type: 'string' as const } },
  };
  return applyDecorators(
    ApiOperation({ summary, description: description ?? `${summary}.` }),
    ApiExtraModels(ProblemDto),
    ...(ok ? [ApiOkResponse({ type: ok, description: 'Done.', headers })] : []),
    ...(created ? [ApiCreatedResponse({ type: created, description: 'Created.', headers })] : []),
    ...(none ? [ApiNoContentResponse({ description: 'Done.' })] : []),
    ...(idempotent ? [ApiHeader(IDEMPOTENCY_KEY)] : []),
    ...(etag === 'checked' ? [ApiHeader(IF_MATCH)] : []),
    ...problemResponses(['unauthenticated', 'forbidden', 'invalid_input', ...(options.problems ?? [])]),
  );
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  required: false,
  description:
    'Makes a retry safe: the same key with the same request gets the first answer again, for a day.',
  schema: { type: 'string' as const, maxLength: 255, example: '5f1d6a0e-3f67-4d0c-9d6e-0c6a3f1f2b11' },
};

const IF_MATCH = {
  name: 'If-Match',
  required: false,
  description: 'The ETag that was read: the change is refused (412) where the resource is another by now.',
  schema: { type: 'string' as const, example: '"42"' },
};

function problemResponses(codes: ProblemCode[]): MethodDecorator[] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set(codes))
    byStatus.set(PROBLEMS[code][0], [...(byStatus.get(PROBLEMS[code][0]) ?? []), code]);
  return [...byStatus].map(([status, ofStatus]) =>
    ApiResponse({
      status,
      description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}.`).join(' '),
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
}

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
