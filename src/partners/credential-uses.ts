import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../shared/clock.js';
import { selectLastUses, upsertLastUses } from './credential.queries.js';

const WRITE_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;

/** Owns the last uses that are not written yet. Kept to the minute: a use is no change to the registry. */
@Injectable()
export class CredentialUses implements OnApplicationShutdown {
  private readonly noted = new Map<string, number>();
  private unwritten = new Map<string, number>();
  private readonly timer = setInterval(() => void this.write(), WRITE_EVERY_MS).unref();

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  note(credentialId: string): void {
    const minute = Math.floor(this.clock.now() / MINUTE_MS) * MINUTE_MS;
    if (this.noted.get(credentialId) === minute) return;
    this.noted.set(credentialId, minute);
    this.unwritten.set(credentialId, minute);
  }

  async of(credentialIds: string[]): Promise<Map<string, Date>> {
    await this.write();
    return selectLastUses(this.db, credentialIds);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.write();
  }

  private async write(): Promise<void> {
    if (this.unwritten.size === 0) return;
    const uses = this.unwritten;
    this.unwritten = new Map();
    await upsertLastUses(this.db, uses).catch(() => {
      for (const [id, at] of uses) if (!this.unwritten.has(id)) this.unwritten.set(id, at);
    });
  }
}
