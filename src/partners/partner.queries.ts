import { type EntityManager, In } from 'typeorm';

import { Partner } from './partner.entity.js';

/** Takes the lock that imports of partners take, and the rows of these codes until the transaction ends. */
export async function lockPartners(manager: EntityManager, codes: string[]): Promise<Map<string, Partner>> {
  await manager.query(`SELECT pg_advisory_xact_lock(hashtext('partner import'))`);
  const partners = await manager.find(Partner, {
    where: { code: In(codes) },
    order: { code: 'ASC' },
    lock: { mode: 'pessimistic_write' },
  });
  return new Map(partners.map((partner) => [partner.code, partner]));
}
