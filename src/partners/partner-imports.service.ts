import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';

import { type Change, Changes } from '../log/changes.js';
import { excerpt } from '../log/entry.js';
import {
  checkRejects,
  type ImportQuery,
  type ImportReport,
  settleImport,
} from '../platform/http/import.dto.js';
import type { Upload } from '../platform/http/upload.js';
import type { Caller } from '../shared/caller.js';
import { canonicalJson, type Json } from '../shared/canonical-json.js';
import type { InputError } from '../shared/errors.js';
import type { TableRow } from '../shared/table-row.js';
import { revokeCredentialsOf } from './credential.queries.js';
import { lockPartners } from './partner.queries.js';
import type { Partner } from './partner.entity.js';
import { PARTNER_COLUMNS, type PartnerRow, readPartnerRow } from './partner-rows.js';
import { insertPartner, isSame, mayBecome, updatePartner } from './partners.service.js';

interface PartnerPlan {
  created: PartnerRow[];
  updated: { before: Partner; row: PartnerRow }[];
  unchanged: number;
  rejects: InputError[];
}

/** Where rows stand in their file, by the code that they have. */
type Sources = Map<string, TableRow>;

@Injectable()
export class PartnerImportsService {
  constructor(private readonly changes: Changes) {}

  async import(caller: Caller, query: ImportQuery, upload: Upload): Promise<ImportReport> {
    const rows: PartnerRow[] = [];
    const rejects: InputError[] = [];
    const sources: Sources = new Map();
    for await (const batch of upload.rows(PARTNER_COLUMNS)) {
      for (const row of batch) {
        const read = readPartnerRow(row, sources);
        if ('pointer' in read) rejects.push(read);
        else rows.push(read);
      }
      checkRejects(rejects);
    }
    return this.importRows(upload.callerOf(caller), query, rows, rejects, sources);
  }

  /** Plans and, if asked, applies rows that were read already. */
  async importRows(
    caller: Caller,
    query: ImportQuery,
    rows: PartnerRow[],
    unread: InputError[],
    sources: Sources = new Map(),
  ): Promise<ImportReport> {
    return this.changes.run(caller, 'partner', async (change) => {
      const plan = await planPartners(change, rows, sources);
      const rejects = [...unread, ...plan.rejects].sort((one, other) => one.line! - other.line!);
      const report = settleImport(
        query,
        {
          rows: rows.length + unread.length,
          created: plan.created.length,
          updated: plan.updated.length,
          withdrawn: 0,
          unchanged: plan.unchanged,
        },
        rejects,
        [digestOf(plan), ...rejects.map((reject) => reject.pointer)],
      );
      if (query.mode === 'apply') await apply(change, plan, report);
      return report;
    });
  }
}

/** Locks the partners that are named, so that what is planned is what is applied. */
async function planPartners(change: Change, rows: PartnerRow[], sources: Sources): Promise<PartnerPlan> {
  const known = await lockPartners(
    change.manager,
    rows.map((row) => row.code),
  );
  const plan: PartnerPlan = { created: [], updated: [], unchanged: 0, rejects: [] };
  for (const row of rows) {
    const before = known.get(row.code);
    if (!before) plan.created.push(row);
    else if (!mayBecome(before.state, row.state ?? before.state))
      plan.rejects.push(stateConflict(before, row, sources));
    else if (differs(before, row)) plan.updated.push({ before, row });
    else plan.unchanged += 1;
  }
  return plan;
}

function stateConflict(before: Partner, row: PartnerRow, sources: Sources): InputError {
  const detail = `a partner that is ${before.state} cannot become ${row.state}`;
  const source = sources.get(row.code);
  return (
    source?.errorAt('state', 'state_conflict', detail) ?? { pointer: '', code: 'state_conflict', detail }
  );
}

function differs(before: Partner, row: PartnerRow): boolean {
  return Object.entries(row).some(([key, value]) => !isSame(value, before[key as keyof Partner]));
}

async function apply(change: Change, plan: PartnerPlan, report: ImportReport): Promise<void> {
  for (const row of plan.created)
    await insertPartner(change, {
      kvk_number: null,
      contact: null,
      disclosure: { mode: 'registry' },
      state: 'active',
      ...row,
    });
  for (const { before, row } of plan.updated) {
    await updatePartner(change, before, row);
    if (row.state === 'closed') await revokeCredentialsOf(change, before.id);
  }
  if (plan.created.length + plan.updated.length === 0) return;
  change.record('partner.imported', {
    rows: report.rows,
    created: excerpt(plan.created.map((row) => row.code)),
    updated: excerpt(plan.updated.map(({ row }) => row.code)),
    hash: report.hash,
  });
}

function digestOf(plan: PartnerPlan): string {
  const { created, updated } = plan;
  const text = canonicalJson([
    created as unknown as Json,
    updated.map(({ before, row }) => [before.change, row as unknown as Json]),
  ]);
  return createHash('sha256').update(text).digest('hex');
}
