import { isEmail, isURL } from 'class-validator';

import type { InputError } from '../shared/errors.js';
import type { TableColumn, TableRow } from '../shared/table-row.js';
import { type Contact, PARTNER_STATES, type PartnerState } from './partner.entity.js';
import type { PartnerValues } from './partners.service.js';

/** Columns of a file of partners. */
export const PARTNER_COLUMNS: TableColumn[] = [
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

/** Reads a row; `earlier` are the rows before it by their codes, and gets this one. */
export function readPartnerRow(row: TableRow, earlier: Map<string, TableRow>): PartnerRow | InputError {
  const cells = Object.fromEntries(PARTNER_COLUMNS.map(({ name }, i) => [name, row.values[i] ?? null]));
  const broken = Object.keys(cells).find((name) => /[\p{Cc}\ufffd]/u.test(cells[name] ?? ''));
  if (broken)
    return row.errorAt(broken, 'control_character', `${broken} has control characters or broken ones`);
  const { code, name, kvk_number: kvk, state } = cells;
  if (!code || !/^[0-9A-Z]{2,12}$/.test(code))
    return row.errorAt('code', 'code', 'a code is 2 to 12 of 0-9 and A-Z');
  const same = earlier.get(code);
  if (same) return row.errorAt('code', 'repeated', `line ${same.line} has this code already`);
  earlier.set(code, row);
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
  const isAddress = { protocols: ['https', 'http'], require_protocol: true, require_tld: false };
  if (url && (url.length > 500 || !isURL(url, isAddress)))
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
