import { Injectable } from '@nestjs/common';
import { DataSource, MoreThan } from 'typeorm';

import { Changes } from '../log/changes.js';
import { SQL_STATE, sqlStateOf } from '../platform/database/sql-states.js';
import { checkIfMatch } from '../platform/http/etag.js';
import { DEFAULT_LIMIT, type Page, pageOf, type PageQuery, readCursor } from '../platform/http/page.js';
import type { Caller } from '../shared/caller.js';
import { Problem } from '../shared/errors.js';
import {
  type AuthorityCreate,
  type AuthorityPatch,
  type AuthorityView,
  viewAuthority,
} from './authority.dto.js';
import { Authority } from './authority.entity.js';
import { LEGAL_BASES, type LegalBasis } from './legal-basis.js';
import type { Tagged } from './partners.service.js';

@Injectable()
export class AuthoritiesService {
  constructor(
    private readonly db: DataSource,
    private readonly changes: Changes,
  ) {}

  async create(caller: Caller, input: AuthorityCreate): Promise<Tagged<AuthorityView>> {
    return this.changes.run(caller, 'authority', async (change) => {
      const authority = change.manager.create(Authority, {
        code: input.code,
        name: input.name,
        legal_bases: inListOrder(input.legal_bases),
        created_at: new Date(change.at),
        change: change.id,
      });
      await change.manager.insert(Authority, authority).catch((error: unknown) => {
        if (sqlStateOf(error) !== SQL_STATE.uniqueViolation) throw error;
        throw new Problem('already_exists', `there is an authority ${input.code} already`);
      });
      change.record('authority.created', { after: loggable(authority) });
      return tagged(authority);
    });
  }

  async list(_caller: Caller, query: PageQuery): Promise<Page<AuthorityView>> {
    const [after] = readCursor(query, 'string') ?? [''];
    const rows = await this.db.manager.find(Authority, {
      where: { code: MoreThan(String(after)) },
      order: { code: 'ASC' },
      take: (query.limit ?? DEFAULT_LIMIT) + 1,
    });
    return pageOf(rows, query, viewAuthority, (authority) => [authority.code]);
  }

  async get(_caller: Caller, code: string): Promise<Tagged<AuthorityView>> {
    const authority = await this.db.manager.findOneBy(Authority, { code });
    if (!authority) throw notFound();
    return tagged(authority);
  }

  async patch(
    caller: Caller,
    code: string,
    patch: AuthorityPatch,
    ifMatch?: string,
  ): Promise<Tagged<AuthorityView>> {
    return this.changes.run(caller, 'authority', async (change) => {
      const { manager } = change;
      const before = await manager.findOne(Authority, {
        where: { code },
        lock: { mode: 'pessimistic_write' },
      });
      if (!before) throw notFound();
      checkIfMatch(ifMatch, before);
      const values = {
        name: patch.name ?? before.name,
        legal_bases: patch.legal_bases ? inListOrder(patch.legal_bases) : before.legal_bases,
      };
      const after = manager.create(Authority, { ...before, ...values });
      if (JSON.stringify(loggable(after)) === JSON.stringify(loggable(before))) return tagged(before);
      after.change = change.id;
      await manager.update(Authority, { id: before.id }, { ...values, change: change.id });
      change.record('authority.changed', { code, before: loggable(before), after: loggable(after) });
      return tagged(after);
    });
  }
}

function inListOrder(bases: LegalBasis[]): LegalBasis[] {
  return LEGAL_BASES.filter((basis) => bases.includes(basis));
}

function loggable({ code, name, legal_bases }: Authority): {
  code: string;
  name: string;
  legal_bases: string[];
} {
  return { code, name, legal_bases };
}

function notFound(): Problem {
  return new Problem('not_found', 'there is no authority with this code');
}

function tagged(authority: Authority): Tagged<AuthorityView> {
  return { view: viewAuthority(authority), change: authority.change };
}
