import { Body, Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { Access, CurrentCaller } from '../platform/http/access.js';
import { IfMatch } from '../platform/http/etag.js';
import { ImportQuery, ImportReport } from '../platform/http/import.dto.js';
import { Operation, tag } from '../platform/http/operation.js';
import { ApiPage, type Page, PageQuery } from '../platform/http/page.js';
import { IdParam } from '../platform/http/params.js';
import { ApiUpload, receive } from '../platform/http/upload.js';
import type { Caller } from '../shared/caller.js';
import { AssignmentImportsService } from './assignment-imports.service.js';
import { AssignmentsService } from './assignments.service.js';
import { BlockImportsService } from './block-imports.service.js';
import { BlocksService } from './blocks.service.js';
import { NumberPortsService } from './number-ports.service.js';
import {
  AssignmentCreate,
  AssignmentImportQuery,
  AssignmentQuery,
  AssignmentView,
  BlockCreate,
  BlockView,
  NumberPortCreate,
  NumberPortReturn,
  NumberPortView,
  Release,
} from './numbering.dto.js';

@ApiTags('Number blocks')
@Controller()
export class BlocksController {
  constructor(
    private readonly blocks: BlocksService,
    private readonly imports: BlockImportsService,
  ) {}

  @Post('blocks')
  @Access('admin')
  @Operation({
    summary: 'Add a number block',
    created: BlockView,
    idempotent: true,
    problems: ['range_overlaps'],
  })
  create(@CurrentCaller() caller: Caller, @Body() body: BlockCreate): Promise<BlockView> {
    return this.blocks.create(caller, body);
  }

  @Get('blocks')
  @Access('admin')
  @Operation({ summary: 'List the number blocks', description: 'In the order of their numbers.' })
  @ApiPage(BlockView, 'Number blocks.')
  list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<Page<BlockView>> {
    return this.blocks.list(caller, query);
  }

  @Post('block-imports')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Import number blocks',
    description: 'Columns `first,last` and, if wanted, `range_holder,allocated_at`.',
    ok: ImportReport,
    idempotent: true,
    problems: ['rows_rejected', 'registry_moved'],
  })
  @ApiUpload('The number blocks.', [{ first: '+31850210000', last: '+31850219999' }])
  import(
    @CurrentCaller() caller: Caller,
    @Query() query: ImportQuery,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    return receive(request, (upload) => this.imports.import(caller, query, upload));
  }
}

@ApiTags('Assignments')
@Controller()
export class AssignmentsController {
  constructor(
    private readonly assignments: AssignmentsService,
    private readonly imports: AssignmentImportsService,
  ) {}

  @Post('assignments')
  @Access('admin')
  @Operation({
    summary: 'Assign a range to a partner',
    description:
      'With `carve` what stands there gives way for that period and keeps the rest; without, an overlap is refused (409) and `conflicts` names what is in the way.',
    created: AssignmentView,
    idempotent: true,
    etag: 'sent',
    located: '/v1/assignments/4711',
    problems: ['range_overlaps', 'state_conflict', 'outside_block'],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: AssignmentCreate,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AssignmentView> {
    const created = await this.assignments.create(caller, body);
    return tag(reply, created, `/assignments/${created.view.id}`);
  }

  @Get('assignments')
  @Access('admin', 'partner')
  @Operation({
    summary: 'List assignments',
    description: 'In the order of their numbers; ended and coming ones too. A partner sees its own.',
  })
  @ApiPage(AssignmentView, 'Assignments.')
  list(@CurrentCaller() caller: Caller, @Query() query: AssignmentQuery): Promise<Page<AssignmentView>> {
    return this.assignments.list(caller, query);
  }

  @Get('assignments/:id')
  @Access('admin', 'partner')
  @Operation({ summary: 'Read an assignment', ok: AssignmentView, etag: 'sent', problems: ['not_found'] })
  async get(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParam,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AssignmentView> {
    return tag(reply, await this.assignments.get(caller, id));
  }

  @Post('assignments/:id/release')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Release an assignment',
    description: 'Ends it at `effective_at`. One that would not have begun by then is withdrawn.',
    ok: AssignmentView,
    idempotent: true,
    etag: 'checked',
    problems: ['not_found', 'state_conflict'],
  })
  async release(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParam,
    @Body() body: Release,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<AssignmentView> {
    return tag(reply, await this.assignments.release(caller, id, body, ifMatch));
  }

  @Post('assignment-imports')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Import assignments',
    description: `Columns \`first,last,partner\` and, if wanted, \`effective_from,effective_to\`. One transaction. A range inside
a wider one of the same file is said with \`carve=true\`: later rows take from earlier ones.`,
    ok: ImportReport,
    idempotent: true,
    problems: ['rows_rejected', 'registry_moved'],
  })
  @ApiUpload('The assignments.', [
    {
      first: '+31850210000',
      last: '+31850210999',
      partner: 'VOORBEELD',
      effective_from: '2019-03-01T00:00:00Z',
    },
  ])
  import(
    @CurrentCaller() caller: Caller,
    @Query() query: AssignmentImportQuery,
    @Req() request: FastifyRequest,
  ): Promise<ImportReport> {
    return receive(request, (upload) => this.imports.import(caller, query, upload));
  }
}

@ApiTags('Number ports')
@Controller('number-ports')
export class NumberPortsController {
  constructor(private readonly ports: NumberPortsService) {}

  @Post()
  @Access('admin')
  @Operation({
    summary: 'Port a number or a short series',
    description: 'To a partner (`recipient`), or out of our hands (`recipient` null, with `network`).',
    created: NumberPortView,
    idempotent: true,
    etag: 'sent',
    problems: ['range_overlaps', 'state_conflict'],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: NumberPortCreate,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<NumberPortView> {
    return tag(reply, await this.ports.create(caller, body));
  }

  @Get()
  @Access('admin', 'partner')
  @Operation({
    summary: 'List the number ports',
    description: 'In the order of their numbers; returned ones too. A partner sees those to it.',
  })
  @ApiPage(NumberPortView, 'Number ports.')
  list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<Page<NumberPortView>> {
    return this.ports.list(caller, query);
  }

  @Post(':id/return')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Return a ported number',
    description: 'Ends the port at `effective_at`: the layer below counts again.',
    ok: NumberPortView,
    idempotent: true,
    etag: 'checked',
    problems: ['not_found', 'state_conflict'],
  })
  async return(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParam,
    @Body() body: NumberPortReturn,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<NumberPortView> {
    return tag(reply, await this.ports.return(caller, id, body, ifMatch));
  }
}
