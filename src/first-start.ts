import { randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { INestApplicationContext } from '@nestjs/common';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import pg from 'pg';
import { DataSource } from 'typeorm';

import { loadDemo } from './demo/load-demo.js';
import { Changes } from './log/changes.js';
import { AuthoritiesService } from './partners/authorities.service.js';
import { CredentialsService } from './partners/credentials.service.js';
import { LEGAL_BASES } from './partners/legal-basis.js';
import type { Config } from './platform/config.js';
import type { Caller } from './shared/caller.js';

/** The name by which the log knows what the first start did. */
const FIRST_START: Caller = {
  credentialId: 'first-start',
  role: 'admin',
  secretHash: '',
  partner: null,
  authority: null,
};

const FIRST_START_LOCK = 7_790_002;
const DEMO_CREDENTIALS = 3;

export interface Credentials {
  admin: string;
  auditor: string;
  authority: string;
  partners?: Record<string, string>;
}

/**
 * Gives a new log its name and its first auditors, as the owner: the program itself may do neither. Without
 * configured recipients a key pair is made, whose secret half goes to `auditor.key` for the auditor to take away.
 * Answers the log's name, and where the key is if it was made now.
 */
export async function openLog(
  config: Config,
  ownerUrl: string,
): Promise<{ origin: string; auditorKey: string | null }> {
  const client = new pg.Client({ connectionString: ownerUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [FIRST_START_LOCK]);
    const { rows } = await client.query<{ origin: string }>('SELECT origin FROM log_head');
    if (rows[0]) return { origin: rows[0].origin, auditorKey: null };
    return await startLog(config, client);
  } finally {
    await client.end();
  }
}

async function startLog(
  config: Config,
  client: pg.Client,
): Promise<{ origin: string; auditorKey: string | null }> {
  const origin = config.logOrigin ?? `wegwijzer.local/${randomBytes(6).toString('hex')}`;
  let auditorKey: string | null = null;
  let recipients = config.auditorRecipients;
  if (recipients.length === 0) {
    const identity = await generateX25519Identity();
    recipients = [await identityToRecipient(identity)];
    auditorKey = join(config.home, 'auditor.key');
    await writePrivate(auditorKey, `# public key: ${recipients[0]}\n${identity}\n`);
  }
  await client.query('BEGIN');
  await client.query('INSERT INTO auditor_recipient SELECT unnest($1::text[]), now()', [recipients]);
  await client.query('INSERT INTO log_head (origin, size, serial) VALUES ($1, 0, 0)', [origin]);
  await client.query('COMMIT');
  return { origin, auditorKey };
}

/**
 * Fills an empty registry: the demo if wanted, the authority CIOT, and one credential per role, whose secrets go
 * to `credentials.json`. That comes last and the registry counts as empty until then, so a start that was killed
 * is made good by the next one. Answers the secrets; `null` where there were credentials before.
 */
export async function fillRegistry(
  app: INestApplicationContext,
  config: Config,
): Promise<Credentials | null> {
  const runner = app.get(DataSource).createQueryRunner();
  try {
    await runner.query('SELECT pg_advisory_lock($1)', [FIRST_START_LOCK]);
    const found = (await runner.query('SELECT FROM credential LIMIT 1')) as unknown[];
    if (found.length > 0) return null;
    const partners = config.demo ? await loadDemo(app, FIRST_START) : [];
    await admitAuthority(app);
    return await issueCredentials(app, config, partners.slice(0, DEMO_CREDENTIALS));
  } finally {
    await runner.query('SELECT pg_advisory_unlock($1)', [FIRST_START_LOCK]).catch(() => undefined);
    await runner.release();
  }
}

async function admitAuthority(app: INestApplicationContext): Promise<void> {
  const authorities = app.get(AuthoritiesService);
  const page = await authorities.list(FIRST_START, {});
  if (page.items.length > 0) return;
  const input = { code: 'CIOT', name: 'Central information point', legal_bases: [...LEGAL_BASES] };
  await authorities.create(FIRST_START, input);
}

/** All in one change, and the file before the commit: there is never a credential whose secret nobody got. */
async function issueCredentials(
  app: INestApplicationContext,
  config: Config,
  partners: string[],
): Promise<Credentials> {
  const credentials = app.get(CredentialsService);
  return app.get(Changes).run(FIRST_START, 'credential', async (change) => {
    const issue = async (input: Parameters<CredentialsService['issueWithin']>[1]) =>
      (await credentials.issueWithin(change, input)).secret;
    const secrets: Credentials = {
      admin: await issue({ role: 'admin', label: 'first start' }),
      auditor: await issue({ role: 'auditor', label: 'first start' }),
      authority: await issue({ role: 'authority', authority: 'CIOT', label: 'first start' }),
    };
    if (partners.length > 0) secrets.partners = {};
    for (const partner of partners)
      secrets.partners![partner] = await issue({ role: 'partner', partner, label: 'first start' });
    change.record('credential.issued', { count: 3 + partners.length, reason: 'first start' });
    await writePrivate(join(config.home, 'credentials.json'), `${JSON.stringify(secrets, null, 2)}\n`);
    return secrets;
  });
}

/** On disk, complete, once it resolves: what is committed next cannot be had again without this file. */
async function writePrivate(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(dirname(path));
  await folder.sync().finally(() => folder.close());
}
