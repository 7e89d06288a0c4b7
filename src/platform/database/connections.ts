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

/**
 * With the one that listens, 26: PostgreSQL's default of 100 carries three nodes. Of the service's, changes take up
 * to eight; the others are left to reads.
 */
const HOT_CONNECTIONS = 5;
const SERVICE_CONNECTIONS = 14;
const TENANT_CONNECTIONS = 6;

/**
 * No statement of the hot path takes longer while the database is well. The server ends it too: one that was
 * given up here and still waits for the head there would later write entries that nobody was answered for.
 */
const HOT_TIMEOUT_MS = 30_000;
const HOT_LOCK_TIMEOUT_MS = 10_000;

export async function openConnections(
  database: Pick<Database, 'serviceUrl' | 'tenantUrl'>,
  entities: EntityTarget<ObjectLiteral>[],
): Promise<Connections> {
  const hot = new pg.Pool({
    ...connectionAs('wegwijzer_service', database.serviceUrl),
    max: HOT_CONNECTIONS,
    lock_timeout: HOT_LOCK_TIMEOUT_MS,
    statement_timeout: HOT_TIMEOUT_MS,
    query_timeout: HOT_TIMEOUT_MS + 5_000,
  });
  hot.on('error', () => undefined);
  // A connection that breaks while it is lent out tells only itself; its statement fails, which is enough.
  hot.on('connect', (client) => client.on('error', () => undefined));
  const service = await openDataSource(
    'wegwijzer_service',
    database.serviceUrl,
    entities,
    SERVICE_CONNECTIONS,
  );
  const tenant = await openDataSource('wegwijzer_tenant', database.tenantUrl, entities, TENANT_CONNECTIONS);
  return {
    service,
    tenant,
    hot,
    close: async () => void (await Promise.all([service.destroy(), tenant.destroy(), hot.end()])),
  };
}
