import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';

import { type Change, Changes } from '../log/changes.js';
import { PartnersService, type Tagged } from '../partners/partners.service.js';
import type { Config } from '../platform/config.js';
import { TenantDoor } from '../platform/database/tenant-door.js';
import { checkIfMatch } from '../platform/http/etag.js';
import { DEFAULT_LIMIT, type Page, pageOf, type PageQuery, readCursor } from '../platform/http/page.js';
import { CONFIG } from '../platform/tokens.js';
import type { Caller } from '../shared/caller.js';
import type { Json } from '../shared/canonical-json.js';
import { invalidInput, Problem } from '../shared/errors.js';
import { parseInstant } from '../shared/instant.js';
import { NumberPort } from './number-port.entity.js';
import type { NumberPortCreate, NumberPortReturn, NumberPortView } from './numbering.dto.js';
import { lockNumbering, selectOverlapping, shorten, withdraw } from './numbering.queries.js';
import { periodOf, rangeOf, viewConflict, viewRectangle } from './range-input.js';

@Injectable()
export class NumberPortsService {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly tenantDoor: TenantDoor,
    private readonly changes: Changes,
    private readonly partners: PartnersService,
  ) {}

  /** A port may lie outside our blocks: numbers come to us from other networks too. */
  async create(caller: Caller, input: NumberPortCreate): Promise<Tagged<NumberPortView>> {
    return this.changes.run(caller, 'number_port', async (change) => {
      const view = await this.createWithin(change, input);
      change.record('number_port.created', { after: view as unknown as Json });
      return { view, change: change.id };
    });
  }

  /** All in one change, or none. */
  async createMany(caller: Caller, inputs: NumberPortCreate[]): Promise<NumberPortView[]> {
    return this.changes.run(caller, 'number_port', async (change) => {
      const views: NumberPortView[] = [];
      for (const input of inputs) views.push(await this.createWithin(change, input));
      change.record('number_port.imported', { created: views.length });
      return views;
    });
  }

  private async createWithin(change: Change, input: NumberPortCreate): Promise<NumberPortView> {
    const { manager } = change;
    const numbers = rangeOf(input, this.config.defaultCountry);
    checkDestination(input);
    await lockNumbering(change);
    const effective = periodOf(input.effective_from, null, change.at);
    const recipient = input.recipient === null ? null : await this.recipientOf(manager, input.recipient);
    const conflicts = (await selectOverlapping(manager, 'number_port', [numbers])).filter(
      (row) => row.to > effective.from,
    );
    if (conflicts.length > 0)
      throw new Problem(
        'range_overlaps',
        'the range is ported already, wholly or in part, at some time of that period',
        {
          conflicts: conflicts.slice(0, 10).map(viewConflict),
        },
      );
    const port = manager.create(NumberPort, {
      numbers,
      effective,
      recipient_id: recipient,
      network: input.network ?? null,
      withdrawn_at: null,
      change: change.id,
    });
    await manager.insert(NumberPort, port);
    return viewPort(port, input.recipient);
  }

  /** A partner sees those to it; an admin sees all. */
  async list(caller: Caller, query: PageQuery): Promise<Page<NumberPortView>> {
    return this.tenantDoor.read(caller, async (manager) => {
      const rows = await selectPage(manager, query);
      const ids = [...new Set(rows.map((row) => row.recipient_id ?? 0))];
      const codes = await this.partners.codesOf(manager, ids);
      return pageOf(
        rows,
        query,
        (row) => viewPort(row, codes.get(row.recipient_id ?? 0) ?? null),
        (row) => [row.numbers.first, row.id],
      );
    });
  }

  /** Ends a port: the layer below counts again. One that has not begun by then is withdrawn. */
  async return(
    caller: Caller,
    id: number,
    input: NumberPortReturn,
    ifMatch?: string,
  ): Promise<Tagged<NumberPortView>> {
    return this.changes.run(caller, 'number_port', async (change) => {
      const { manager } = change;
      await lockNumbering(change);
      const before = await manager.findOneBy(NumberPort, { id });
      if (!before) throw new Problem('not_found', 'there is no number port with this id');
      checkIfMatch(ifMatch, before);
      const end = input.effective_at === undefined ? change.at : parseInstant(input.effective_at)!;
      if (before.withdrawn_at || before.effective.to <= end)
        throw new Problem('state_conflict', 'the number port has ended by then already');
      if (end <= before.effective.from) await withdraw(manager, 'number_port', change.id, change.at, [id]);
      else await shorten(manager, 'number_port', change.id, [{ id, to: end }]);
      const after = await manager.findOneByOrFail(NumberPort, { id });
      const codes = await this.partners.codesOf(manager, [after.recipient_id ?? 0]);
      const view = viewPort(after, codes.get(after.recipient_id ?? 0) ?? null);
      change.record('number_port.returned', {
        before: viewPort(before, view.recipient) as unknown as Json,
        after: view as unknown as Json,
      });
      return { view, change: after.change };
    });
  }

  private async recipientOf(manager: EntityManager, code: string): Promise<number> {
    const partner = (await this.partners.idsOf(manager, [code])).get(code);
    if (!partner) throw invalidInput('/recipient', 'unknown_partner', 'there is no partner with this code');
    await this.partners.keepOpen(manager, [partner.id]);
    return partner.id;
  }
}

function selectPage(manager: EntityManager, query: PageQuery): Promise<NumberPort[]> {
  const after = readCursor(query, 'number', 'number');
  const rows = manager.createQueryBuilder(NumberPort, 'port');
  if (after) rows.where('(lower(port.numbers), port.id) > (:first, :id)', { first: after[0], id: after[1] });
  return rows
    .orderBy('lower(port.numbers)')
    .addOrderBy('port.id')
    .limit((query.limit ?? DEFAULT_LIMIT) + 1)
    .getMany();
}

function checkDestination({ recipient, network }: NumberPortCreate): void {
  if (recipient === null && network == null)
    throw invalidInput('/network', 'required', 'a number that left names the network that it left to');
  if (recipient !== null && network != null)
    throw invalidInput('/network', 'not_allowed', 'a number that moved to a partner names no network');
}

function viewPort(row: NumberPort, recipient: string | null): NumberPortView {
  const { id, numbers, effective, network, withdrawn_at } = row;
  const { first, last, ...period } = viewRectangle({ ...numbers, ...effective });
  return {
    id,
    first,
    last,
    recipient,
    network,
    ...period,
    withdrawn_at: withdrawn_at?.toISOString() ?? null,
  };
}
