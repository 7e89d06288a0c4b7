import 'reflect-metadata';

import { Command } from 'commander';

import { type Config, ConfigError, loadConfig } from './platform/config.js';
import { migrate, revertMigration } from './platform/database/migrations.js';
import { reasonOf } from './platform/logging.js';

const program = new Command('wegwijzer')
  .description('Tells which partner holds the address data behind a number.')
  .showHelpAfterError();

program
  .command('serve')
  .description('run the service (settings come from the environment)')
  .action(async () => void (await import('./main.js')));

program
  .command('migrate')
  .description('bring the schema of the database at DATABASE_OWNER_URL or DATABASE_URL up to this version')
  .option('--down', 'take back the newest migration instead')
  .action(async ({ down }: { down?: boolean }) => {
    const url = ownerUrl(loadConfig(process.env));
    await (down ? revertMigration(url) : migrate(url));
    console.log(down ? 'the newest migration was taken back' : 'the schema is up to date');
  });

function ownerUrl({ databaseOwnerUrl }: Config): string {
  if (!databaseOwnerUrl)
    throw new ConfigError('set DATABASE_URL: the embedded database is migrated by its service');
  return databaseOwnerUrl;
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`wegwijzer: ${reasonOf(error)}`);
  process.exitCode = 1;
}
