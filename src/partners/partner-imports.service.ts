import { createHash } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { isEmail, isURL } from 'class-validator';

import { type Change, Changes } from '../log/changes.js';
import { excerpt } from '../log/entry.js';
import { type ImportQuery, type ImportReport, settleImport } from '../platform/http/import.dto.js';
import type { Upload } from '../platform/http/upload.js';
import type { Caller } from '../shared/caller.js';
import { canonicalJson, type Json } from '../shared/canonical-json.js';
import type { InputError } from '../shared/errors.js';
import type { TableColumn, TableRow } from '../shared/table-row.js';
import { lockPartners } from './partner.queries.js';
import { type Contact, Partner, PARTNER_STATES, type PartnerState } from './partner.entity.js';
import { insertPartner, type PartnerValues, updatePartner } from './partners.service.js';

const COLUMNS: TableColumn[] = [
  { name: 'code', required: true },
  { name: 'name', required: true },
  ...[
    'kvk_number',
    'state',
    'contact_name',
    'contact_email',
    'contact_phone',
    'disclosure_mode',
    'disclosure_url',
    'desk_name',
    'desk_email',
    'desk_phone',
  ].map((name) => ({ name, required: false })),
];

/** A row that passed: what it gives a partner. What it leaves empty stays as it is, or gets the default. */
export type PartnerRow = Pick<PartnerValues, 'code' | 'name'> & Partial<PartnerValues>;

interface PartnerPlan {
  created: PartnerRow[];
  updated: { before: Partner; row: PartnerRow }[];
  unchanged: number;
}

@Injectable()
export class PartnerImportsService {
  constructor(private readonly changes: Changes) {}

  async import(caller: Caller, query: ImportQuery, upload: Upload): Promise<ImportReport> {
    const rows: PartnerRow[] = [];
    const rejects: InputError[] = [];
    const lines = new Map<string, number>();
    for await (const batch of upload.rows(COLUMNS))
      for (const row of batch) {
        const read = readRow(row, lines);
        if ('pointer' in read) rejects.push(read);
        else rows.push(read);
      }
    return this.importRows(upload.callerOf(caller), query, rows, rejects);
  }

  /** Plans and, if asked, applies rows that were read already. */
  async importRows(
    caller: Caller,
    query: ImportQuery,
    rows: PartnerRow[],
    rejects: InputError[],
  ): Promise<ImportReport> {
    return this.changes.run(caller, 'partner', async (change) => {
      const plan = await planPartners(change, rows);
      const report = settleImport(
        query,
        {
          rows: rows.length + rejects.length,
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
async function planPartners(change: Change, rows: PartnerRow[]): Promise<PartnerPlan> {
  const known = await lockPartners(
    change.manager,
    rows.map((row) => row.code),
  );
  const plan: PartnerPlan = { created: [], updated: [], unchanged: 0 };
  for (const row of rows) {
    const before = known.get(row.code);
    if (!before) plan.created.push(row);
    else if (differs(before, row)) plan.updated.push({ before, row });
    else plan.unchanged += 1;
  }
  return plan;
}

function differs(before: Partner, row: PartnerRow): boolean {
  return Object.entries(row).some(
    ([key, value]) => canonicalJson(value as Json) !== canonicalJson(before[key as keyof Partner] as Json),
  );
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
  for (const { before, row } of plan.updated) await updatePartner(change, before, row);
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

function readRow(row: TableRow, lines: Map<string, number>): PartnerRow | InputError {
  const cells = Object.fromEntries(COLUMNS.map(({ name }, i) => [name, row.values[i] ?? null]));
  const { code, name, kvk_number: kvk, state } = cells;
  if (!code || !/^[0-9A-Z]{2,12}$/.test(code))
    return row.errorAt('code', 'code', 'a code is 2 to 12 of 0-9 and A-Z');
  const earlier = lines.get(code);
  if (earlier !== undefined) return row.errorAt('code', 'repeated', `line ${earlier} has this code already`);
  lines.set(code, row.line);
  if (!name || name.length > 200) return row.errorAt('name', 'name', 'a name is 1 to 200 characters');
  if (kvk && !/^[0-9]{8}$/.test(kvk))
    return row.errorAt('kvk_number', 'kvk_number', 'a kvk_number is 8 digits');
  if (state && !PARTNER_STATES.includes(state as PartnerState))
    return row.errorAt('state', 'state', `a state is one of ${PARTNER_STATES.join(', ')}`);
  const contact = readContact(row, cells, 'contact');
  if (contact && 'pointer' in contact) return contact;
  const desk = readContact(row, cells, 'desk');
  if (desk && 'pointer' in desk) return desk;
  const { disclosure_mode: mode, disclosure_url: url } = cells;
  if (mode && mode !== 'registry' && mode !== 'partner')
    return row.errorAt('disclosure_mode', 'disclosure_mode', 'a disclosure_mode is registry or partner');
  if (!mode && (url || desk))
    return row.errorAt('disclosure_mode', 'required', 'disclosure_url and desk_… need a disclosure_mode');
  if (url && !isURL(url, { protocols: ['https', 'http'], require_protocol: true, require_tld: false }))
    return row.errorAt('disclosure_url', 'disclosure_url', 'a disclosure_url is an http or https address');
  return {
    code,
    name,
    ...(kvk && { kvk_number: kvk }),
    ...(state && { state: state as PartnerState }),
    ...(contact && { contact }),
    ...(mode && {
      disclosure: { mode: mode as 'registry' | 'partner', ...(url && { url }), ...(desk && { desk }) },
    }),
  };
}

function readContact(
  row: TableRow,
  cells: Record<string, string | null>,
  prefix: string,
): Contact | InputError | null {
  const { [`${prefix}_name`]: name, [`${prefix}_email`]: email, [`${prefix}_phone`]: phone } = cells;
  if (!name && !email && !phone) return null;
  if (!name || name.length > 200)
    return row.errorAt(`${prefix}_name`, 'required', 'a contact has a name of at most 200 characters');
  if (!email || !isEmail(email))
    return row.errorAt(`${prefix}_email`, 'email', 'a contact has an e-mail address');
  if (!phone || phone.length > 64)
    return row.errorAt(`${prefix}_phone`, 'required', 'a contact has a telephone number');
  return { name, email, phone };
}
