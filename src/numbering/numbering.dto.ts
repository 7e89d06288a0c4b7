import { ApiSchema } from '@nestjs/swagger';

import {
  BooleanField,
  EnumField,
  InstantField,
  IntegerField,
  NumberField,
  TextField,
} from '../platform/http/fields.js';
import { ImportQuery } from '../platform/http/import.dto.js';
import { PageQuery } from '../platform/http/page.js';

const firstField = NumberField({ description: 'First number of the range.', example: '+31850210000' });
const lastField = (optional: boolean) =>
  NumberField({
    description: `Last number of the range, included${optional ? '; one number where it is left out' : ''}.`,
    example: '+31850210999',
    optional,
  });
const partnerField = TextField({
  description: 'Code of the partner that holds it.',
  example: 'VOORBEELD',
  max: 12,
});
const idField = IntegerField({ description: 'Its id.', example: 4711 });
const fromField = (optional: boolean) =>
  InstantField({
    description: `When it takes effect${optional ? ', at once where it is left out' : ''}; \`null\`: it always did.`,
    example: '2026-01-31T12:00:00.000Z',
    optional,
    nullable: true,
  });
const toField = (optional: boolean) =>
  InstantField({
    description: 'When it ends, itself not included; `null`: open.',
    example: null,
    optional,
    nullable: true,
  });
const effectiveAtField = InstantField({
  description: 'When it ends; at once where it is left out.',
  example: '2026-06-30T22:00:00Z',
  optional: true,
});

@ApiSchema({ name: 'BlockCreate', description: 'A number block that a regulator allocated to us.' })
export class BlockCreate {
  @firstField
  first: string;

  @lastField(false)
  last: string;

  @TextField({
    description: 'Operator that it was allocated to.',
    example: 'KOEPEL',
    optional: true,
    nullable: true,
  })
  range_holder?: string | null;

  @InstantField({
    description: 'Since when; always ours where it is left out.',
    example: '2009-05-01T00:00:00Z',
    optional: true,
    nullable: true,
  })
  allocated_at?: string | null;
}

@ApiSchema({ name: 'Block', description: 'A number block of ours.' })
export class BlockView {
  @idField
  id: number;

  @firstField
  first: string;

  @lastField(false)
  last: string;

  @TextField({ description: 'Operator that it was allocated to.', example: 'KOEPEL', nullable: true })
  range_holder: string | null;

  @InstantField({
    description: 'Since when; `null`: always.',
    example: '2009-05-01T00:00:00.000Z',
    nullable: true,
  })
  allocated_at: string | null;
}

@ApiSchema({ name: 'AssignmentCreate', description: 'A range for a partner.' })
export class AssignmentCreate {
  @firstField
  first: string;

  @lastField(false)
  last: string;

  @partnerField
  partner: string;

  @fromField(true)
  effective_from?: string | null;

  @toField(true)
  effective_to?: string | null;

  @BooleanField({
    description: 'What stands there gives way, and keeps the rest.',
    example: false,
    optional: true,
  })
  carve?: boolean;
}

@ApiSchema({ name: 'Assignment', description: 'A range that a partner holds for a period.' })
export class AssignmentView {
  @idField
  id: number;

  @firstField
  first: string;

  @lastField(false)
  last: string;

  @partnerField
  partner: string;

  @fromField(false)
  effective_from: string | null;

  @toField(false)
  effective_to: string | null;

  @InstantField({
    description: 'When it was taken back before it took effect; `null`: it counts.',
    example: null,
    nullable: true,
  })
  withdrawn_at: string | null;
}

export class AssignmentQuery extends PageQuery {
  @TextField({ description: 'Only those of this partner.', example: 'VOORBEELD', optional: true, max: 12 })
  partner?: string;

  @NumberField({ description: 'Only those that have this number.', example: '+31850210123', optional: true })
  number?: string;

  @InstantField({
    description: 'Only those in effect at this instant.',
    example: '2026-01-31T12:00:00Z',
    optional: true,
  })
  at?: string;
}

@ApiSchema({ name: 'Release', description: 'The end of an assignment.' })
export class Release {
  @effectiveAtField
  effective_at?: string;
}

export class AssignmentImportQuery extends ImportQuery {
  @EnumField({
    description: 'Rows take their ranges from what stands there, and later rows from earlier ones.',
    example: 'false',
    values: ['true', 'false'],
    name: 'Switch',
    meaning: 'Yes or no.',
    optional: true,
  })
  carve?: 'true' | 'false';
}

@ApiSchema({ name: 'NumberPortCreate', description: 'A number or a short series that moved.' })
export class NumberPortCreate {
  @firstField
  first: string;

  @lastField(true)
  last?: string;

  @TextField({
    description: 'Code of the partner that it moved to; `null`: it left, to `network`.',
    example: 'VOORBEELD',
    nullable: true,
    max: 12,
  })
  recipient: string | null;

  @TextField({
    description: 'Network that it left to, such as `NEDMOB`; only with `recipient` null.',
    example: null,
    optional: true,
    nullable: true,
    max: 100,
  })
  network?: string | null;

  @fromField(true)
  effective_from?: string | null;
}

@ApiSchema({ name: 'NumberPort', description: 'A number or a short series that moved.' })
export class NumberPortView {
  @idField
  id: number;

  @firstField
  first: string;

  @lastField(false)
  last: string;

  @TextField({
    description: 'Code of the partner that it moved to.',
    example: 'VOORBEELD',
    nullable: true,
    max: 12,
  })
  recipient: string | null;

  @TextField({ description: 'Network that it left to.', example: null, nullable: true, max: 100 })
  network: string | null;

  @fromField(false)
  effective_from: string | null;

  @toField(false)
  effective_to: string | null;

  @InstantField({
    description: 'When it was taken back before it took effect; `null`: it counts.',
    example: null,
    nullable: true,
  })
  withdrawn_at: string | null;
}

@ApiSchema({
  name: 'NumberPortReturn',
  description: 'The end of a number port: the layer below counts again.',
})
export class NumberPortReturn {
  @effectiveAtField
  effective_at?: string;
}
