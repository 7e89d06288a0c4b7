import { ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

import { type InputError, Problem } from '../../shared/errors.js';

/** Checks bodies, queries and parameters against their classes; unknown properties are an error. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
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
  const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own =
    error.value === undefined && error.constraints
      ? [missing(pointer, error.property)]
      : faults(pointer, error);
  return [...own, ...(error.children ?? []).flatMap((child) => inputErrors(child, pointer))];
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
