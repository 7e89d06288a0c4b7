import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

export const PARTNER_STATES = ['onboarding', 'active', 'suspended', 'closed'] as const;
export type PartnerState = (typeof PARTNER_STATES)[number];

export interface Contact {
  name: string;
  email: string;
  phone: string;
}

/** How an authority gets at the address data: from the registry here, or from the partner's own desk. */
export interface Disclosure {
  mode: 'registry' | 'partner';
  url?: string;
  desk?: Contact;
}

/** A reseller organisation. */
@Entity()
export class Partner {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column('text')
  code: string;

  @Column('text')
  name: string;

  @Column('text', { nullable: true })
  kvk_number: string | null;

  @Column('jsonb', { nullable: true })
  contact: Contact | null;

  @Column('jsonb')
  disclosure: Disclosure;

  @Column('text')
  state: PartnerState;

  @Column('timestamptz')
  created_at: Date;

  @Column('bigint')
  change: number;
}
