import { getSchemaPath, type OpenAPIObject } from '@nestjs/swagger';

import { Problem, type ProblemCode, PROBLEMS } from '../../shared/errors.js';
import { ProblemDto } from './problem.dto.js';
import { problemDocument } from './problem.filter.js';

const STRING = { type: 'string' } as const;

/** Headers that a status brings with it. */
const HEADERS: Record<number, Record<string, object>> = {
  401: {
    'WWW-Authenticate': {
      description: 'How to authenticate (RFC 6750).',
      schema: STRING,
      example: 'Bearer',
    },
  },
  503: {
    'Retry-After': {
      description: 'Seconds to wait before the next try.',
      schema: { type: 'integer' },
      example: 1,
    },
  },
};

/** The response of every status that one of these problems has, by status. */
export function problemResponses(codes: ProblemCode[]): Record<string, object> {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code][0]))].sort();
  return Object.fromEntries(
    statuses.map((status) => [status, response(status, [...new Set(codes)].filter(hasStatus(status)))]),
  );
}

function hasStatus(status: number): (code: ProblemCode) => boolean {
  return (code) => PROBLEMS[code][0] === status;
}

function response(status: number, codes: ProblemCode[]): object {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}.`).join(' '),
    headers: { ...HEADERS[status] },
    content: {
      'application/problem+json': {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `${PLACE_OF_EXAMPLES}${code}` }])),
      },
    },
  };
}

const PLACE_OF_EXAMPLES = '#/components/examples/';

/** The examples that responses of the document refer to, by code. */
export function problemExamples(document: OpenAPIObject): Record<string, object> {
  const text = JSON.stringify(document.paths);
  const used = Object.entries(EXAMPLES).filter(([code]) => text.includes(`"${PLACE_OF_EXAMPLES}${code}"`));
  return Object.fromEntries(
    used.map(([code, problem]) => [
      code,
      { summary: PROBLEMS[problem.code][1], value: problemDocument(problem) },
    ]),
  );
}

const PLACE = { pointer: '/name', code: 'required', detail: 'name is missing' };
const ROW = {
  pointer: '/17/partner',
  code: 'unknown_partner',
  detail: 'there is no partner with this code',
  line: 17,
  column: 27,
};
const CONFLICT = {
  id: 4711,
  first: '+31850210000',
  last: '+31850210999',
  effective_from: '2019-03-01T00:00:00.000Z',
  effective_to: null,
};

const EXAMPLES = Object.fromEntries(
  Object.entries({
    malformed_address: ['the address cannot be read: is a % in it not written as %25?'],
    malformed_request: ['this is no request of HTTP/1.1'],
    malformed_body: ['the body is not valid JSON, or it broke off'],
    unauthenticated: ['send Authorization: Bearer with a secret that is valid'],
    forbidden: ['this needs the role admin'],
    legal_basis_not_granted: ['the authority may not invoke this legal basis'],
    not_found: ['there is no partner with this code'],
    method_not_allowed: ['this address takes GET, POST'],
    request_timeout: ['the request was not complete in time'],
    already_exists: ['there is a partner VOORBEELD already'],
    range_overlaps: ['the range is held already, wholly or in part', { conflicts: [CONFLICT] }],
    state_conflict: ['a partner that is closed cannot become active'],
    precondition_failed: ['it has changed since you read it: read it again, then repeat'],
    registry_moved: ['this would not do what was planned: plan again'],
    body_too_large: ['the body is larger than this address takes'],
    unsupported_media_type: ['send the media type that the API document names'],
    invalid_input: ['name is missing', { errors: [PLACE] }],
    invalid_number: [
      'a number is + and digits',
      { errors: [{ pointer: '/number', code: 'not_digits', detail: 'a number is + and digits' }] },
    ],
    outside_block: ['the range is not wholly in number blocks that are ours for all that time'],
    rows_rejected: ['1 of 18735 rows cannot be applied; nothing was changed', { errors: [ROW], rejected: 1 }],
    idempotency_key_reused: ['this Idempotency-Key was used for another request: take a new one'],
    headers_too_large: ['the address and the headers have more than 16 KiB'],
    internal: ['the request could not be carried out; nothing was changed'],
    unavailable: ['try again shortly'],
  } satisfies Record<ProblemCode, [detail: string, members?: Problem['members']]>).map(
    ([code, [detail, members]]) => [code, new Problem(code as ProblemCode, detail, members)],
  ),
) as Record<ProblemCode, Problem>;
