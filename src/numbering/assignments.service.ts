import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';

import { type Change, Changes } from '../log/changes.js';
import { excerpt } from '../log/entry.js';
import { PartnersService, type Tagged } from '../partners/partners.service.js';
import type { Config } from '../platform/config.js';
import { TenantDoor } from '../platform/database/tenant-door.js';
import { checkIfMatch } from '../platform/http/etag.js';
import { DEFAULT_LIMIT, type Page, pageOf, readCursor } from '../platform/http/page.js';
import { CONFIG } from '../platform/tokens.js';
import type { Caller } from '../shared/caller.js';
import type { Json } from '../shared/canonical-json.js';
import { parseE164 } from '../shared/e164.js';
import { invalidInput, Problem } from '../shared/errors.js';
import { formatInstant, parseInstant } from '../shared/instant.js';
import { Assignment } from './assignment.entity.js';
import { BlockCover } from './block-cover.js';
import type { AssignmentCreate, AssignmentQuery, AssignmentView, Release } from './numbering.dto.js';
import {
  applyPlan,
  lockNumbering,
  selectBlocks,
  selectOverlapping,
  shorten,
  withdraw,
} from './numbering.queries.js';
import { periodOf, rangeOf, viewConflict, viewRectangle } from './range-input.js';
import { planRanges } from './range-plan.js';
import type { RangePlan } from './range-rows.js';

@Injectable()
export class AssignmentsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly changes: Changes,
    private readonly tenantDoor: TenantDoor,
    private readonly partners: PartnersService,
  ) {}

  async create(caller: Caller, input: AssignmentCreate): Promise<Tagged<AssignmentView>> {
    const range = rangeOf(input, this.config.defaultCountry);
    return this.changes.run(caller, 'assignment', async (change) => {
      await lockNumbering(change);
      const row = {
        ...range,
        ...periodOf(input.effective_from, input.effective_to, change.at),
        line: 1,
        holder: await this.holderOf(change.manager, input.partner),
      };
      if (!new BlockCover(await selectBlocks(change.manager)).holds(row))
        throw new Problem(
          'outside_block',
          'the range is not wholly in number blocks that are ours for all that time',
        );
      const existing = await selectOverlapping(change.manager, 'assignment', [range]);
      const plan = await planRanges(existing, [row], { carve: input.carve ?? false });
      if (plan.rejects[0])
        throw new Problem(
          'range_overlaps',
          'the range is held already, wholly or in part, at some time of that period',
          {
            conflicts: plan.rejects[0].conflicts.map(viewConflict),
          },
        );
      await applyPlan(change.manager, change.id, change.at, plan);
      const created = await findExact(change.manager, row);
      recordCreated(change, input.partner, created, plan);
      return { view: viewAssignment(created, input.partner), change: created.change };
    });
  }

  /** A partner sees its own; an admin sees all. */
  async list(caller: Caller, query: AssignmentQuery): Promise<Page<AssignmentView>> {
    return this.tenantDoor.read(caller, async (manager) => {
      const rows = await this.select(manager, query);
      const codes = await this.partners.codesOf(manager, [...new Set(rows.map((row) => row.partner_id))]);
      return pageOf(
        rows,
        query,
        (row) => viewAssignment(row, codes.get(row.partner_id)!),
        (row) => [row.numbers.first, row.id],
      );
    });
  }

  async get(caller: Caller, id: number): Promise<Tagged<AssignmentView>> {
    return this.tenantDoor.read(caller, async (manager) => {
      const row = await manager.findOneBy(Assignment, { id });
      if (!row) throw notFound();
      const codes = await this.partners.codesOf(manager, [row.partner_id]);
      return { view: viewAssignment(row, codes.get(row.partner_id)!), change: row.change };
    });
  }

  /** Ends an assignment. One that has not begun by then is withdrawn. */
  async release(
    caller: Caller,
    id: number,
    input: Release,
    ifMatch?: string,
  ): Promise<Tagged<AssignmentView>> {
    return this.changes.run(caller, 'assignment', async (change) => {
      const { manager } = change;
      await lockNumbering(change);
      const before = await manager.findOneBy(Assignment, { id });
      if (!before) throw notFound();
      checkIfMatch(ifMatch, before);
      const end = input.effective_at === undefined ? change.at : parseInstant(input.effective_at)!;
      if (before.withdrawn_at || before.effective.to <= end)
        throw new Problem('state_conflict', 'the assignment has ended by then already');
      if (end <= before.effective.from) await withdraw(manager, 'assignment', change.id, change.at, [id]);
      else await shorten(manager, 'assignment', change.id, [{ id, to: end }]);
      const after = await manager.findOneByOrFail(Assignment, { id });
      const code = (await this.partners.codesOf(manager, [after.partner_id])).get(after.partner_id)!;
      change.record('assignment.released', {
        before: viewAssignment(before, code) as unknown as Json,
        after: viewAssignment(after, code) as unknown as Json,
      });
      return { view: viewAssignment(after, code), change: after.change };
    });
  }

  private async select(manager: EntityManager, query: AssignmentQuery): Promise<Assignment[]> {
    const after = readCursor(query, 'number', 'number');
    const rows = manager.createQueryBuilder(Assignment, 'assignment');
    if (query.partner !== undefined) {
      const partner = (await this.partners.idsOf(manager, [query.partner])).get(query.partner);
      rows.andWhere('assignment.partner_id = :partner', { partner: partner?.id ?? 0 });
    }
    if (query.number !== undefined)
      rows.andWhere('assignment.numbers @> :number::bigint', { number: this.numberOf(query.number) });
    if (query.at !== undefined)
      rows.andWhere('assignment.withdrawn_at IS NULL AND assignment.effective @> :at::timestamptz', {
        at: formatInstant(parseInstant(query.at)!),
      });
    if (after)
      rows.andWhere('(lower(assignment.numbers), assignment.id) > (:first, :id)', {
        first: after[0],
        id: after[1],
      });
    return rows
      .orderBy('lower(assignment.numbers)')
      .addOrderBy('assignment.id')
      .limit((query.limit ?? DEFAULT_LIMIT) + 1)
      .getMany();
  }

  private numberOf(text: string): number {
    // A + that is not written as %2B arrives as a space.
    const number = parseE164(text.replace(/^ /, '+'), this.config.defaultCountry);
    if (typeof number !== 'number') throw invalidInput('/number', number.code, number.detail);
    return number;
  }

  /** Throws where there is no such partner, or it is closed. */
  private async holderOf(manager: EntityManager, code: string): Promise<number> {
    const partner = (await this.partners.idsOf(manager, [code])).get(code);
    if (!partner) throw invalidInput('/partner', 'unknown_partner', 'there is no partner with this code');
    await this.partners.keepOpen(manager, [partner.id]);
    return partner.id;
  }
}

async function findExact(
  manager: EntityManager,
  row: { first: number; last: number; from: number },
): Promise<Assignment> {
  return manager
    .createQueryBuilder(Assignment, 'assignment')
    .where(`numbers = int8range(:first, :last, '[]') AND withdrawn_at IS NULL`, row)
    .andWhere('lower(effective) IS NOT DISTINCT FROM :from::timestamptz', {
      from: Number.isFinite(row.from) ? new Date(row.from) : null,
    })
    .getOneOrFail();
}

function recordCreated(change: Change, partner: string, created: Assignment, plan: RangePlan): void {
  if (created.change !== change.id) return;
  change.record('assignment.created', {
    after: viewAssignment(created, partner) as unknown as Json,
    shortened: excerpt(plan.shortened.map(({ id, to }) => ({ id, to: formatInstant(to) }))),
    withdrawn: excerpt(plan.withdrawn),
    left_over: excerpt(
      plan.inserted
        .filter((row) => row.source !== null)
        .map((row) => ({ source: row.source, ...viewRectangle(row) })),
    ),
  });
}

export function viewAssignment(row: Assignment, partner: string): AssignmentView {
  const { id, numbers, effective, withdrawn_at } = row;
  const { first, last, ...period } = viewRectangle({ ...numbers, ...effective });
  return { id, first, last, partner, ...period, withdrawn_at: withdrawn_at?.toISOString() ?? null };
}

function notFound(): Problem {
  return new Problem('not_found', 'there is no assignment with this id');
}
