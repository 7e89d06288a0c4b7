import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { selectWorkingCredential } from '../partners/credential.queries.js';
import { CredentialUses } from '../partners/credential-uses.js';
import { hashSecret, roleOfSecret, secretDigest } from '../partners/secret.js';
import { Authenticator } from '../platform/http/access.js';
import type { Caller } from '../shared/caller.js';
import { Clock } from '../shared/clock.js';
import { Registry } from './registry.js';

const BEARER = 'Bearer ';

/**
 * Finds callers. Those of authorities are in memory, and are looked at once more at the serial of each answer;
 * all others are looked up when they are shown, so that a revocation counts at once on every node.
 */
@Injectable()
export class CallerAuthenticator extends Authenticator {
  constructor(
    private readonly registry: Registry,
    private readonly db: DataSource,
    private readonly uses: CredentialUses,
    private readonly clock: Clock,
  ) {
    super();
  }

  authenticate(secret: string): Promise<Caller | undefined> | Caller | undefined {
    const role = roleOfSecret(secret);
    if (!role) return undefined;
    const hash = hashSecret(secret);
    if (role !== 'authority') return this.lookUp(hash);
    return this.remembered(hash.toString('hex')) ?? this.afterCatchingUp(hash.toString('hex'));
  }

  /** The authority whose header this is, where it is at hand; `undefined` decides nothing. */
  known(authorization: string | undefined): Caller | undefined {
    const view = this.registry.atHand;
    if (!view || !authorization?.startsWith(BEARER)) return undefined;
    return this.remembered(secretDigest(authorization.slice(BEARER.length)), view);
  }

  private remembered(secretHash: string, view = this.registry.current()): Caller | undefined {
    const credential = view.credentials.get(secretHash);
    if (!credential || credential.expiresAt <= this.clock.now()) return undefined;
    const { id, code } = view.authorities.get(credential.authorityId)!;
    this.uses.note(credential.id);
    return {
      credentialId: credential.id,
      role: 'authority',
      secretHash,
      partner: null,
      authority: { id, code },
    };
  }

  private async afterCatchingUp(secretHash: string): Promise<Caller | undefined> {
    await this.registry.catchUp();
    return this.remembered(secretHash);
  }

  private async lookUp(secretHash: Buffer): Promise<Caller | undefined> {
    const row = await selectWorkingCredential(this.db, secretHash, this.clock.now());
    if (!row) return undefined;
    this.uses.note(row.id);
    return {
      credentialId: row.id,
      role: row.role,
      secretHash: secretHash.toString('hex'),
      partner: row.partner_id === null ? null : { id: row.partner_id, code: row.partner_code! },
      authority: row.authority_id === null ? null : { id: row.authority_id, code: row.authority_code! },
    };
  }
}
