import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { Access, CurrentCaller } from '../platform/http/access.js';
import { IfMatch } from '../platform/http/etag.js';
import { Operation, tag } from '../platform/http/operation.js';
import { ApiPage, type Page, PageQuery } from '../platform/http/page.js';
import type { Caller } from '../shared/caller.js';
import { AuthoritiesService } from './authorities.service.js';
import { AuthorityCreate, AuthorityParam, AuthorityPatch, AuthorityView } from './authority.dto.js';

@ApiTags('Authorities')
@Controller('authorities')
export class AuthoritiesController {
  constructor(private readonly authorities: AuthoritiesService) {}

  @Post()
  @Access('admin')
  @Operation({
    summary: 'Admit an authority',
    created: AuthorityView,
    idempotent: true,
    etag: 'sent',
    located: '/v1/authorities/CIOT',
    problems: ['already_exists'],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: AuthorityCreate,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthorityView> {
    return tag(reply, await this.authorities.create(caller, body), `/authorities/${body.code}`);
  }

  @Get()
  @Access('admin')
  @Operation({ summary: 'List the authorities', description: 'In the order of their codes.' })
  @ApiPage(AuthorityView, 'Authorities.')
  list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<Page<AuthorityView>> {
    return this.authorities.list(caller, query);
  }

  @Get(':code')
  @Access('admin')
  @Operation({ summary: 'Read an authority', ok: AuthorityView, etag: 'sent', problems: ['not_found'] })
  async get(
    @CurrentCaller() caller: Caller,
    @Param() { code }: AuthorityParam,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuthorityView> {
    return tag(reply, await this.authorities.get(caller, code));
  }

  @Patch(':code')
  @Access('admin')
  @Operation({
    summary: 'Change an authority',
    description: 'A legal basis that is taken away is refused from the next lookup on, on every node.',
    ok: AuthorityView,
    etag: 'checked',
    problems: ['not_found'],
  })
  async patch(
    @CurrentCaller() caller: Caller,
    @Param() { code }: AuthorityParam,
    @Body() body: AuthorityPatch,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<AuthorityView> {
    return tag(reply, await this.authorities.patch(caller, code, body, ifMatch));
  }
}
