import { ApiSchema } from '@nestjs/swagger';

import { EnumListField, InstantField, TextField } from '../platform/http/fields.js';
import type { Authority } from './authority.entity.js';
import { LEGAL_BASES, LEGAL_BASIS_MEANING, type LegalBasis } from './legal-basis.js';

const codeField = TextField({
  description: 'Code that names the authority.',
  example: 'CIOT',
  pattern: /^[0-9A-Z]{2,12}$/,
  max: 12,
});
const nameField = (optional: boolean) =>
  TextField({ description: 'Name of the authority.', example: 'Central information point', optional });
const legalBasesField = (optional: boolean) =>
  EnumListField({
    description: 'Legal bases that it may invoke.',
    example: ['Sv 126n', 'Sv 126na-1'],
    values: LEGAL_BASES,
    name: 'LegalBasis',
    meaning: LEGAL_BASIS_MEANING,
    optional,
  });

export class AuthorityParam {
  @codeField
  code: string;
}

@ApiSchema({ name: 'AuthorityCreate', description: 'An authority to admit.' })
export class AuthorityCreate {
  @codeField
  code: string;

  @nameField(false)
  name: string;

  @legalBasesField(false)
  legal_bases: LegalBasis[];
}

@ApiSchema({
  name: 'AuthorityPatch',
  description: 'What is to change; properties that are left out stay as they are.',
})
export class AuthorityPatch {
  @nameField(true)
  name?: string;

  @legalBasesField(true)
  legal_bases?: LegalBasis[];
}

@ApiSchema({
  name: 'Authority',
  description: 'A body that may ask, for the legal bases that it was granted.',
})
export class AuthorityView {
  @codeField
  code: string;

  @nameField(false)
  name: string;

  @legalBasesField(false)
  legal_bases: LegalBasis[];

  @InstantField({ description: 'When it was admitted.', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;
}

export function viewAuthority({ code, name, legal_bases, created_at }: Authority): AuthorityView {
  return { code, name, legal_bases, created_at: created_at.toISOString() };
}
