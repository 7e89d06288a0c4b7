import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

import type { NumberRange } from '../shared/number-range.js';
import { numbersColumn, type Period, periodColumn } from './range-columns.js';

/** A number or a short series that moved: to a partner (`recipient_id`), or out of our hands (`network`). */
@Entity()
export class NumberPort {
  @PrimaryGeneratedColumn('identity', { generatedIdentity: 'ALWAYS' })
  id: number;

  @Column('int8range', { transformer: numbersColumn })
  numbers: NumberRange;

  @Column('tstzrange', { transformer: periodColumn })
  effective: Period;

  @Column('integer', { nullable: true })
  recipient_id: number | null;

  @Column('text', { nullable: true })
  network: string | null;

  @Column('timestamptz', { nullable: true })
  withdrawn_at: Date | null;

  @Column('bigint')
  change: number;
}
