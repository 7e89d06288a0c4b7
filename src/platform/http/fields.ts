import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  isEmail,
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
  return applyDecorators(
    ApiProperty({ ...schema, ...shown(options) } as ApiPropertyOptions),
    ...presence(options),
    ...validators,
  );
}

function shown({ description, example, optional, nullable }: FieldOptions): ApiPropertyOptions {
  return { description, example, required: !optional, ...(nullable && { nullable }) } as ApiPropertyOptions;
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
  const { max = 200, pattern, format } = options;
  return field(
    options,
    {
      type: 'string',
      minLength: 1,
      maxLength: max,
      ...(pattern && { pattern: pattern.source }),
      ...(format && { format }),
    },
    [...TEXT, Length(1, max), ...(pattern ? [Matches(pattern)] : [])],
  );
}

// PostgreSQL cannot store NUL; no UTF-8 carries a lone surrogate; U+FFFD is what Latin-1 bytes are read as.
const WHOLE_CHARACTERS = /^[^\p{Cc}\p{Cs}\ufffd]*$/u;
const TEXT: Validators = [
  IsString(),
  Matches(WHOLE_CHARACTERS, { message: '$property has control characters or broken ones: is it UTF-8?' }),
];

/** Bytes in base64, which are only answered. */
export function Base64Field(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', contentEncoding: 'base64' } as ApiPropertyOptions, []);
}

@ValidatorConstraint({ name: 'is_email' })
class IsMailAddress implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    // `isEmail` throws where there is half of a surrogate pair.
    return typeof value === 'string' && WHOLE_CHARACTERS.test(value) && isEmail(value);
  }

  defaultMessage(): string {
    return '$property is not an e-mail address';
  }
}

export function EmailField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', format: 'email', maxLength: 254 }, [
    ...TEXT,
    Validate(IsMailAddress),
    Length(3, 254),
  ]);
}

export function UrlField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', format: 'uri', maxLength: 500 }, [
    ...TEXT,
    IsUrl({ protocols: ['https', 'http'], require_protocol: true, require_tld: false }),
    Length(8, 500),
  ]);
}

/** A telephone number in any form that is understood; services parse it with `parseE164`. */
export function NumberField(options: FieldOptions): PropertyDecorator {
  return field(options, { type: 'string', minLength: 1, maxLength: 64 }, [IsString(), Length(1, 64)]);
}

export interface EnumOptions extends FieldOptions {
  values: readonly string[];
  /** Name of the enumeration in the document; all fields of that name have the same values and meaning. */
  name: string;
  /** What the enumeration is, where that differs from what this field is. */
  meaning?: string;
}

function enumSchema({ values, name, meaning, description }: EnumOptions): ApiPropertyOptions {
  const [example] = values;
  const about = { description: meaning ?? description, example };
  return { enum: [...values], enumName: name, enumSchema: about } as ApiPropertyOptions;
}

export function EnumField(options: EnumOptions): PropertyDecorator {
  return field(options, enumSchema(options), [
    IsIn([...options.values], { message: `$property is not one of ${options.values.join(', ')}` }),
  ]);
}

export function EnumListField(options: EnumOptions): PropertyDecorator {
  const { values } = options;
  return field(options, { ...enumSchema(options), isArray: true } as ApiPropertyOptions, [
    IsArray(),
    IsIn([...values], {
      each: true,
      message: `$property has a value that is not one of ${values.join(', ')}`,
    }),
  ]);
}

export interface IntegerOptions extends FieldOptions {
  min?: number;
  max?: number;
  /** It stands in the path or the query, so it comes as text. */
  inAddress?: true;
}

export function IntegerField(options: IntegerOptions): PropertyDecorator {
  const { min = 0, max = Number.MAX_SAFE_INTEGER, inAddress } = options;
  return field(options, { type: 'integer', minimum: min, maximum: max }, [
    ...(inAddress ? [Transform(({ value }: { value: unknown }) => integerIn(value))] : []),
    IsInt(),
    Min(min),
    Max(max),
  ]);
}

function integerIn(text: unknown): unknown {
  return typeof text === 'string' && /^\d{1,16}$/.test(text) ? Number(text) : text;
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

interface NestedOptions extends FieldOptions {
  of: () => new () => object;
}

/** The arrow is named `type`, by which the document's generator knows a class that is told later. */
function nested(options: NestedOptions): ApiPropertyOptions {
  const type = () => options.of();
  return { type, ...shown(options) } as ApiPropertyOptions;
}

export function ObjectField(options: NestedOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty(nested(options)),
    ...presence(options),
    IsObject(),
    ValidateNested(),
    Type(options.of),
  );
}

export function ListField(options: NestedOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...nested(options), isArray: true } as ApiPropertyOptions),
    ...presence(options),
    IsArray(),
    ValidateNested({ each: true }),
    Type(options.of),
  );
}
