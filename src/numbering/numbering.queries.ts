import type { EntityManager } from 'typeorm';

import type { Change } from '../log/changes.js';
import { timestampOf } from '../platform/database/sql-instant.js';
import type { NumberRange } from '../shared/number-range.js';
import type { ExistingRow, InsertedRow, RangePlan, Rectangle } from './range-rows.js';

/** A layer whose rows end: its table. */
type EndingLayer = 'assignment' | 'number_port';

/**
 * Lets one change of the numbering in at a time, until its transaction ends; lookups are not held up by it. The
 * change begins anew with it, so that none begins before one whose outcome it builds on: it would undo history.
 */
export async function lockNumbering(change: Change): Promise<void> {
  await change.manager.query(`SELECT pg_advisory_xact_lock(hashtext('numbering'))`);
  await change.beginAnew();
}

/** The serial of the newest change to numbers or partners: what a plan depends on. */
export async function selectNumberingSerial(manager: EntityManager): Promise<number> {
  const [row] = await manager.query<{ serial: number }[]>(
    `SELECT coalesce(max(serial), 0) AS serial FROM registry_change
     WHERE scope IN ('partner', 'number_block', 'assignment', 'number_port')`,
  );
  return row!.serial;
}

const CORNERS = `lower(numbers) AS first, upper(numbers) - 1 AS last,
  coalesce((extract(epoch FROM lower(effective)) * 1000)::float8, '-infinity') AS "from",
  coalesce((extract(epoch FROM upper(effective)) * 1000)::float8, 'infinity') AS "to"`;

/** Rows of a layer that overlap one of these ranges at any instant; looked up range by range. */
export async function selectOverlapping(
  manager: EntityManager,
  layer: EndingLayer,
  ranges: NumberRange[],
): Promise<ExistingRow[]> {
  return manager.query<ExistingRow[]>(
    `SELECT DISTINCT ON (id) id, ${HOLDER[layer]} AS holder, ${CORNERS}
     FROM unnest($1::bigint[], $2::bigint[]) AS asked (first, last)
     JOIN ${layer} ON numbers && int8range(asked.first, asked.last, '[]')
     WHERE withdrawn_at IS NULL ORDER BY id`,
    [ranges.map((range) => range.first), ranges.map((range) => range.last)],
  );
}

/** All rows of assignments that have a number from `first` to `last`: for files too long to ask range by range. */
export async function selectWithin(
  manager: EntityManager,
  { first, last }: NumberRange,
): Promise<ExistingRow[]> {
  return manager.query<ExistingRow[]>(
    `SELECT id, partner_id AS holder, ${CORNERS} FROM assignment
     WHERE numbers && int8range($1, $2, '[]') AND withdrawn_at IS NULL ORDER BY lower(numbers), lower(effective)`,
    [first, last],
  );
}

const HOLDER = { assignment: 'partner_id', number_port: 'coalesce(recipient_id, 0)' };

export interface BlockRow extends Rectangle {
  id: number;
  range_holder: string | null;
}

/** All blocks, by their first number. A wholesaler has some thousands. */
export async function selectBlocks(manager: EntityManager): Promise<BlockRow[]> {
  return manager.query<BlockRow[]>(
    `SELECT id, range_holder, ${CORNERS} FROM number_block ORDER BY lower(numbers), lower(effective)`,
  );
}

export async function insertBlocks(
  manager: EntityManager,
  change: number,
  blocks: (NumberRange & { from: number; range_holder: string | null })[],
): Promise<number[]> {
  const rows = await manager.query<{ id: number }[]>(
    `INSERT INTO number_block (numbers, effective, range_holder, change)
     SELECT int8range(first, last, '[]'), tstzrange(${instant('"from"')}, NULL), range_holder, $1
     FROM unnest($2::bigint[], $3::bigint[], $4::float8[], $5::text[]) AS given (first, last, "from", range_holder)
     RETURNING id`,
    [
      change,
      blocks.map((block) => block.first),
      blocks.map((block) => block.last),
      blocks.map((block) => block.from),
      blocks.map((block) => block.range_holder),
    ],
  );
  return rows.map((row) => row.id);
}

const CHUNK = 20_000;

/** Carries out a plan on the assignments. What gives way goes first, so that no statement sees an overlap. */
export async function applyPlan(
  manager: EntityManager,
  change: number,
  at: number,
  plan: RangePlan,
): Promise<void> {
  if (plan.withdrawn.length > 0) await withdraw(manager, 'assignment', change, at, plan.withdrawn);
  if (plan.shortened.length > 0) await shorten(manager, 'assignment', change, plan.shortened);
  for (let start = 0; start < plan.inserted.length; start += CHUNK)
    await insertAssignments(manager, change, plan.inserted.slice(start, start + CHUNK));
}

async function insertAssignments(manager: EntityManager, change: number, rows: InsertedRow[]): Promise<void> {
  await manager.query(
    `INSERT INTO assignment (numbers, effective, partner_id, change)
     SELECT int8range(first, last, '[]'), tstzrange(${instant('"from"')}, ${instant('"to"')}), partner_id, $1
     FROM unnest($2::bigint[], $3::bigint[], $4::float8[], $5::float8[], $6::integer[])
       AS given (first, last, "from", "to", partner_id)`,
    [
      change,
      rows.map((row) => row.first),
      rows.map((row) => row.last),
      rows.map((row) => row.from),
      rows.map((row) => row.to),
      rows.map((row) => row.holder),
    ],
  );
}

/** Ends rows earlier; `to` lies after their start. */
export async function shorten(
  manager: EntityManager,
  layer: EndingLayer,
  change: number,
  rows: { id: number; to: number }[],
): Promise<void> {
  await manager.query(
    `UPDATE ${layer} SET effective = tstzrange(lower(effective), ${instant('given."to"')}), change = $1
     FROM unnest($2::bigint[], $3::float8[]) AS given (id, "to") WHERE ${layer}.id = given.id`,
    [change, rows.map((row) => row.id), rows.map((row) => row.to)],
  );
}

/** Makes rows count no more, and never have counted. */
export async function withdraw(
  manager: EntityManager,
  layer: EndingLayer,
  change: number,
  at: number,
  ids: number[],
): Promise<void> {
  await manager.query(
    `UPDATE ${layer} SET withdrawn_at = ${instant('$2::float8')}, change = $1 WHERE id = ANY ($3::bigint[])`,
    [change, at, ids],
  );
}

/** Milliseconds as a timestamp; an infinity is an open end, which a range writes as NULL. */
function instant(milliseconds: string): string {
  return `CASE WHEN abs(${milliseconds}) < 'infinity' THEN ${timestampOf(milliseconds)} END`;
}
