import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import type { NumberRange } from '../shared/number-range.js';
import { numbersColumn, type Period, periodColumn } from './range-columns.js';

/** A block, or a part of one, that a partner holds for a period. */
@Entity()
export class Assignment {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column('int8range', { transformer: numbersColumn })
  numbers: NumberRange;

  @Column('tstzrange', { transformer: periodColumn })
  effective: Period;

  @Column('integer')
  partner_id: number;

  @Column('timestamptz', { nullable: true })
  withdrawn_at: Date | null;

  @Column('bigint')
  change: number;
}
