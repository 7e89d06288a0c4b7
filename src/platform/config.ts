import { resolve } from 'node:path';

/** A setting that cannot be used; the message is one line that says what to do. */
export class ConfigError extends Error {}

export interface Config {
  host: string;
  port: number;
  /** Login of the service. Unset: the embedded server. */
  databaseUrl: string | null;
  /** Login that owns the schema and migrates; `databaseUrl` where it is not given. */
  databaseOwnerUrl: string | null;
  /** Login for all that a partner causes; `databaseUrl` where it is not given. */
  databaseTenantUrl: string | null;
  /** Directory of the embedded server, of keys and first credentials. */
  home: string;
  demo: boolean;
  /** E.164 calling code that a national number is read in. */
  defaultCountry: string;
  /** Name of the log in receipts and checkpoints; made on the first start where it is not given. */
  logOrigin: string | null;
  /** age recipients that the first start seals the log to; without any it makes `auditor.key`. */
  auditorRecipients: string[];
  logLevel: string;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** Reads and checks the environment: the one reader of `process.env`. Throws ConfigError. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  const databaseUrl = readDatabaseUrl(env, 'DATABASE_URL');
  return {
    host: read(env, 'HOST') ?? '127.0.0.1',
    port: readPort(read(env, 'PORT') ?? '3000'),
    databaseUrl,
    databaseOwnerUrl: readDatabaseUrl(env, 'DATABASE_OWNER_URL') ?? databaseUrl,
    databaseTenantUrl: readDatabaseUrl(env, 'DATABASE_TENANT_URL') ?? databaseUrl,
    home: resolve(read(env, 'WEGWIJZER_HOME') ?? '.wegwijzer'),
    demo: readSwitch(env, 'WEGWIJZER_DEMO') ?? databaseUrl === null,
    defaultCountry:
      readMatching(env, 'DEFAULT_COUNTRY', /^[1-9][0-9]{0,2}$/, 'a calling code such as 31') ?? '31',
    logOrigin: readMatching(env, 'LOG_ORIGIN', /^[^\s+]{1,100}$/, 'a name without spaces and plus signs'),
    auditorRecipients: readRecipients(read(env, 'AUDITOR_RECIPIENTS')),
    logLevel: readOneOf(env, 'LOG_LEVEL', LOG_LEVELS) ?? 'info',
  };
}

function read(env: NodeJS.ProcessEnv, name: string): string | null {
  const value = env[name]?.trim();
  return value ? value : null;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new ConfigError(`PORT is not a port: set it to a number from 0 to 65535`);
  return port;
}

function readDatabaseUrl(env: NodeJS.ProcessEnv, name: string): string | null {
  const value = read(env, name);
  if (value === null) return null;
  if (!URL.canParse(value) || !/^postgres(ql)?:$/.test(new URL(value).protocol))
    throw new ConfigError(`${name} is not an address: set it to postgres://user:password@host:port/database`);
  return value;
}

function readSwitch(env: NodeJS.ProcessEnv, name: string): boolean | null {
  const value = readOneOf(env, name, ['0', '1']);
  return value === null ? null : value === '1';
}

function readOneOf(env: NodeJS.ProcessEnv, name: string, values: string[]): string | null {
  const value = read(env, name);
  if (value !== null && !values.includes(value))
    throw new ConfigError(`${name} is not understood: set it to one of ${values.join(', ')}`);
  return value;
}

function readMatching(env: NodeJS.ProcessEnv, name: string, pattern: RegExp, what: string): string | null {
  const value = read(env, name);
  if (value !== null && !pattern.test(value))
    throw new ConfigError(`${name} is not understood: set it to ${what}`);
  return value;
}

function readRecipients(text: string | null): string[] {
  const recipients = text?.split(/[\s,]+/).filter(Boolean) ?? [];
  if (!recipients.every((recipient) => /^age1[02-9ac-hj-np-z]{58}$/.test(recipient)))
    throw new ConfigError(
      'AUDITOR_RECIPIENTS is not understood: set it to age recipients (age1…), comma-separated',
    );
  return recipients;
}
