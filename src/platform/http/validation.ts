import { type ArgumentMetadata, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

import { type InputError, invalidInput, Problem } from '../../shared/errors.js';

class InputPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'param') return this.readName(value, metadata);
    if (metadata.type === 'body') checkKind(value);
    return super.transform(value, metadata);
  }

  /** What stands in a path and cannot name anything, names nothing: 404, as for a name that nobody has. */
  private readName(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    return super.transform(value, metadata).catch(() => {
      throw new Problem('not_found', 'there is no such address');
    });
  }
}

/** A body is an object, or left out. A file in its place is a socket: reading that as input would end the process. */
function checkKind(body: unknown): void {
  if (typeof (body as { pipe?: unknown } | null)?.pipe === 'function')
    throw new Problem('unsupported_media_type', 'send application/json');
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body)))
    throw invalidInput('', 'not_an_object', 'the body is one JSON object');
}

/** Checks bodies, queries and parameters against their classes; unknown properties are an error. */
export function validationPipe(): ValidationPipe {
  return new InputPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false },
    exceptionFactory: (errors) => {
      const found = errors.flatMap((error) => inputErrors(error, ''));
      return new Problem('invalid_input', found[0]?.detail ?? 'the request is not valid', { errors: found });
    },
  });
}

function inputErrors(error: ValidationError, parent: string): InputError[] {
  if (isUnknown(error) && !NAME.test(error.property))
    return [{ pointer: parent, code: 'unknown_property', detail: 'there is no such property' }];
  const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own =
    error.value === undefined && error.constraints
      ? [missing(pointer, error.property)]
      : faults(pointer, error);
  return [...own, ...(error.children ?? []).flatMap((child) => inputErrors(child, pointer))];
}

/** What is not like a name is not repeated: it may be a number or a secret that got to the wrong place. */
const NAME = /^[a-z][a-z_-]{0,63}$/i;

function isUnknown({ constraints = {} }: ValidationError): boolean {
  return 'whitelistValidation' in constraints;
}

function missing(pointer: string, property: string): InputError {
  return { pointer, code: 'required', detail: `${property} is missing` };
}

function faults(pointer: string, { constraints = {} }: ValidationError): InputError[] {
  return Object.entries(constraints).map(([constraint, detail]) => ({
    pointer,
    code: constraint === 'whitelistValidation' ? 'unknown_property' : snakeCase(constraint),
    detail: constraint === 'whitelistValidation' ? 'there is no such property' : detail,
  }));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter, place) => `${place ? '_' : ''}${letter.toLowerCase()}`);
}
