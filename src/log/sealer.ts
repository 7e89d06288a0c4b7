import { createCipheriv, randomBytes } from 'node:crypto';

import { Encrypter } from 'age-encryption';

import type { Clock } from '../shared/clock.js';

/** One data key of limited life. `seal` numbers its nonces, so a key is used by one process only. */
export class DataKey {
  private sealed = 0;

  constructor(
    readonly id: number,
    private readonly key: Buffer,
    private readonly expiresAt: number,
  ) {}

  isGoodFor(openings: number, now: number): boolean {
    return now < this.expiresAt && this.sealed + openings <= MOST_OPENINGS;
  }

  /** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes). */
  seal(opening: Buffer): Buffer {
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(this.sealed++, 8);
    const cipher = createCipheriv('aes-256-gcm', this.key, nonce);
    const body = cipher.update(opening);
    cipher.final();
    return Buffer.concat([nonce, body, cipher.getAuthTag()]);
  }
}

const LIFE_MS = 3_600_000;
const MOST_OPENINGS = 1_000_000;

export interface DataKeyStore {
  recipients(): Promise<string[]>;
  /** Stores a wrapped key, durably, and answers its id. */
  save(createdAt: number, wrapped: Buffer): Promise<number>;
}

/**
 * Owns the data key that openings are sealed under. The key itself stays in this process; what is stored is an
 * age file (age-encryption.org/v1) that only the auditors' identities open. A key is stored before its first use.
 */
export class Sealer {
  private current: DataKey | undefined;
  private making: Promise<DataKey> | undefined;

  constructor(
    private readonly store: DataKeyStore,
    private readonly clock: Clock,
  ) {}

  /** A key with room for so many openings; made when the present one has reached its end. */
  keyFor(openings: number): DataKey | Promise<DataKey> {
    if (this.current?.isGoodFor(openings, this.clock.now())) return this.current;
    this.making ??= this.make().finally(() => (this.making = undefined));
    return this.making;
  }

  private async make(): Promise<DataKey> {
    const recipients = await this.store.recipients();
    if (recipients.length === 0) throw new Error('no auditor recipient: nothing may be logged');
    const now = this.clock.now();
    const key = randomBytes(32);
    const id = await this.store.save(now, await wrap(key, recipients));
    return (this.current = new DataKey(id, key, now + LIFE_MS));
  }
}

async function wrap(key: Buffer, recipients: string[]): Promise<Buffer> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(key));
}
