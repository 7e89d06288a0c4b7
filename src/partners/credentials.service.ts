import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, MoreThan } from 'typeorm';

import { type Change, Changes } from '../log/changes.js';
import { checkIfMatch } from '../platform/http/etag.js';
import { DEFAULT_LIMIT, type Page, pageOf, type PageQuery, readCursor } from '../platform/http/page.js';
import type { Caller, Role } from '../shared/caller.js';
import { invalidInput, Problem } from '../shared/errors.js';
import { parseInstant } from '../shared/instant.js';
import { Authority } from './authority.entity.js';
import {
  type CredentialCreate,
  type CredentialRotation,
  type CredentialView,
  type IssuedCredentialView,
  viewCredential,
} from './credential.dto.js';
import { Credential } from './credential.entity.js';
import { hasOtherAdmin } from './credential.queries.js';
import { CredentialUses } from './credential-uses.js';
import { Partner } from './partner.entity.js';
import type { Tagged } from './partners.service.js';
import { createSecret, hashSecret } from './secret.js';

const DEFAULT_OVERLAP_SECONDS = 86_400;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const RELATIONS = { partner: true, authority: true };

@Injectable()
export class CredentialsService {
  constructor(
    private readonly db: DataSource,
    private readonly changes: Changes,
    private readonly uses: CredentialUses,
  ) {}

  async issue(caller: Caller, input: CredentialCreate): Promise<Tagged<IssuedCredentialView>> {
    return this.changes.run(caller, 'credential', async (change) => {
      const view = await this.issueWithin(change, input);
      change.record('credential.issued', { after: loggable(view) });
      return { view, change: change.id };
    });
  }

  /** Issues one as a part of a change that records it. */
  async issueWithin(change: Change, input: CredentialCreate): Promise<IssuedCredentialView> {
    const secret = createSecret(input.role);
    const credential = await insertCredential(change, input, secret);
    return { ...viewCredential(credential, null), secret };
  }

  async list(_caller: Caller, query: PageQuery): Promise<Page<CredentialView>> {
    const [after] = readCursor(query, 'string') ?? ['00000000-0000-0000-0000-000000000000'];
    if (!UUID.test(String(after)))
      throw invalidInput('/cursor', 'cursor', 'this is no next_cursor of this list');
    const rows = await this.db.manager.find(Credential, {
      where: { id: MoreThan(String(after)) },
      relations: RELATIONS,
      order: { id: 'ASC' },
      take: (query.limit ?? DEFAULT_LIMIT) + 1,
    });
    const uses = await this.uses.of(rows.map((row) => row.id));
    return pageOf(
      rows,
      query,
      (row) => viewCredential(row, uses.get(row.id) ?? null),
      (row) => [row.id],
    );
  }

  async rotate(
    caller: Caller,
    id: string,
    input: CredentialRotation,
    ifMatch?: string,
  ): Promise<Tagged<IssuedCredentialView>> {
    const uses = await this.uses.of(UUID.test(id) ? [id] : []);
    return this.changes.run(caller, 'credential', async (change) => {
      const before = await lockWorking(change.manager, id, ifMatch);
      if (before.expires_at && before.expires_at.getTime() <= change.at)
        throw new Problem('state_conflict', 'the credential has expired: issue another one');
      const secret = createSecret(before.role);
      const values = {
        secret_hash: hashSecret(secret),
        previous_hash: before.secret_hash,
        previous_expires_at: new Date(change.at + (input.overlap ?? DEFAULT_OVERLAP_SECONDS) * 1000),
        change: change.id,
      };
      await change.manager.update(Credential, { id: before.id }, values);
      const after = Object.assign(before, values);
      change.record('credential.rotated', {
        id,
        previous_expires_at: values.previous_expires_at.toISOString(),
      });
      return { view: { ...viewCredential(after, uses.get(before.id) ?? null), secret }, change: change.id };
    });
  }

  async revoke(caller: Caller, id: string, ifMatch?: string): Promise<void> {
    await this.changes.run(caller, 'credential', async (change) => {
      const before = await lockWorking(change.manager, id, ifMatch);
      if (before.role === 'admin') await keepAnAdmin(change, id);
      await change.manager.update(
        Credential,
        { id: before.id },
        { revoked_at: new Date(change.at), change: change.id },
      );
      change.record('credential.revoked', { id });
      return {};
    });
  }
}

/** Throws `invalid_input` where role and binding do not fit, or the one that it is bound to is not there. */
async function insertCredential(
  change: Change,
  input: CredentialCreate,
  secret: string,
): Promise<Credential> {
  const { manager } = change;
  const credential = manager.create(Credential, {
    id: (await manager.query<{ id: string }[]>('SELECT uuidv7() AS id'))[0]!.id,
    role: input.role,
    partner: await bound(manager, input.role, 'partner', input.partner),
    authority: await bound(manager, input.role, 'authority', input.authority),
    label: input.label,
    secret_hash: hashSecret(secret),
    previous_hash: null,
    previous_expires_at: null,
    created_at: new Date(change.at),
    expires_at: expiryOf(input, change.at),
    revoked_at: null,
    change: change.id,
  });
  await manager.insert(Credential, credential);
  return credential;
}

async function bound<Kind extends 'partner' | 'authority'>(
  manager: EntityManager,
  role: Role,
  kind: Kind,
  code: string | null | undefined,
): Promise<(Kind extends 'partner' ? Partner : Authority) | null> {
  if (role !== kind) {
    if (code != null)
      throw invalidInput(`/${kind}`, 'not_allowed', `only a credential of role ${kind} is bound to one`);
    return null;
  }
  if (code == null)
    throw invalidInput(`/${kind}`, 'required', `a credential of role ${kind} names its ${kind}`);
  // Locked, so that it is not closed before this credential is there to be revoked with it.
  const found = await manager.findOne<Partner | Authority>(kind === 'partner' ? Partner : Authority, {
    where: { code },
    lock: { mode: 'pessimistic_read' },
  });
  if (!found) throw invalidInput(`/${kind}`, 'unknown', `there is no ${kind} with this code`);
  if ('state' in found && found.state === 'closed')
    throw new Problem('state_conflict', 'a partner that is closed gets no credential');
  return found as never;
}

/** Throws `state_conflict` for the last credential that could issue others: nobody could ever get in again. */
async function keepAnAdmin(change: Change, id: string): Promise<void> {
  if (!(await hasOtherAdmin(change, id)))
    throw new Problem(
      'state_conflict',
      'this is the last admin credential that works: issue another one first',
    );
}

function expiryOf(input: CredentialCreate, now: number): Date | null {
  if (input.expires_at == null) return null;
  const expiry = parseInstant(input.expires_at)!;
  if (expiry <= now) throw invalidInput('/expires_at', 'in_the_past', 'expires_at lies in the past');
  return new Date(expiry);
}

async function lockWorking(manager: EntityManager, id: string, ifMatch?: string): Promise<Credential> {
  const missing = new Problem('not_found', 'there is no credential with this id that works');
  if (!UUID.test(id)) throw missing;
  const locked = await manager.query<unknown[]>(
    'SELECT FROM credential WHERE id = $1 AND revoked_at IS NULL FOR UPDATE',
    [id],
  );
  if (locked.length === 0) throw missing;
  const credential = await manager.findOneOrFail(Credential, {
    where: { id },
    relations: RELATIONS,
    select: {
      id: true,
      role: true,
      label: true,
      secret_hash: true,
      created_at: true,
      expires_at: true,
      revoked_at: true,
      previous_expires_at: true,
      change: true,
    },
  });
  checkIfMatch(ifMatch, credential);
  return credential;
}

function loggable({
  id,
  role,
  partner,
  authority,
  label,
  expires_at,
}: CredentialView): Record<string, string | null> {
  return { id, role, partner, authority, label, expires_at };
}
