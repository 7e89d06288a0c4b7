import pg from 'pg';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';

// Every bigint of the schema (numbers, ids, serials, log indexes) is below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** The roles that the program works as; neither owns a table, neither is a superuser. */
export type WorkingRole = 'wegwijzer_service' | 'wegwijzer_tenant';

/** Connection settings for a login that works as `role` from its first statement on. */
export function connectionAs(role: WorkingRole, url: string): pg.PoolConfig {
  return {
    connectionString: url,
    // Durable whatever the server's default is: an answer stands on its entry being on disk.
    options: `-c role=${role} -c timezone=UTC -c synchronous_commit=on`,
    application_name: role.replace('_', '-'),
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
}

/** TypeORM on a pool that works as `role`. `where` with an undefined or null value throws: it would be a leak. */
export async function openDataSource(
  role: WorkingRole,
  url: string,
  entities: EntityTarget<ObjectLiteral>[],
  max: number,
): Promise<DataSource> {
  const { connectionString, ...connection } = connectionAs(role, url);
  const db = new DataSource({
    type: 'postgres',
    url: connectionString!,
    entities: entities as never[],
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
    logging: false,
    poolErrorHandler: () => undefined,
    extra: { ...connection, max },
  });
  return db.initialize();
}
