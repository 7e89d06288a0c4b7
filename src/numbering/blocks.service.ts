import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Changes } from '../log/changes.js';
import type { Config } from '../platform/config.js';
import { DEFAULT_LIMIT, type Page, pageOf, type PageQuery, readCursor } from '../platform/http/page.js';
import { CONFIG } from '../platform/tokens.js';
import type { Caller } from '../shared/caller.js';
import type { Json } from '../shared/canonical-json.js';
import { Problem } from '../shared/errors.js';
import { formatInstant, parseInstant } from '../shared/instant.js';
import { NumberBlock } from './number-block.entity.js';
import type { BlockCreate, BlockView } from './numbering.dto.js';
import { type BlockRow, insertBlocks, lockNumbering, selectBlocks } from './numbering.queries.js';
import { rangeOf, viewRectangle } from './range-input.js';

@Injectable()
export class BlocksService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly db: DataSource,
    private readonly changes: Changes,
  ) {}

  async create(caller: Caller, input: BlockCreate): Promise<BlockView> {
    const range = rangeOf(input, this.config.defaultCountry);
    const from = input.allocated_at == null ? -Infinity : parseInstant(input.allocated_at)!;
    return this.changes.run(caller, 'number_block', async (change) => {
      await lockNumbering(change);
      const conflicts = (await selectBlocks(change.manager)).filter(
        (block) => block.first <= range.last && range.first <= block.last,
      );
      if (conflicts.length > 0)
        throw new Problem('range_overlaps', 'the range is in our blocks already, wholly or in part', {
          conflicts: conflicts.slice(0, 10).map(viewBlock),
        });
      const block = { ...range, from, to: Infinity, range_holder: input.range_holder ?? null };
      const [id] = await insertBlocks(change.manager, change.id, [block]);
      const view = viewBlock({ ...block, id: id! });
      change.record('number_block.created', { after: view as unknown as Json });
      return view;
    });
  }

  async list(_caller: Caller, query: PageQuery): Promise<Page<BlockView>> {
    const after = readCursor(query, 'number', 'number');
    const rows = this.db.manager.createQueryBuilder(NumberBlock, 'block');
    if (after)
      rows.where('(lower(block.numbers), block.id) > (:first, :id)', { first: after[0], id: after[1] });
    const found = await rows
      .orderBy('lower(block.numbers)')
      .addOrderBy('block.id')
      .limit((query.limit ?? DEFAULT_LIMIT) + 1)
      .getMany();
    return pageOf(
      found,
      query,
      (row) => viewBlock({ ...row.numbers, ...row.effective, id: row.id, range_holder: row.range_holder }),
      (row) => [row.numbers.first, row.id],
    );
  }
}

export function viewBlock(block: BlockRow): BlockView {
  const { first, last } = viewRectangle(block);
  return {
    id: block.id,
    first,
    last,
    range_holder: block.range_holder,
    allocated_at: formatInstant(block.from),
  };
}
