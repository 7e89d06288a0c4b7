import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import type { LegalBasis } from './legal-basis.js';

/** A body that may ask, and the legal bases that it was granted. */
@Entity()
export class Authority {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column('text')
  code: string;

  @Column('text')
  name: string;

  @Column('text', { array: true })
  legal_bases: LegalBasis[];

  @Column('timestamptz')
  created_at: Date;

  @Column('bigint')
  change: number;
}
