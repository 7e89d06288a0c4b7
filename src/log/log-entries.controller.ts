import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiSchema, ApiTags } from '@nestjs/swagger';
import pg from 'pg';

import { Access } from '../platform/http/access.js';
import { Base64Field, IntegerField, TextField } from '../platform/http/fields.js';
import { Operation } from '../platform/http/operation.js';
import { HOT_POOL, LOG_ORIGIN } from '../platform/tokens.js';
import { Problem } from '../shared/errors.js';
import { commitmentTo, leafHash, lookupLeaf } from './entry.js';
import { selectEntry } from './log.queries.js';

export class IndexParam {
  @IntegerField({ description: 'Index of the entry, the first being 0.', example: 123_456, inAddress: true })
  index: number;
}

const LEAF_EXAMPLE = lookupLeaf('2026-01-31T12:00:00.000Z', commitmentTo(Buffer.from('{}')));

@ApiSchema({ name: 'LogEntry', description: 'One logged act.' })
export class LogEntryView {
  @TextField({ description: 'Name of the log.', example: 'wegwijzer.example/3f9c' })
  origin: string;

  @IntegerField({ description: 'Its index.', example: 123_456 })
  index: number;

  @Base64Field({ description: 'Leaf, base64.', example: LEAF_EXAMPLE.toString('base64') })
  leaf: string;

  @Base64Field({
    description: 'SHA-256 over a zero byte and the leaf, base64.',
    example: leafHash(LEAF_EXAMPLE),
  })
  leaf_hash: string;

  @Base64Field({
    description:
      'Opening, sealed with AES-256-CTR under the data key: initial counter block (16 bytes), ciphertext; base64. The commitment in the leaf shows that it was not altered. `null` where the entry has none, or it was destroyed.',
    example: 'mGZ0tQ2Tn8xqg4oXk1bqk3p2yBqH0bq5cI2lq7o3dGJvZHk=',
    nullable: true,
  })
  sealed: string | null;

  @Base64Field({
    description:
      'The data key as an age file that the auditors open, base64. `null` where there is none, or it was destroyed.',
    example: 'YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA=',
    nullable: true,
  })
  data_key: string | null;
}

@ApiTags('Log')
@Controller('log-entries')
export class LogEntriesController {
  constructor(
    @Inject(HOT_POOL) private readonly pool: pg.Pool,
    @Inject(LOG_ORIGIN) private readonly origin: string,
  ) {}

  @Get(':index')
  @Access('auditor')
  @Operation({
    summary: 'Read a log entry',
    description: 'The leaf in the clear, the opening sealed: the server holds no key that opens it.',
    ok: LogEntryView,
    problems: ['not_found'],
  })
  async get(@Param() { index }: IndexParam): Promise<LogEntryView> {
    const entry = await selectEntry(this.pool, index);
    if (!entry) throw new Problem('not_found', 'there is no entry with this index');
    return {
      origin: this.origin,
      index,
      leaf: entry.leaf.toString('base64'),
      leaf_hash: leafHash(entry.leaf),
      sealed: entry.sealed?.toString('base64') ?? null,
      data_key: entry.wrapped?.toString('base64') ?? null,
    };
  }
}
