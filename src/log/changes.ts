import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import { SQL_STATE, sqlStateOf } from '../platform/database/sql-states.js';
import type { Caller, Idempotency } from '../shared/caller.js';
import type { Json } from '../shared/canonical-json.js';
import { Clock } from '../shared/clock.js';
import { Problem } from '../shared/errors.js';
import { Turns } from '../shared/turns.js';
import { changeLeaf } from './entry.js';
import { insertAnswer, purgeAnswers, selectAnswer } from './idempotency.queries.js';
import { appendChange, beginChange, type ChangeScope, selectNewestInstant } from './log.queries.js';

/** A change under way. */
export interface Change {
  manager: EntityManager;
  /** Goes into the `change` column of every row that it writes. */
  id: number;
  /** Its instant: not before that of a change that was committed before it began, whatever the nodes' clocks say. */
  at: number;
  /** Takes the instant anew: for one that has waited for a lock, as if it had begun only now. */
  beginAnew(): Promise<void>;
  /** Says what was done, for the log. A change that records nothing changed nothing, and leaves no entry. */
  record(action: string, detail: Record<string, Json | undefined>): void;
}

const MOST_TRIES = 5;

/**
 * Changes under way at once. Others wait without a connection, so that reads always find one. Those of numbers
 * wait for one another, for minutes behind a long import; a credential is revoked all the same.
 */
const NUMBERING_AT_ONCE = 4;
const OTHERS_AT_ONCE = 4;
const NUMBERING: ChangeScope[] = ['number_block', 'assignment', 'number_port'];

/**
 * The one place that owns a change's transaction: rows, serial, entry and idempotent answer commit together or
 * not at all.
 */
@Injectable()
export class Changes {
  private readonly numbering = new Turns(NUMBERING_AT_ONCE);
  private readonly others = new Turns(OTHERS_AT_ONCE);

  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Carries out `work`; it may run again after a deadlock, so it has no effects but on the database. */
  async run<T extends object>(
    caller: Caller,
    scope: ChangeScope,
    work: (change: Change) => Promise<T>,
  ): Promise<T> {
    const turns = NUMBERING.includes(scope) ? this.numbering : this.others;
    return turns.take(() => this.retrying(caller, scope, work));
  }

  private async retrying<T extends object>(
    caller: Caller,
    scope: ChangeScope,
    work: (change: Change) => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.db.transaction((manager) => this.attempt(manager, caller, scope, work));
      } catch (error) {
        const state = sqlStateOf(error);
        if (state === SQL_STATE.lockNotAvailable)
          throw new Problem(
            'unavailable',
            'another change is under way for long: nothing was changed, try again shortly',
          );
        const again = state === SQL_STATE.deadlockDetected || state === SQL_STATE.serializationFailure;
        if (!again || tries === MOST_TRIES) throw error;
      }
    }
  }

  private async attempt<T extends object>(
    manager: EntityManager,
    caller: Caller,
    scope: ChangeScope,
    work: (change: Change) => Promise<T>,
  ): Promise<T> {
    const stored = await storedAnswer<T>(manager, caller, this.clock.now());
    if (stored) return stored;
    let detail: Json | undefined;
    const change: Change = {
      manager,
      id: await beginChange(manager),
      at: 0,
      beginAnew: async () =>
        void (change.at = Math.max(this.clock.now(), await selectNewestInstant(manager))),
      record: (action, what) => void (detail = { action, ...what }),
    };
    await change.beginAnew();
    const answer = await work(change);
    const { id, at } = change;
    if (caller.idempotency) await storeAnswer(manager, caller, at, answer);
    if (detail) await appendChange(manager, { id, scope, at }, changeLeaf(caller, at, detail));
    return answer;
  }
}

/** The answer that this key got before. A second request with the key waits here until the first has ended. */
async function storedAnswer<T>(manager: EntityManager, caller: Caller, now: number): Promise<T | undefined> {
  const { idempotency } = caller;
  if (!idempotency) return undefined;
  const stored = await selectAnswer(manager, caller.credentialId, idempotency.keyDigest, now);
  if (!stored) return undefined;
  if (!stored.fingerprint.equals(idempotency.fingerprint))
    throw new Problem(
      'idempotency_key_reused',
      'this Idempotency-Key was used for another request: take a new one',
    );
  return openAnswer<T>(idempotency, stored.sealed_answer);
}

async function storeAnswer(
  manager: EntityManager,
  caller: Caller,
  at: number,
  answer: object,
): Promise<void> {
  const { keyDigest, fingerprint } = caller.idempotency!;
  await purgeAnswers(manager, at);
  await insertAnswer(manager, {
    credentialId: caller.credentialId,
    keyDigest,
    fingerprint,
    sealedAnswer: sealAnswer(caller.idempotency!, answer),
    at,
  });
}

function sealAnswer({ sealKey, fingerprint }: Idempotency, answer: object): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(fingerprint);
  const body = Buffer.concat([cipher.update(JSON.stringify(answer)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]);
}

function openAnswer<T>({ sealKey, fingerprint }: Idempotency, sealed: Buffer): T {
  try {
    const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, 12))
      .setAAD(fingerprint)
      .setAuthTag(sealed.subarray(12, 28));
    return JSON.parse(
      Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString(),
    ) as T;
  } catch {
    throw new Problem(
      'idempotency_key_reused',
      'this Idempotency-Key was used under another secret: take a new one',
    );
  }
}
