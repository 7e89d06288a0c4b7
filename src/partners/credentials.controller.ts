import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';

import { Access, CurrentCaller } from '../platform/http/access.js';
import { IfMatch } from '../platform/http/etag.js';
import { Operation, tag } from '../platform/http/operation.js';
import { ApiPage, type Page, PageQuery } from '../platform/http/page.js';
import type { Caller } from '../shared/caller.js';
import {
  CredentialCreate,
  CredentialParam,
  CredentialRotation,
  CredentialView,
  IssuedCredentialView,
} from './credential.dto.js';
import { CredentialsService } from './credentials.service.js';

@ApiTags('Credentials')
@Controller('credentials')
export class CredentialsController {
  constructor(private readonly credentials: CredentialsService) {}

  @Post()
  @Access('admin')
  @Operation({
    summary: 'Issue a credential',
    description: 'The answer holds the secret, this once.',
    created: IssuedCredentialView,
    idempotent: true,
    etag: 'sent',
    problems: ['state_conflict'],
  })
  async issue(
    @CurrentCaller() caller: Caller,
    @Body() body: CredentialCreate,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<IssuedCredentialView> {
    return tag(reply, await this.credentials.issue(caller, body));
  }

  @Get()
  @Access('admin')
  @Operation({
    summary: 'List the credentials',
    description: 'In the order of their issue, without secrets; revoked ones too.',
  })
  @ApiPage(CredentialView, 'Credentials.')
  list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<Page<CredentialView>> {
    return this.credentials.list(caller, query);
  }

  @Post(':id/rotation')
  @Access('admin')
  @Operation({
    summary: 'Give a credential a new secret',
    description: 'The old secret goes on working for the overlap, a day where none is given.',
    created: IssuedCredentialView,
    idempotent: true,
    etag: 'checked',
    problems: ['not_found', 'state_conflict'],
  })
  async rotate(
    @CurrentCaller() caller: Caller,
    @Param() { id }: CredentialParam,
    @Body() body: CredentialRotation,
    @Res({ passthrough: true }) reply: FastifyReply,
    @IfMatch() ifMatch?: string,
  ): Promise<IssuedCredentialView> {
    return tag(reply, await this.credentials.rotate(caller, id, body, ifMatch));
  }

  @Delete(':id')
  @HttpCode(204)
  @Access('admin')
  @Operation({
    summary: 'Revoke a credential',
    description: 'At once, on every node.',
    none: true,
    etag: 'checked',
    problems: ['not_found'],
  })
  revoke(
    @CurrentCaller() caller: Caller,
    @Param() { id }: CredentialParam,
    @IfMatch() ifMatch?: string,
  ): Promise<void> {
    return this.credentials.revoke(caller, id, ifMatch);
  }
}
