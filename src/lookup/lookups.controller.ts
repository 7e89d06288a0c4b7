import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { Access, CurrentCaller } from '../platform/http/access.js';
import { JSON_TYPE } from '../platform/http/headers.js';
import { Operation } from '../platform/http/operation.js';
import type { Caller } from '../shared/caller.js';
import { LookupAnswer, LookupBatchAnswer, LookupBatchRequest, LookupRequest } from './lookup.dto.js';
import { LookupsService } from './lookups.service.js';

@ApiTags('Lookups')
@Controller()
export class LookupsController {
  constructor(private readonly lookups: LookupsService) {}

  @Post('lookups')
  @HttpCode(200)
  @Header('Content-Type', JSON_TYPE)
  @Access('authority')
  @Operation({
    summary: 'Ask who holds a number',
    description: `Answered only after its log entry is durable, from a registry that is no older than the last committed change.
A question that is refused for its legal basis or its number is logged as well; a request that is not formed as one
(a property missing, unknown or of another kind; a legal basis that does not exist) is no question, and is not.`,
    ok: LookupAnswer,
    problems: ['legal_basis_not_granted', 'invalid_number', 'unavailable'],
  })
  ask(@CurrentCaller() caller: Caller, @Body() body: LookupRequest): Promise<string> {
    return this.lookups.ask(caller, body);
  }

  @Post('lookup-batches')
  @HttpCode(200)
  @Header('Content-Type', JSON_TYPE)
  @Access('authority')
  @Operation({
    summary: 'Ask about many numbers',
    description:
      'Each number is one question with its own log entry. An element that is no number gets an error in its place.',
    ok: LookupBatchAnswer,
    problems: ['legal_basis_not_granted', 'body_too_large', 'unavailable'],
  })
  askMany(@CurrentCaller() caller: Caller, @Body() body: LookupBatchRequest): Promise<string> {
    return this.lookups.askMany(caller, body);
  }
}
