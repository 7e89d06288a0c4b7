import { ApiSchema, ApiProperty, getSchemaPath, ApiExtraModels } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray } from 'class-validator';

import { DisclosureDto } from '../partners/partner.dto.js';
import { LEGAL_BASES, LEGAL_BASIS_MEANING, type LegalBasis } from '../partners/legal-basis.js';
import {
  Base64Field,
  EnumField,
  InstantField,
  IntegerField,
  NumberField,
  ObjectField,
  TextField,
} from '../platform/http/fields.js';
import {
  ANSWER_EXAMPLE,
  FAULT_EXAMPLE,
  MATCH_EXAMPLE,
  PARTNER_EXAMPLE,
  RECEIPT_EXAMPLE,
} from './lookup-examples.js';

export const MOST_NUMBERS = 10_000;

/** On what ground a question is asked, and about which instant. */
export class Ground {
  @InstantField({
    description: 'Instant that the question is about; now where it is left out.',
    example: '2026-01-31T12:00:00Z',
    optional: true,
  })
  at?: string;

  @EnumField({
    description: 'Statutory ground of the question; must be granted to the authority.',
    example: 'Sv 126n',
    values: LEGAL_BASES,
    name: 'LegalBasis',
    meaning: LEGAL_BASIS_MEANING,
  })
  legal_basis: LegalBasis;

  @TextField({
    description: 'Reference of the case or document that the question belongs to.',
    example: 'PL0900-2026-012345',
  })
  case_reference: string;

  @TextField({ description: 'Personal id of the official who asks.', example: 'A-10472', max: 100 })
  requester: string;

  @TextField({
    description: 'Purpose, one free line.',
    example: 'identify the caller of a threat',
    optional: true,
    max: 500,
  })
  purpose?: string;
}

@ApiSchema({
  name: 'LookupRequest',
  description: 'A question: which partner holds the address data behind this number?',
})
export class LookupRequest extends Ground {
  @NumberField({
    description: 'The number; spaces, dots, dashes, brackets, `00` and the national form are understood.',
    example: '+31850210123',
  })
  number: string;

  @TextField({
    description: 'Your own id of this question; goes into the log.',
    example: 'NL-CIOT-000123',
    optional: true,
    max: 100,
  })
  request_id?: string;
}

@ApiSchema({ name: 'LookupBatchRequest', description: 'The same question about many numbers.' })
export class LookupBatchRequest extends Ground {
  @ApiProperty({
    description: `Up to ${MOST_NUMBERS} numbers.`,
    example: ['+31850210123', '+31850210124'],
    type: 'array',
    items: { type: 'string' },
    minItems: 1,
    maxItems: MOST_NUMBERS,
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_NUMBERS)
  numbers: unknown[];
}

@ApiSchema({
  name: 'LookupPartner',
  description: 'The partner that holds the address data, and how it discloses them.',
})
export class LookupPartnerView {
  @TextField({ description: 'Code of the partner.', example: 'VOORBEELD' })
  code: string;

  @TextField({ description: 'Name of the partner.', example: 'Voorbeeld Telefonie B.V.' })
  name: string;

  @ObjectField({
    description: 'How an authority gets at its address data.',
    example: PARTNER_EXAMPLE.disclosure,
    of: () => DisclosureDto,
  })
  disclosure: DisclosureDto;
}

@ApiSchema({ name: 'LookupMatch', description: 'The row that decided.' })
export class LookupMatchView {
  @EnumField({
    description: 'Its layer.',
    example: 'assignment',
    values: ['number_port', 'assignment', 'block'],
    name: 'LookupRule',
  })
  rule: 'number_port' | 'assignment' | 'block';

  @NumberField({ description: 'First number of its range.', example: '+31850210000' })
  first: string;

  @NumberField({ description: 'Last number of its range.', example: '+31850210999' })
  last: string;

  @InstantField({
    description: 'Since when it holds; `null`: always.',
    example: '2019-03-01T00:00:00.000Z',
    nullable: true,
  })
  effective_from: string | null;

  @InstantField({ description: 'Until when it holds; `null`: open.', example: null, nullable: true })
  effective_to: string | null;
}

@ApiSchema({ name: 'LookupData', description: 'How fresh the subscriber records are.' })
export class LookupDataView {
  @EnumField({
    description: '`none`: the partner never synced.',
    example: 'none',
    values: ['fresh', 'stale', 'none'],
    name: 'DataState',
  })
  state: 'fresh' | 'stale' | 'none';

  @InstantField({ description: 'Last complete sync.', example: null, nullable: true })
  synced_at: string | null;
}

@ApiSchema({ name: 'Receipt', description: 'What proves that the entry of this question is in the log.' })
export class ReceiptView {
  @TextField({ description: 'Name of the log.', example: RECEIPT_EXAMPLE.origin })
  origin: string;

  @IntegerField({ description: 'Index of the entry.', example: RECEIPT_EXAMPLE.index })
  index: number;

  @Base64Field({ description: 'Leaf: the public bytes of the entry, base64.', example: RECEIPT_EXAMPLE.leaf })
  leaf: string;

  @Base64Field({
    description: 'SHA-256 over a zero byte and the leaf (RFC 6962), base64.',
    example: RECEIPT_EXAMPLE.leaf_hash,
  })
  leaf_hash: string;

  @Base64Field({
    description: 'Opening: the secret content that the leaf commits to, base64.',
    example: RECEIPT_EXAMPLE.opening,
  })
  opening: string;
}

export const OUTCOMES = ['held', 'unassigned', 'ported_out', 'not_ours'] as const;
export type Outcome = (typeof OUTCOMES)[number];

@ApiSchema({ name: 'LookupAnswer', description: 'The answer; its log entry is durable.' })
export class LookupAnswer {
  @TextField({ description: 'Id of the answer: log and index.', example: ANSWER_EXAMPLE.id })
  id: string;

  @NumberField({ description: 'The number, in E.164.', example: '+31850210123' })
  number: string;

  @InstantField({ description: 'Instant that the answer holds for.', example: '2026-01-31T12:00:00.000Z' })
  at: string;

  @EnumField({
    description:
      '`held` by a partner; `unassigned`: ours, with no partner; `ported_out` to `network`; `not_ours`.',
    example: 'held',
    values: OUTCOMES,
    name: 'Outcome',
  })
  outcome: Outcome;

  @ObjectField({
    description: 'The partner, where the number is `held`.',
    example: PARTNER_EXAMPLE,
    nullable: true,
    of: () => LookupPartnerView,
  })
  partner: LookupPartnerView | null;

  @TextField({
    description: 'Network that the number left to, where it is `ported_out`.',
    example: 'NEDMOB',
    optional: true,
  })
  network?: string;

  @ObjectField({
    description: 'The row that decided; `null` where the number is not ours.',
    example: MATCH_EXAMPLE,
    nullable: true,
    of: () => LookupMatchView,
  })
  matched: LookupMatchView | null;

  @ObjectField({
    description: 'How fresh the subscriber records are.',
    example: { state: 'none', synced_at: null },
    of: () => LookupDataView,
  })
  data: LookupDataView;

  @IntegerField({ description: 'Serial of the registry that this was answered from.', example: 4711 })
  serial: number;

  @ObjectField({
    description: 'Proof that the question was logged.',
    example: RECEIPT_EXAMPLE,
    of: () => ReceiptView,
  })
  receipt: ReceiptView;
}

@ApiSchema({
  name: 'LookupFault',
  description: 'Takes the place of an answer where an element was no number; it is logged too.',
})
export class LookupFault {
  @ApiProperty({
    description: 'The element, as it was given.',
    type: 'string',
    example: FAULT_EXAMPLE.number,
  })
  number: unknown;

  @ApiProperty({
    description: 'What is wrong with it.',
    type: 'object',
    required: ['code', 'detail'],
    properties: {
      code: { type: 'string', description: 'What kind of error it is.', example: FAULT_EXAMPLE.error.code },
      detail: { type: 'string', description: 'The same in a sentence.', example: FAULT_EXAMPLE.error.detail },
    },
    additionalProperties: false,
    example: FAULT_EXAMPLE.error,
  })
  error: { code: string; detail: string };
}

@ApiExtraModels(LookupAnswer, LookupFault)
@ApiSchema({ name: 'LookupBatchAnswer', description: 'The answers, in the order of the numbers.' })
export class LookupBatchAnswer {
  @ApiProperty({
    description: 'An answer or a fault for each number.',
    type: 'array',
    items: { anyOf: [{ $ref: getSchemaPath(LookupAnswer) }, { $ref: getSchemaPath(LookupFault) }] },
    example: [ANSWER_EXAMPLE, FAULT_EXAMPLE],
  })
  results: (LookupAnswer | LookupFault)[];
}
