import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import type { NumberRange } from '../shared/number-range.js';
import { numbersColumn, type Period, periodColumn } from './range-columns.js';

/** A range that a regulator allocated to us. Never changes and never goes. */
@Entity()
export class NumberBlock {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column('int8range', { transformer: numbersColumn })
  numbers: NumberRange;

  @Column('tstzrange', { transformer: periodColumn })
  effective: Period;

  @Column('text', { nullable: true })
  range_holder: string | null;

  @Column('bigint')
  change: number;
}
