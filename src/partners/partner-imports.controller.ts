import { Controller, HttpCode, Post, Query, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';

import { Access, CurrentCaller } from '../platform/http/access.js';
import { ImportQuery, ImportReport } from '../platform/http/import.dto.js';
import { Operation } from '../platform/http/operation.js';
import { ApiUpload, receive } from '../platform/http/upload.js';
import type { Caller } from '../shared/caller.js';
import { PartnerImportsService } from './partner-imports.service.js';

@ApiTags('Partners')
@Controller('partner-imports')
export class PartnerImportsController {
  constructor(private readonly imports: PartnerImportsService) {}

  @Post()
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Import partners',
    description: `Columns \`code,name\` and, if wanted, \`kvk_number,state,contact_name,contact_email,contact_phone,
disclosure_mode,disclosure_url,desk_name,desk_email,desk_phone\`. A partner that is new is \`active\` unless \`state\`
says otherwise; one that is there gets what the row gives.`,
    ok: ImportReport,
    idempotent: true,
    problems: ['rows_rejected', 'registry_moved'],
  })
  @ApiUpload('The partners.', [{ code: 'VOORBEELD', name: 'Voorbeeld Telefonie B.V.' }])
  import(
    @CurrentCaller() caller: Caller,
    @Query() query: ImportQuery,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    return receive(request, (upload) => this.imports.import(caller, query, upload));
  }
}
