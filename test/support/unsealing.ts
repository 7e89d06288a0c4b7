import { createDecipheriv } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Decrypter } from 'age-encryption';

import type { TestApp } from './app.js';

/** What the auditor makes of an entry's opening: its bytes. */
export async function unseal(app: TestApp, index: number): Promise<Buffer> {
  const { body } = await app.as('auditor').get(`/v1/log-entries/${index}`).expect(200);
  const key = await openKey(app, Buffer.from(body.data_key, 'base64'));
  const sealed = Buffer.from(body.sealed, 'base64');
  const decipher = createDecipheriv('aes-256-ctr', key, sealed.subarray(0, 16));
  return Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]);
}

async function openKey(app: TestApp, wrapped: Buffer): Promise<Uint8Array> {
  const text = await readFile(join(app.home, 'auditor.key'), 'utf8');
  const decrypter = new Decrypter();
  decrypter.addIdentity(text.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY-'))!);
  return decrypter.decrypt(wrapped);
}
