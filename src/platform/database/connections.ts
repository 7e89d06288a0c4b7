import pg from 'pg';
import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';

import { connectionAs, openDataSource } from './data-source.js';
import type { Database } from './prepare.js';

/** The program's pools, each for one purpose; whoever opened them closes them. */
export interface Connections {
  /** TypeORM as `wegwijzer_service`, for all but the hot path. */
  service: DataSource;
  /** TypeORM as `wegwijzer_tenant`; only the tenant door uses it. */
  tenant: DataSource;
  /** The hot path: appends, catching up and questions about the past. */
  hot: pg.Pool;
  close(): Promise<void>;
}

/** No statement of the hot path takes longer while the database is well. */
const HOT_TIMEOUT_MS = 30_000;

export async function openConnections(
  database: Pick<Database, 'serviceUrl' | 'tenantUrl'>,
  entities: EntityTarget<ObjectLiteral>[],
): Promise<Connections> {
  const hot = new pg.Pool({
    ...connectionAs('wegwijzer_service', database.serviceUrl),
    max: 6,
    query_timeout: HOT_TIMEOUT_MS,
  });
  hot.on('error', () => undefined);
  const service = await openDataSource('wegwijzer_service', database.serviceUrl, entities, 20);
  const tenant = await openDataSource('wegwijzer_tenant', database.tenantUrl, entities, 10);
  return {
    service,
    tenant,
    hot,
    close: async () => void (await Promise.all([service.destroy(), tenant.destroy(), hot.end()])),
  };
}
