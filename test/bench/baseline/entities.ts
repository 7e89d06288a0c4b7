import { Column, Entity, Index, ManyToOne, PrimaryGeneratedColumn } from 'typeorm';

@Entity()
export class Partner {
  @PrimaryGeneratedColumn()
  id: number;

  @Column({ unique: true })
  code: string;

  @Column()
  name: string;

  @Column('jsonb')
  disclosure: object;
}

@Entity()
export class Assignment {
  @PrimaryGeneratedColumn()
  id: number;

  @Index()
  @Column('bigint')
  first: number;

  @Column('bigint')
  last: number;

  @Column('timestamptz', { nullable: true })
  effectiveFrom: Date | null;

  @Column('timestamptz', { nullable: true })
  effectiveTo: Date | null;

  @ManyToOne(() => Partner, { nullable: false })
  partner: Partner;
}

@Entity()
export class LookupLog {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id: number;

  @Column('timestamptz')
  at: Date;

  @Column()
  number: string;

  @Column()
  outcome: string;

  @Column('varchar', { nullable: true })
  partner: string | null;

  @Column()
  legalBasis: string;

  @Column()
  caseReference: string;

  @Column()
  requester: string;

  @Column('varchar', { nullable: true })
  purpose: string | null;
}

export const ENTITIES = [Partner, Assignment, LookupLog];
