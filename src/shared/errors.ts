/**
 * Every error that a caller can meet: its code, HTTP status and title (RFC 9457). The one catalogue;
 * HTTP itself is spoken only in `platform/http`.
 */
export const PROBLEMS = {
  malformed_address: [400, 'The address cannot be read'],
  malformed_request: [400, 'This is no request that can be read'],
  malformed_body: [400, 'The body cannot be read'],
  unauthenticated: [401, 'No valid secret was given'],
  forbidden: [403, 'The caller lacks this right'],
  legal_basis_not_granted: [403, 'The legal basis is not granted to this authority'],
  not_found: [404, 'There is nothing here'],
  method_not_allowed: [405, 'The method is not allowed here'],
  request_timeout: [408, 'The request took too long to come'],
  already_exists: [409, 'It exists already'],
  range_overlaps: [409, 'The range overlaps another one'],
  state_conflict: [409, 'The present state does not allow this'],
  precondition_failed: [412, 'It has changed since it was read'],
  registry_moved: [412, 'The registry has moved since the plan'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The media type is not supported'],
  invalid_input: [422, 'The input is not valid'],
  invalid_number: [422, 'This is not a telephone number'],
  outside_block: [422, 'The range lies outside our number blocks'],
  rows_rejected: [422, 'Rows of the file were rejected'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another request'],
  headers_too_large: [431, 'The address and the headers are too large'],
  internal: [500, 'An error on our side'],
  unavailable: [503, 'The service cannot answer now'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What is wrong at one place of the input; `pointer` is a JSON Pointer (RFC 6901) into the body or query. */
export interface InputError {
  pointer: string;
  code: string;
  detail: string;
  line?: number;
  column?: number;
}

/** An error meant for the caller: `detail` never holds a looked-up number, a name, an address or a secret. */
export class Problem extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    /** Further members of the problem document, such as `errors` or `conflicts`. */
    readonly members: { errors?: InputError[]; [member: string]: unknown } = {},
  ) {
    super(`${code}: ${detail}`);
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

/** The problem of one wrong place of the input. */
export function invalidInput(pointer: string, code: string, detail: string): Problem {
  return new Problem('invalid_input', detail, { errors: [{ pointer, code, detail }] });
}
