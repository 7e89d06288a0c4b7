import { ApiSchema } from '@nestjs/swagger';

import { EnumField, InstantField, IntegerField, TextField } from '../platform/http/fields.js';
import { type Role, ROLES } from '../shared/caller.js';
import type { Credential } from './credential.entity.js';

const idField = TextField({
  description: 'Id of the credential.',
  example: '019a0c5e-7b1c-7000-8000-000000000001',
  pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  format: 'uuid',
  max: 36,
});
const roleField = EnumField({
  description: 'What it may do.',
  example: 'partner',
  values: ROLES,
  name: 'Role',
});
const codeField = (of: 'partner' | 'authority', optional: boolean) =>
  TextField({
    description: `Code of the ${of} that a credential of role \`${of}\` is bound to; \`null\` or left out for other roles.`,
    example: of === 'partner' ? 'VOORBEELD' : null,
    optional,
    nullable: true,
    max: 12,
  });
const labelField = TextField({
  description: 'What it is used for, and where.',
  example: 'nightly sync, server 3',
});

export class CredentialParam {
  @idField
  id: string;
}

@ApiSchema({ name: 'CredentialCreate', description: 'A credential to issue.' })
export class CredentialCreate {
  @roleField
  role: Role;

  @codeField('partner', true)
  partner?: string | null;

  @codeField('authority', true)
  authority?: string | null;

  @labelField
  label: string;

  @InstantField({
    description: 'When it ends by itself.',
    example: '2027-12-31T23:00:00Z',
    optional: true,
    nullable: true,
  })
  expires_at?: string | null;
}

@ApiSchema({ name: 'CredentialRotation', description: 'How a credential gets a new secret.' })
export class CredentialRotation {
  @IntegerField({
    description:
      'Seconds that the old secret goes on working; 0 ends it at once. A day where it is left out.',
    example: 86_400,
    optional: true,
    max: 30 * 86_400,
  })
  overlap?: number;
}

@ApiSchema({ name: 'Credential', description: 'A machine key bound to a role.' })
export class CredentialView {
  @idField
  id: string;

  @roleField
  role: Role;

  @codeField('partner', false)
  partner: string | null;

  @codeField('authority', false)
  authority: string | null;

  @labelField
  label: string;

  @InstantField({ description: 'When it was issued.', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;

  @InstantField({
    description: 'When it ends by itself.',
    example: '2027-12-31T23:00:00.000Z',
    nullable: true,
  })
  expires_at: string | null;

  @InstantField({
    description: 'Until when the secret before the last rotation works.',
    example: null,
    nullable: true,
  })
  previous_expires_at: string | null;

  @InstantField({ description: 'When it was revoked.', example: null, nullable: true })
  revoked_at: string | null;

  @InstantField({
    description: 'When it was last used, to the minute.',
    example: '2026-02-01T03:00:00.000Z',
    nullable: true,
  })
  last_used_at: string | null;
}

@ApiSchema({
  name: 'IssuedCredential',
  description: 'A credential with its secret, which is shown this once.',
})
export class IssuedCredentialView extends CredentialView {
  @TextField({ description: 'The secret, for `Authorization: Bearer`.', example: 'wegwijzer_partner_…' })
  secret: string;
}

export function viewCredential(credential: Credential, lastUsedAt: Date | null): CredentialView {
  return {
    id: credential.id,
    role: credential.role,
    partner: credential.partner?.code ?? null,
    authority: credential.authority?.code ?? null,
    label: credential.label,
    created_at: credential.created_at.toISOString(),
    expires_at: credential.expires_at?.toISOString() ?? null,
    previous_expires_at: credential.previous_expires_at?.toISOString() ?? null,
    revoked_at: credential.revoked_at?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
  };
}
