import { ApiSchema } from '@nestjs/swagger';

import {
  EmailField,
  EnumField,
  InstantField,
  ObjectField,
  TextField,
  UrlField,
} from '../platform/http/fields.js';
import { type Disclosure, type Partner, PARTNER_STATES, type PartnerState } from './partner.entity.js';

const CODE_PATTERN = /^[0-9A-Z]{2,12}$/;
const CONTACT_EXAMPLE = { name: 'Servicedesk', email: 'desk@voorbeeld.example', phone: '+31850210000' };
const DISCLOSURE_EXAMPLE = {
  mode: 'partner',
  url: 'https://voorbeeld.example/disclosure',
  desk: CONTACT_EXAMPLE,
};

export const partnerCode = (description: string) =>
  TextField({ description, example: 'VOORBEELD', pattern: CODE_PATTERN, max: 12 });

export class PartnerParam {
  @partnerCode('Code of the partner.')
  code: string;
}

const kvkNumber = (description: string) =>
  TextField({
    description,
    example: '99000001',
    optional: true,
    nullable: true,
    pattern: /^[0-9]{8}$/,
    max: 8,
  });

@ApiSchema({ name: 'Contact', description: 'Where an organisation can be reached.' })
export class ContactDto {
  @TextField({ description: 'Name of the person or desk.', example: 'Servicedesk' })
  name: string;

  @EmailField({ description: 'E-mail address.', example: 'desk@voorbeeld.example' })
  email: string;

  @TextField({ description: 'Telephone number.', example: '+31850210000', max: 64 })
  phone: string;
}

@ApiSchema({ name: 'Disclosure', description: 'How an authority gets at the address data of a partner.' })
export class DisclosureDto implements Disclosure {
  @EnumField({
    description: '`registry`: the records are here. `partner`: ask the partner, at `url` or `desk`.',
    example: 'partner',
    values: ['registry', 'partner'],
    name: 'DisclosureMode',
  })
  mode: 'registry' | 'partner';

  @UrlField({
    description: 'Address of the interface to ask.',
    example: 'https://voorbeeld.example/disclosure',
    optional: true,
  })
  url?: string;

  @ObjectField({
    description: 'Desk to ask.',
    example: CONTACT_EXAMPLE,
    optional: true,
    of: () => ContactDto,
  })
  desk?: ContactDto;
}

@ApiSchema({ name: 'PartnerCreate', description: 'A partner to onboard.' })
export class PartnerCreate {
  @partnerCode('Code that names the partner everywhere; never changes.')
  code: string;

  @TextField({ description: 'Name of the organisation.', example: 'Voorbeeld Telefonie B.V.' })
  name: string;

  @kvkNumber('Number in the trade register of the Chamber of Commerce.')
  kvk_number?: string | null;

  @ObjectField({
    description: 'Where the partner can be reached.',
    example: CONTACT_EXAMPLE,
    of: () => ContactDto,
  })
  contact: ContactDto;

  @ObjectField({
    description: 'How its address data is disclosed.',
    example: DISCLOSURE_EXAMPLE,
    of: () => DisclosureDto,
  })
  disclosure: DisclosureDto;
}

@ApiSchema({
  name: 'PartnerPatch',
  description: 'What is to change; properties that are left out stay as they are.',
})
export class PartnerPatch {
  @TextField({
    description: 'Name of the organisation.',
    example: 'Voorbeeld Telefonie B.V.',
    optional: true,
  })
  name?: string;

  @kvkNumber('Number in the trade register of the Chamber of Commerce; `null` removes it.')
  kvk_number?: string | null;

  @ObjectField({
    description: 'Where the partner can be reached.',
    example: CONTACT_EXAMPLE,
    optional: true,
    of: () => ContactDto,
  })
  contact?: ContactDto;

  @ObjectField({
    description: 'How its address data is disclosed.',
    example: DISCLOSURE_EXAMPLE,
    optional: true,
    of: () => DisclosureDto,
  })
  disclosure?: DisclosureDto;
}

@ApiSchema({ name: 'Partner', description: 'A reseller organisation.' })
export class PartnerView {
  @partnerCode('Code that names the partner everywhere.')
  code: string;

  @TextField({ description: 'Name of the organisation.', example: 'Voorbeeld Telefonie B.V.' })
  name: string;

  @TextField({ description: 'Number in the trade register.', example: '99000001', nullable: true, max: 8 })
  kvk_number: string | null;

  @ObjectField({
    description: 'Where it can be reached; `null` where an import gave none.',
    example: CONTACT_EXAMPLE,
    nullable: true,
    of: () => ContactDto,
  })
  contact: ContactDto | null;

  @ObjectField({
    description: 'How its address data is disclosed.',
    example: DISCLOSURE_EXAMPLE,
    of: () => DisclosureDto,
  })
  disclosure: DisclosureDto;

  @EnumField({
    description: 'Where it stands. A lookup names the partner that is assigned, whatever its state.',
    example: 'active',
    values: PARTNER_STATES,
    name: 'PartnerState',
  })
  state: PartnerState;

  @InstantField({ description: 'When it was created.', example: '2026-01-31T12:00:00.000Z' })
  created_at: string;
}

export function viewPartner(partner: Partner): PartnerView {
  const { code, name, kvk_number, contact, disclosure, state, created_at } = partner;
  return { code, name, kvk_number, contact, disclosure, state, created_at: created_at.toISOString() };
}
