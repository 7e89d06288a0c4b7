import type { EntityManager } from 'typeorm';

const KEPT_MS = 24 * 3_600_000;

export interface StoredAnswer {
  fingerprint: Buffer;
  sealed_answer: Buffer;
}

/** Also takes a lock on the key until the transaction ends. */
export async function selectAnswer(
  manager: EntityManager,
  credentialId: string,
  keyDigest: Buffer,
): Promise<StoredAnswer | undefined> {
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `idempotency ${credentialId} ${keyDigest.toString('hex')}`,
  ]);
  const [row] = await manager.query<StoredAnswer[]>(
    'SELECT fingerprint, sealed_answer FROM idempotency WHERE credential_id = $1 AND key_digest = $2',
    [credentialId, keyDigest],
  );
  return row;
}

export async function insertAnswer(
  manager: EntityManager,
  answer: { credentialId: string; keyDigest: Buffer; fingerprint: Buffer; sealedAnswer: Buffer; at: number },
): Promise<void> {
  await manager.query(
    `INSERT INTO idempotency (credential_id, key_digest, fingerprint, sealed_answer, created_at)
     VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))`,
    [answer.credentialId, answer.keyDigest, answer.fingerprint, answer.sealedAnswer, answer.at],
  );
}

/** Forgets a few answers that are older than a day: each request that stores one pays for its own share. */
export async function purgeAnswers(manager: EntityManager, now: number): Promise<void> {
  await manager.query(
    `DELETE FROM idempotency WHERE (credential_id, key_digest) IN (
       SELECT credential_id, key_digest FROM idempotency
       WHERE created_at < to_timestamp($1::float8 / 1000) LIMIT 10 FOR UPDATE SKIP LOCKED)`,
    [now - KEPT_MS],
  );
}
