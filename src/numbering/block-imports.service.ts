import { createHash } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { Changes } from '../log/changes.js';
import type { Config } from '../platform/config.js';
import {
  checkRejects,
  type ImportQuery,
  type ImportReport,
  settleImport,
} from '../platform/http/import.dto.js';
import type { Upload } from '../platform/http/upload.js';
import { CONFIG } from '../platform/tokens.js';
import type { Caller } from '../shared/caller.js';
import type { InputError } from '../shared/errors.js';
import { type NumberRange, parseRange } from '../shared/number-range.js';
import type { TableColumn, TableRow } from '../shared/table-row.js';
import { DisjointRanges } from './block-cover.js';
import {
  type BlockRow,
  insertBlocks,
  lockNumbering,
  selectBlocks,
  selectNumberingSerial,
} from './numbering.queries.js';
import { instantIn, viewRectangle } from './range-input.js';

const COLUMNS: TableColumn[] = [
  { name: 'first', required: true },
  { name: 'last', required: true },
  { name: 'range_holder', required: false },
  { name: 'allocated_at', required: false },
];

/** A row that was read. */
export interface NewBlock extends NumberRange {
  line: number;
  /** Where its first cell stands; 0 for one that comes from no file. */
  column: number;
  from: number;
  range_holder: string | null;
}

interface BlockPlan {
  created: NewBlock[];
  unchanged: number;
  rejects: InputError[];
}

@Injectable()
export class BlockImportsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly changes: Changes,
  ) {}

  async import(caller: Caller, query: ImportQuery, upload: Upload): Promise<ImportReport> {
    const rows: NewBlock[] = [];
    const rejects: InputError[] = [];
    for await (const batch of upload.rows(COLUMNS)) {
      for (const row of batch) {
        const read = readRow(row, this.config.defaultCountry);
        if ('pointer' in read) rejects.push(read);
        else rows.push(read);
      }
      checkRejects(rejects);
    }
    return this.importRows(upload.callerOf(caller), query, rows, rejects);
  }

  /** Plans and, if asked, applies rows that were read already. */
  async importRows(
    caller: Caller,
    query: ImportQuery,
    rows: NewBlock[],
    rejects: InputError[],
  ): Promise<ImportReport> {
    return this.changes.run(caller, 'number_block', async (change) => {
      if (query.mode === 'apply') await lockNumbering(change);
      const serial = await selectNumberingSerial(change.manager);
      const plan = planBlocks(await selectBlocks(change.manager), rows);
      const all = [...rejects, ...plan.rejects].sort((a, b) => a.line! - b.line!);
      const counts = {
        rows: rows.length + rejects.length,
        created: plan.created.length,
        updated: 0,
        withdrawn: 0,
        unchanged: plan.unchanged,
      };
      const report = settleImport(query, counts, all, [
        serial,
        digestOf(plan),
        ...all.map((reject) => reject.pointer),
      ]);
      if (query.mode === 'apply' && plan.created.length > 0) {
        await insertBlocks(change.manager, change.id, plan.created);
        change.record('number_block.imported', { ...counts, rejected: report.rejected, hash: report.hash });
      }
      return report;
    });
  }
}

/** In the order of the file: a row that overlaps a block, or an earlier row, is rejected. Blocks never end. */
function planBlocks(existing: BlockRow[], rows: NewBlock[]): BlockPlan {
  const plan: BlockPlan = { created: [], unchanged: 0, rejects: [] };
  const standing = new DisjointRanges<BlockRow | NewBlock>(existing);
  for (const row of rows) {
    const found = standing.overlapping(row);
    if (!found) {
      standing.add(row);
      plan.created.push(row);
    } else if (sameBlock(found, row)) plan.unchanged += 1;
    else plan.rejects.push(overlapOf(row, found));
  }
  return plan;
}

function sameBlock(a: BlockRow | NewBlock, b: NewBlock): boolean {
  return a.first === b.first && a.last === b.last && a.from === b.from && a.range_holder === b.range_holder;
}

function overlapOf(row: NewBlock, found: BlockRow | NewBlock): InputError {
  const what = viewRectangle({ ...found, to: Infinity });
  const name = 'id' in found ? { id: found.id } : { line: found.line };
  return {
    pointer: `/${row.line}/first`,
    code: 'range_overlaps',
    detail: `the range overlaps ${'id' in found ? `block ${found.id}` : `the row of line ${found.line}`}`,
    line: row.line,
    column: row.column,
    conflicts: [{ ...name, first: what.first, last: what.last }],
  } as InputError;
}

function digestOf(plan: BlockPlan): string {
  const rows = plan.created.map(({ first, last, from, range_holder }) => [
    first,
    last,
    String(from),
    range_holder,
  ]);
  return createHash('sha256')
    .update(JSON.stringify([rows, plan.unchanged]))
    .digest('hex');
}

function readRow(row: TableRow, defaultCountry: string): NewBlock | InputError {
  const [first, last, holder, allocatedAt] = row.values;
  if (!first || !last)
    return row.errorAt(first ? 'last' : 'first', 'required', `${first ? 'last' : 'first'} is empty`);
  const range = parseRange(first, last, defaultCountry);
  if ('field' in range) return row.errorAt(range.field, range.code, range.detail);
  if (holder && holder.length > 200)
    return row.errorAt('range_holder', 'too_long', 'a range_holder is at most 200 characters');
  const from = instantIn(row, 'allocated_at', allocatedAt ?? null, -Infinity);
  if (typeof from !== 'number') return from;
  return { ...range, ...row.placeOf('first'), from, range_holder: holder ?? null };
}
