import { Inject, Injectable } from '@nestjs/common';

import { type Change, Changes } from '../log/changes.js';
import { PartnersService } from '../partners/partners.service.js';
import type { Config } from '../platform/config.js';
import { checkRejects, type ImportReport, settleImport } from '../platform/http/import.dto.js';
import type { Upload } from '../platform/http/upload.js';
import { CONFIG } from '../platform/tokens.js';
import type { Caller } from '../shared/caller.js';
import type { InputError } from '../shared/errors.js';
import { parseRange } from '../shared/number-range.js';
import type { TableColumn, TableRow } from '../shared/table-row.js';
import { BlockCover } from './block-cover.js';
import type { AssignmentImportQuery } from './numbering.dto.js';
import {
  applyPlan,
  lockNumbering,
  selectBlocks,
  selectNumberingSerial,
  selectOverlapping,
  selectWithin,
} from './numbering.queries.js';
import { instantIn, viewConflict } from './range-input.js';
import { planDigest, planRanges } from './range-plan.js';
import type { ExistingRow, NewRow, RangePlan, RangeReject } from './range-rows.js';

const COLUMNS: TableColumn[] = [
  { name: 'first', required: true },
  { name: 'last', required: true },
  { name: 'partner', required: true },
  { name: 'effective_from', required: false },
  { name: 'effective_to', required: false },
];

/** Up to so many rows, what they overlap is looked up row by row; beyond, one scan over their span is quicker. */
const MOST_PROBES = 5_000;

@Injectable()
export class AssignmentImportsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly changes: Changes,
    private readonly partners: PartnersService,
  ) {}

  async import(caller: Caller, query: AssignmentImportQuery, upload: Upload): Promise<ImportReport> {
    const read = new RowReader(this.config.defaultCountry);
    for await (const batch of upload.rows(COLUMNS)) {
      for (const row of batch) read.add(row);
      checkRejects(read.rejects);
    }
    return this.importRows(upload.callerOf(caller), query, read);
  }

  /** Plans and, if asked, applies rows that were read already: one path, so a plan is what its apply does. */
  async importRows(caller: Caller, query: AssignmentImportQuery, read: RowReader): Promise<ImportReport> {
    return this.changes.run(caller, 'assignment', async (change) => {
      if (query.mode === 'apply') await lockNumbering(change);
      const serial = await selectNumberingSerial(change.manager);
      const { rows, rejects } = await this.resolve(change, read);
      const plan = await planRanges(await existingFor(change, rows), rows, { carve: query.carve === 'true' });
      const overlaps = plan.rejects.map((found) => overlapOf(found, read));
      const all = [...rejects, ...overlaps].sort((a, b) => a.line! - b.line!);
      const report = settleImport(query, countsOf(plan, read.count), all, [
        serial,
        await planDigest(plan, change.at),
        ...rejects.map((reject) => reject.pointer),
      ]);
      if (query.mode === 'apply') await this.apply(change, query, plan, report);
      return report;
    });
  }

  /** Turns partner codes into holders and refuses rows of unknown partners and outside our blocks. */
  private async resolve(change: Change, read: RowReader): Promise<{ rows: NewRow[]; rejects: InputError[] }> {
    const rejects = [...read.rejects];
    const partners = await this.partners.idsOf(change.manager, read.codes);
    const holders = read.codes.map((code) => partners.get(code));
    const blocks = new BlockCover(await selectBlocks(change.manager));
    const rows: NewRow[] = [];
    for (const row of read.rows) {
      const partner = holders[row.holder];
      const from = Number.isNaN(row.from) ? change.at : row.from;
      const fault = faultOf({ ...row, from }, partner, blocks);
      if (fault) rejects.push(read.errorAt(row.line, ...fault));
      else rows.push({ ...row, from, holder: partner!.id });
    }
    return { rows, rejects };
  }

  private async apply(
    change: Change,
    query: AssignmentImportQuery,
    plan: RangePlan,
    report: ImportReport,
  ): Promise<void> {
    if (plan.inserted.length + plan.shortened.length + plan.withdrawn.length === 0) return;
    await applyPlan(change.manager, change.id, change.at, plan);
    await this.partners.keepOpen(change.manager, [...new Set(plan.inserted.map((row) => row.holder))]);
    const { rows, created, updated, withdrawn, unchanged, rejected, hash } = report;
    change.record('assignment.imported', {
      rows,
      created,
      shortened: updated,
      withdrawn,
      unchanged,
      rejected,
      hash,
      carve: query.carve === 'true',
    });
  }
}

type Fault = [column: (typeof BLAMED)[number], code: string, detail: string];

/** What the registry has against a well-formed row. */
function faultOf(row: NewRow, partner: { state: string } | undefined, blocks: BlockCover): Fault | undefined {
  if (!partner) return ['partner', 'unknown_partner', 'there is no partner with this code'];
  if (partner.state === 'closed') return ['partner', 'partner_closed', 'this partner is closed'];
  if (row.to <= row.from)
    return ['effective_to', 'empty_period', 'effective_to does not lie after effective_from'];
  if (blocks.holds(row)) return undefined;
  const detail = 'the range is not wholly in number blocks that are ours for all that time';
  return ['first', 'outside_block', detail];
}

/** Stands for an empty effective_from, until the instant of the change is known. */
const NOW = Number.NaN;

/** The columns that a row may be refused for after it was read. */
const BLAMED = ['first', 'partner', 'effective_to'] as const;

/** Reads rows one by one; owns the good ones, the rejects and the partner codes. */
export class RowReader {
  readonly rows: NewRow[] = [];
  readonly rejects: InputError[] = [];
  readonly codes: string[] = [];
  private readonly places = new Map<string, number>();
  /** Of each row, where the cells stand that may be blamed later: their text is not kept. */
  private readonly columns: number[] = [];

  constructor(private readonly defaultCountry: string) {}

  get count(): number {
    return this.rows.length + this.rejects.length;
  }

  add(row: TableRow): void {
    const [first, last, partner, from, to] = row.values;
    if (!first || !last || !partner) {
      const missing = !first ? 'first' : !last ? 'last' : 'partner';
      this.rejects.push(row.errorAt(missing, 'required', `${missing} is empty`));
      return;
    }
    const range = parseRange(first, last, this.defaultCountry);
    if ('field' in range) {
      this.rejects.push(row.errorAt(range.field, range.code, range.detail));
      return;
    }
    const start = instantIn(row, 'effective_from', from ?? null, NOW);
    const end = instantIn(row, 'effective_to', to ?? null, Infinity);
    if (typeof start !== 'number' || typeof end !== 'number') {
      this.rejects.push(typeof start !== 'number' ? start : (end as InputError));
      return;
    }
    this.rows.push({ ...range, from: start, to: end, line: row.line, holder: this.placeOf(partner) });
    for (const name of BLAMED) this.columns.push(row.placeOf(name).column);
  }

  /** What is wrong with a row that was read. */
  errorAt(line: number, ...[name, code, detail]: Fault): InputError {
    const column = this.columns[BLAMED.length * this.indexOf(line) + BLAMED.indexOf(name)];
    return { pointer: `/${line}/${name}`, code, detail, line, column };
  }

  /** Rows stand in the order of their lines. */
  private indexOf(line: number): number {
    let low = 0;
    for (let high = this.rows.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (this.rows[middle]!.line < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Takes a row that is known to be well-formed. */
  addRow(row: Omit<NewRow, 'holder' | 'line'>, partner: string): void {
    this.rows.push({ ...row, line: this.rows.length + 1, holder: this.placeOf(partner) });
  }

  private placeOf(code: string): number {
    const known = this.places.get(code);
    if (known !== undefined) return known;
    this.codes.push(code);
    this.places.set(code, this.codes.length - 1);
    return this.codes.length - 1;
  }
}

function existingFor(change: Change, rows: NewRow[]): Promise<ExistingRow[]> {
  if (rows.length <= MOST_PROBES) return selectOverlapping(change.manager, 'assignment', rows);
  let first = Infinity;
  let last = 0;
  for (const row of rows) {
    if (row.first < first) first = row.first;
    if (row.last > last) last = row.last;
  }
  return selectWithin(change.manager, { first, last });
}

function overlapOf(found: RangeReject, read: RowReader): InputError {
  const detail = `the range is held already by ${found.total} other${found.total === 1 ? '' : 's'}`;
  const error = read.errorAt(found.line, 'first', found.code, detail);
  return { ...error, conflicts: found.conflicts.map(viewConflict) } as InputError;
}

function countsOf(
  plan: RangePlan,
  rows: number,
): Pick<ImportReport, 'rows' | 'created' | 'updated' | 'withdrawn' | 'unchanged'> {
  return {
    rows,
    created: plan.inserted.length,
    updated: plan.shortened.length,
    withdrawn: plan.withdrawn.length,
    unchanged: plan.unchanged,
  };
}
