import { Body, Controller, HttpCode, Injectable, Module, Post } from '@nestjs/common';
import { IsIn, IsISO8601, IsOptional, IsString, Length, Matches } from 'class-validator';
import { DataSource, LessThanOrEqual, type Repository } from 'typeorm';

import { Assignment, LookupLog } from './entities.js';

class LookupRequest {
  @Matches(/^\+[1-9][0-9]{6,14}$/)
  number: string;

  @IsOptional()
  @IsISO8601()
  at?: string;

  @IsIn(['Sv 126n', 'Sv 126na-1', 'Sv 126na-2', 'Sv 126u', 'Sv 126ua', 'Sv 126zh', 'Sv 126zi', 'Wiv 56'])
  legal_basis: string;

  @IsString()
  @Length(1, 200)
  case_reference: string;

  @IsString()
  @Length(1, 100)
  requester: string;

  @IsOptional()
  @IsString()
  @Length(1, 500)
  purpose?: string;
}

@Injectable()
export class LookupsService {
  private readonly assignments: Repository<Assignment>;
  private readonly log: Repository<LookupLog>;

  constructor(db: DataSource) {
    this.assignments = db.getRepository(Assignment);
    this.log = db.getRepository(LookupLog);
  }

  async ask(request: LookupRequest) {
    const number = Number(request.number.slice(1));
    const at = request.at ? new Date(request.at) : new Date();
    const assignment = await this.find(number);
    const outcome = assignment ? 'held' : 'not_ours';
    const { identifiers } = await this.log.insert({
      at: new Date(),
      number: request.number,
      outcome,
      partner: assignment?.partner.code ?? null,
      legalBasis: request.legal_basis,
      caseReference: request.case_reference,
      requester: request.requester,
      purpose: request.purpose ?? null,
    });
    return {
      id: String(identifiers[0]!.id),
      number: request.number,
      at: at.toISOString(),
      outcome,
      partner: assignment && {
        code: assignment.partner.code,
        name: assignment.partner.name,
        disclosure: assignment.partner.disclosure,
      },
      matched: assignment && {
        rule: 'assignment',
        first: `+${assignment.first}`,
        last: `+${assignment.last}`,
        effective_from: assignment.effectiveFrom,
        effective_to: assignment.effectiveTo,
      },
      data: { state: 'none', synced_at: null },
    };
  }

  /** Rows are disjoint and all of them count now, so the one that begins last decides: one probe of the index. */
  private async find(number: number): Promise<Assignment | null> {
    const found = await this.assignments.findOne({
      where: { first: LessThanOrEqual(number) },
      order: { first: 'DESC' },
      relations: { partner: true },
    });
    return found && Number(found.last) >= number ? found : null;
  }
}

@Controller('v1/lookups')
export class LookupsController {
  constructor(private readonly lookups: LookupsService) {}

  @Post()
  @HttpCode(200)
  ask(@Body() body: LookupRequest) {
    return this.lookups.ask(body);
  }
}

@Module({})
export class BaselineModule {
  static with(db: DataSource) {
    return {
      module: BaselineModule,
      controllers: [LookupsController],
      providers: [LookupsService, { provide: DataSource, useValue: db }],
    };
  }
}
