import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';

import type { Role } from '../shared/caller.js';
import { Authority } from './authority.entity.js';
import { Partner } from './partner.entity.js';

/** A machine key bound to a role; of its secret only the hash is kept. */
@Entity()
export class Credential {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  role: Role;

  @ManyToOne(() => Partner)
  @JoinColumn({ name: 'partner_id' })
  partner: Partner | null;

  @ManyToOne(() => Authority)
  @JoinColumn({ name: 'authority_id' })
  authority: Authority | null;

  @Column('text')
  label: string;

  @Column('bytea', { select: false })
  secret_hash: Buffer;

  @Column('bytea', { select: false, nullable: true })
  previous_hash: Buffer | null;

  @Column('timestamptz', { nullable: true })
  previous_expires_at: Date | null;

  @Column('timestamptz')
  created_at: Date;

  @Column('timestamptz', { nullable: true })
  expires_at: Date | null;

  @Column('timestamptz', { nullable: true })
  revoked_at: Date | null;

  @Column('bigint')
  change: number;
}
