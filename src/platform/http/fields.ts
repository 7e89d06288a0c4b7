import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  Validate,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';

import { parseInstant } from '../../shared/instant.js';

/**
 * One decorator per kind of property: it says in one place what the API accepts and what the document shows.
 * On classes that are only answered, the validation part has no effect.
 */
export interface FieldOptions {
  description: string;
  example: unknown;
  /** May be left out. */
  optional?: boolean;
  /** May be `null`. */
  nullable?: boolean;
}

type Validators = PropertyDecorator[];

function field(options: FieldOptions, schema: ApiPropertyOptions, validators: Validators): PropertyDecorator {
  const { optional, nullable, ...shown } = options;
  const { type } = schema as { type?: string };
  const nullableType = nullable && type ? { type: [type, 'null'] as never } : {};
  return applyDecorators(
    ApiProperty({ ...schema, ...shown, ...nullableType, required: !optional } as ApiPropertyOptions),
    ...presence(options),
    ...validators,
  );
}

/** A `null` or a missing value passes only where it may; `IsOptional` alone would let both pass. */
function presence({ optional, nullable }: FieldOptions): Validators {
  if (optional && nullable) return [IsOptional()];
  if (optional) return [ValidateIf((_, value) => value !== undefined)];
  if (nullable) return [ValidateIf((_, value) => value !== null)];
  return [];
}

export function TextField(
  options: FieldOptions & { max?: number; pattern?: RegExp; format?: string },
): PropertyDecorator {
  const { max = 200, pattern, ...rest } = options;
  return field(
    rest,
    { type: 'string', minLength: 1, maxLength: max, ...(pattern && { pattern: pattern.source }) },
    [
      IsString(),
      Length(1, max),
      Matches(NO_CONTROL_CHARACTERS, { message: '$property has control characters' }),
      ...(pattern ? [Matches(pattern)] : []),
    ],
  );
}

// Also refuses a lone surrogate, which no UTF-8 can carry. (NUL cannot be stored by PostgreSQL.)
const NO_CONTROL_CHARACTERS = /^[^\p{Cc}\p{Cs}]*$/u;

export function EmailField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', format: 'email', maxLength: 254 }, [IsEmail(), Length(3, 254)]);
}

export function UrlField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', format: 'uri', maxLength: 500 }, [
    IsUrl({ protocols: ['https', 'http'], require_protocol: true, require_tld: false }),
    Length(8, 500),
  ]);
}

/** A telephone number in any form that is understood; services parse it with `parseE164`. */
export function NumberField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', minLength: 1, maxLength: 64 }, [IsString(), Length(1, 64)]);
}

export function EnumField(
  options: FieldOptions & { values: readonly string[]; name: string },
): PropertyDecorator {
  const { values, name, ...rest } = options;
  const schema = rest.nullable
    ? { type: 'string', enum: [...values, null] }
    : { enum: [...values], enumName: name };
  return field(rest, schema as ApiPropertyOptions, [
    IsIn([...values], { message: `$property is not one of ${values.join(', ')}` }),
  ]);
}

export function EnumListField(
  options: FieldOptions & { values: readonly string[]; name: string },
): PropertyDecorator {
  const { values, name, ...rest } = options;
  return field(rest, { enum: [...values], enumName: name, isArray: true }, [
    IsArray(),
    IsIn([...values], {
      each: true,
      message: `$property has a value that is not one of ${values.join(', ')}`,
    }),
  ]);
}

export function IntegerField(options: FieldOptions & { min?: number; max?: number }): PropertyDecorator {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, ...rest } = options;
  return field(rest, { type: 'integer', minimum: min, maximum: max }, [
    Type(() => Number),
    IsInt(),
    Min(min),
    Max(max),
  ]);
}

export function BooleanField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'boolean' }, [IsBoolean()]);
}

@ValidatorConstraint({ name: 'is_instant' })
class IsInstant implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' && parseInstant(value) !== undefined;
  }

  defaultMessage(): string {
    return '$property is not an RFC 3339 timestamp such as 2026-01-31T12:00:00Z';
  }
}

/** An RFC 3339 timestamp; services read it with `parseInstant`. */
export function InstantField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', format: 'date-time' }, [Validate(IsInstant)]);
}

export function ObjectField(options: FieldOptions & { of: () => new () => object }): PropertyDecorator {
  const { of, nullable, optional, description, example } = options;
  return applyDecorators(
    ApiProperty({
      type: of,
      description,
      example,
      required: !optional,
      ...(nullable && { nullable: true }),
    } as ApiPropertyOptions),
    ...presence(options),
    IsObject(),
    ValidateNested(),
    Type(of),
  );
}

export function ListField(options: FieldOptions & { of: () => new () => object }): PropertyDecorator {
  const { of, optional, description, example } = options;
  return applyDecorators(
    ApiProperty({ type: of, isArray: true, description, example, required: !optional } as ApiPropertyOptions),
    ...presence(options),
    IsArray(),
    ValidateNested({ each: true }),
    Type(of),
  );
}
