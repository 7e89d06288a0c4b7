import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, MoreThan } from 'typeorm';

import { type Change, Changes } from '../log/changes.js';
import { SQL_STATE, sqlStateOf } from '../platform/database/sql-states.js';
import { checkIfMatch } from '../platform/http/etag.js';
import { DEFAULT_LIMIT, type Page, pageOf, type PageQuery, readCursor } from '../platform/http/page.js';
import type { Caller } from '../shared/caller.js';
import { canonicalJson, type Json } from '../shared/canonical-json.js';
import { Problem } from '../shared/errors.js';
import { revokeCredentialsOf } from './credential.queries.js';
import { type PartnerCreate, type PartnerPatch, type PartnerView, viewPartner } from './partner.dto.js';
import { Partner, type PartnerState } from './partner.entity.js';

/** A view, and the row that its entity tag comes from. */
export interface Tagged<View> {
  view: View;
  change: number;
}

/** Which states a partner may go to, and from where. A closed one stays closed. */
const STEPS: Record<PartnerState, PartnerState[]> = {
  onboarding: [],
  active: ['onboarding', 'suspended'],
  suspended: ['active'],
  closed: ['onboarding', 'active', 'suspended'],
};

export function mayBecome(before: PartnerState, after: PartnerState): boolean {
  return before === after || STEPS[after].includes(before);
}

@Injectable()
export class PartnersService {
  constructor(
    private readonly db: DataSource,
    private readonly changes: Changes,
  ) {}

  async create(caller: Caller, input: PartnerCreate): Promise<Tagged<PartnerView>> {
    return this.changes.run(caller, 'partner', async (change) => {
      const partner = await insertPartner(change, {
        code: input.code,
        name: input.name,
        kvk_number: input.kvk_number ?? null,
        contact: input.contact,
        disclosure: input.disclosure,
        state: 'onboarding',
      });
      change.record('partner.created', { after: loggable(partner) });
      return tagged(partner);
    });
  }

  async list(_caller: Caller, query: PageQuery): Promise<Page<PartnerView>> {
    const [after] = readCursor(query, 'string') ?? [''];
    const rows = await this.db.manager.find(Partner, {
      where: { code: MoreThan(String(after)) },
      order: { code: 'ASC' },
      take: (query.limit ?? DEFAULT_LIMIT) + 1,
    });
    return pageOf(rows, query, viewPartner, (partner) => [partner.code]);
  }

  async get(_caller: Caller, code: string): Promise<Tagged<PartnerView>> {
    return tagged(await findPartner(this.db.manager, code));
  }

  /** Row ids of partners by code; codes that nobody has are missing. For features that keep the id. */
  async idsOf(manager: EntityManager, codes: string[]): Promise<Map<string, Pick<Partner, 'id' | 'state'>>> {
    const rows = await manager.find(Partner, {
      where: { code: In(codes) },
      select: { id: true, code: true, state: true },
    });
    return new Map(rows.map((row) => [row.code, row]));
  }

  /** Keeps partners from being closed until the transaction ends. Throws `state_conflict` where one is closed. */
  async keepOpen(manager: EntityManager, ids: number[]): Promise<void> {
    const rows = await manager.find(Partner, {
      where: { id: In(ids) },
      select: { id: true, state: true },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_read' },
    });
    if (rows.some((row) => row.state === 'closed'))
      throw new Problem('state_conflict', 'a partner that is closed gets no ranges and no numbers');
  }

  /** Codes of partners by row id, as far as `manager` sees them. */
  async codesOf(manager: EntityManager, ids: number[]): Promise<Map<number, string>> {
    const rows = await manager.find(Partner, { where: { id: In(ids) }, select: { id: true, code: true } });
    return new Map(rows.map((row) => [row.id, row.code]));
  }

  async patch(
    caller: Caller,
    code: string,
    patch: PartnerPatch,
    ifMatch?: string,
  ): Promise<Tagged<PartnerView>> {
    return this.changes.run(caller, 'partner', async (change) => {
      const before = await lockPartner(change.manager, code, ifMatch);
      const partner = await updatePartner(change, before, patch);
      if (partner !== before)
        change.record('partner.changed', {
          code,
          before: loggable(before),
          after: loggable(partner),
          fields: Object.keys(patch),
        });
      return tagged(partner);
    });
  }

  async moveTo(
    caller: Caller,
    code: string,
    state: Exclude<PartnerState, 'onboarding'>,
    ifMatch?: string,
  ): Promise<Tagged<PartnerView>> {
    return this.changes.run(caller, 'partner', async (change) => {
      const before = await lockPartner(change.manager, code, ifMatch);
      if (!STEPS[state].includes(before.state))
        throw new Problem('state_conflict', `a partner that is ${before.state} cannot become ${state}`);
      const partner = await updatePartner(change, before, { state });
      const revoked = state === 'closed' ? await revokeCredentialsOf(change, partner.id) : undefined;
      change.record(`partner.${state}`, {
        code,
        before: before.state,
        after: state,
        revoked_credentials: revoked,
      });
      return tagged(partner);
    });
  }
}

/** Throws `not_found`. */
export async function findPartner(manager: EntityManager, code: string): Promise<Partner> {
  const partner = await manager.findOneBy(Partner, { code });
  if (!partner) throw new Problem('not_found', 'there is no partner with this code');
  return partner;
}

async function lockPartner(manager: EntityManager, code: string, ifMatch?: string): Promise<Partner> {
  const partner = await manager.findOne(Partner, { where: { code }, lock: { mode: 'pessimistic_write' } });
  if (!partner) throw new Problem('not_found', 'there is no partner with this code');
  checkIfMatch(ifMatch, partner);
  return partner;
}

export type PartnerValues = Pick<
  Partner,
  'code' | 'name' | 'kvk_number' | 'contact' | 'disclosure' | 'state'
>;

/** Throws `already_exists`. */
export async function insertPartner(change: Change, values: PartnerValues): Promise<Partner> {
  const partner = change.manager.create(Partner, {
    ...values,
    created_at: new Date(change.at),
    change: change.id,
  });
  try {
    await change.manager.insert(Partner, partner);
    return partner;
  } catch (error) {
    if (sqlStateOf(error) === SQL_STATE.uniqueViolation)
      throw new Problem('already_exists', `there is a partner ${values.code} already`);
    throw error;
  }
}

/** Answers the very same row where nothing differs. */
export async function updatePartner(
  change: Change,
  before: Partner,
  patch: Partial<PartnerValues>,
): Promise<Partner> {
  const differing = Object.entries(patch).filter(
    ([key, value]) => value !== undefined && !isSame(value, before[key as keyof Partner]),
  );
  if (differing.length === 0) return before;
  const values = { ...Object.fromEntries(differing), change: change.id };
  await change.manager.update(Partner, { id: before.id }, values);
  return Object.assign(change.manager.create(Partner, before), values);
}

/** The database keeps the members of an object in an order of its own. */
export function isSame(one: unknown, other: unknown): boolean {
  return canonicalJson(one as Json) === canonicalJson(other as Json);
}

/** What the log says of a partner: everything but who the contact persons are, for a log entry cannot be erased. */
export function loggable(partner: Partner): Record<string, Json> {
  const { code, name, kvk_number, state, disclosure } = partner;
  return {
    code,
    name,
    kvk_number,
    state,
    disclosure: { mode: disclosure.mode, url: disclosure.url ?? null },
  };
}

function tagged(partner: Partner): Tagged<PartnerView> {
  return { view: viewPartner(partner), change: partner.change };
}
