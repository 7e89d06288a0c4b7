import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { Access, CurrentCaller } from '../platform/http/access.js';
import { IfMatch } from '../platform/http/etag.js';
import { Operation, tag } from '../platform/http/operation.js';
import { ApiPage, type Page, PageQuery } from '../platform/http/page.js';
import type { Caller } from '../shared/caller.js';
import { PartnerCreate, PartnerParam, PartnerPatch, PartnerView } from './partner.dto.js';
import { PartnersService } from './partners.service.js';

@ApiTags('Partners')
@Controller('partners')
export class PartnersController {
  constructor(private readonly partners: PartnersService) {}

  @Post()
  @Access('admin')
  @Operation({
    summary: 'Onboard a partner',
    created: PartnerView,
    idempotent: true,
    etag: 'sent',
    located: '/v1/partners/VOORBEELD',
    problems: ['already_exists'],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: PartnerCreate,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PartnerView> {
    return tag(reply, await this.partners.create(caller, body), `/partners/${body.code}`);
  }

  @Get()
  @Access('admin')
  @Operation({ summary: 'List the partners', description: 'In the order of their codes.' })
  @ApiPage(PartnerView, 'Partners.')
  list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<Page<PartnerView>> {
    return this.partners.list(caller, query);
  }

  @Get(':code')
  @Access('admin')
  @Operation({ summary: 'Read a partner', ok: PartnerView, etag: 'sent', problems: ['not_found'] })
  async get(
    @CurrentCaller() caller: Caller,
    @Param() { code }: PartnerParam,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PartnerView> {
    return tag(reply, await this.partners.get(caller, code));
  }

  @Patch(':code')
  @Access('admin')
  @Operation({
    summary: 'Change a partner',
    ok: PartnerView,
    etag: 'checked',
    problems: ['not_found'],
  })
  async patch(
    @CurrentCaller() caller: Caller,
    @Param() { code }: PartnerParam,
    @Body() body: PartnerPatch,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<PartnerView> {
    return tag(reply, await this.partners.patch(caller, code, body, ifMatch));
  }

  @Post(':code/activation')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Activate a partner',
    ok: PartnerView,
    idempotent: true,
    etag: 'checked',
    problems: ['not_found', 'state_conflict'],
  })
  async activate(
    @CurrentCaller() caller: Caller,
    @Param() { code }: PartnerParam,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<PartnerView> {
    return tag(reply, await this.partners.moveTo(caller, code, 'active', ifMatch));
  }

  @Post(':code/suspension')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Suspend a partner',
    ok: PartnerView,
    idempotent: true,
    etag: 'checked',
    problems: ['not_found', 'state_conflict'],
  })
  async suspend(
    @CurrentCaller() caller: Caller,
    @Param() { code }: PartnerParam,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<PartnerView> {
    return tag(reply, await this.partners.moveTo(caller, code, 'suspended', ifMatch));
  }

  @Post(':code/closure')
  @HttpCode(200)
  @Access('admin')
  @Operation({
    summary: 'Close a partner',
    description: 'Final. Its credentials are revoked; its assignments stay until they are released.',
    ok: PartnerView,
    idempotent: true,
    etag: 'checked',
    problems: ['not_found', 'state_conflict'],
  })
  async close(
    @CurrentCaller() caller: Caller,
    @Param() { code }: PartnerParam,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<PartnerView> {
    return tag(reply, await this.partners.moveTo(caller, code, 'closed', ifMatch));
  }
}
