import type { DataSource, EntityManager } from 'typeorm';

import type { Caller } from '../../shared/caller.js';
import { Problem } from '../../shared/errors.js';

/**
 * The one way to the database for what a partner causes. Its pool works as `wegwijzer_tenant`, whose every row
 * policy asks for `app.tenant`; that is set for one transaction, so it cannot leak through a pooler. A statement
 * that comes past this door sees no row.
 */
export class TenantDoor {
  constructor(
    private readonly db: DataSource,
    private readonly service: DataSource,
  ) {}

  /** Reads what partners and the wholesaler's own may both read: a partner its own, the others all. */
  read<T>(caller: Caller, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return caller.role === 'partner' ? this.run(caller, work) : work(this.service.manager);
  }

  async run<T>(caller: Caller, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const tenant = caller.partner;
    if (!tenant) throw new Problem('forbidden', 'only a partner has subscribers and ranges of its own');
    return this.db.transaction(async (manager) => {
      await manager.query(`SELECT set_config('app.tenant', $1, true)`, [String(tenant.id)]);
      return work(manager);
    });
  }
}
