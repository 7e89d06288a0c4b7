import { DataSource } from 'typeorm';

import { CreateRegistryAndLog1790000000000 } from '../../../migrations/1790000000000-create-registry-and-log.js';

/** Every migration, oldest first. A released one is never changed. */
export const MIGRATIONS = [CreateRegistryAndLog1790000000000];

const MIGRATION_LOCK = 7_790_001;

/** Brings the schema up to the newest version; several nodes may try at once, one of them does it. */
export async function migrate(ownerUrl: string): Promise<void> {
  await withMigrator(ownerUrl, async (db) => {
    await db.runMigrations({ transaction: 'each' });
  });
}

/** Takes back the newest migration. */
export async function revertMigration(ownerUrl: string): Promise<void> {
  await withMigrator(ownerUrl, async (db) => {
    await db.undoLastMigration({ transaction: 'each' });
  });
}

async function withMigrator(ownerUrl: string, work: (db: DataSource) => Promise<void>): Promise<void> {
  const db = new DataSource({
    type: 'postgres',
    url: ownerUrl,
    migrations: MIGRATIONS,
    migrationsTableName: 'migration',
    extra: { max: 2 },
  });
  await db.initialize();
  const lock = db.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await work(db);
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
    await db.destroy();
  }
}
