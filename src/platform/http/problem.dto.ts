import { ApiSchema } from '@nestjs/swagger';

import { InstantField, IntegerField, ListField, NumberField, TextField } from './fields.js';

@ApiSchema({
  name: 'Conflict',
  description: 'What stands in the way of a range: a row by its id, or a line of the same file.',
})
export class ConflictDto {
  @IntegerField({ description: 'Id of the row.', example: 4711, optional: true })
  id?: number;

  @IntegerField({ description: 'Line of the file.', example: 17, optional: true })
  line?: number;

  @NumberField({ description: 'First number of its range.', example: '+31850210000' })
  first: string;

  @NumberField({ description: 'Last number of its range.', example: '+31850210999' })
  last: string;

  @InstantField({
    description: 'When it takes effect; `null`: it always did.',
    example: '2019-03-01T00:00:00.000Z',
    optional: true,
    nullable: true,
  })
  effective_from?: string | null;

  @InstantField({ description: 'When it ends; `null`: open.', example: null, optional: true, nullable: true })
  effective_to?: string | null;

  @InstantField({
    description: 'Of a block: since when it is ours; `null`: always.',
    example: '2009-05-01T00:00:00.000Z',
    optional: true,
    nullable: true,
  })
  allocated_at?: string | null;

  @TextField({
    description: 'Of a block: operator that it was allocated to.',
    example: 'KOEPEL',
    optional: true,
    nullable: true,
  })
  range_holder?: string | null;
}

const CONFLICTS_EXAMPLE = [
  {
    id: 4711,
    first: '+31850210000',
    last: '+31850210999',
    effective_from: '2019-03-01T00:00:00.000Z',
    effective_to: null,
  },
];

@ApiSchema({ name: 'InputError', description: 'What is wrong at one place of the input.' })
export class InputErrorDto {
  @TextField({
    description:
      'JSON Pointer (RFC 6901) to the place in the body, the query or the headers; in a file `/line/column`.',
    example: '/number',
  })
  pointer: string;

  @TextField({ description: 'What kind of error it is.', example: 'not_digits' })
  code: string;

  @TextField({ description: 'The same in a sentence.', example: 'a number is + and digits', max: 500 })
  detail: string;

  @IntegerField({ description: 'Line of the file, the first being 1.', example: 17, optional: true })
  line?: number;

  @IntegerField({ description: 'Column of the line, the first being 1.', example: 14, optional: true })
  column?: number;

  @ListField({
    description: 'With `range_overlaps`: what is in the way.',
    example: CONFLICTS_EXAMPLE,
    optional: true,
    of: () => ConflictDto,
  })
  conflicts?: ConflictDto[];
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

  @TextField({
    description: 'What happened here, and what to do.',
    example: 'a number is + and digits',
    max: 500,
  })
  detail: string;

  @TextField({ description: 'The kind of problem, for programs.', example: 'invalid_input' })
  code: string;

  @ListField({
    description: 'Every wrong place of the input; of a file the first hundred.',
    example: [{ pointer: '/number', code: 'not_digits', detail: 'a number is + and digits' }],
    optional: true,
    of: () => InputErrorDto,
  })
  errors?: InputErrorDto[];

  @ListField({
    description: 'With `range_overlaps`: what is in the way.',
    example: CONFLICTS_EXAMPLE,
    optional: true,
    of: () => ConflictDto,
  })
  conflicts?: ConflictDto[];

  @IntegerField({
    description: 'With `rows_rejected`: how many rows cannot be applied.',
    example: 1,
    optional: true,
  })
  rejected?: number;
}
