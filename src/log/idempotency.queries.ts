import type { EntityManager } from 'typeorm';

const KEPT_MS = 24 * 3_600_000;

export interface StoredAnswer {
  fingerprint: Buffer;
  sealed_answer: Buffer;
}

/** The answer that is not older than a day; also takes a lock on the key until the transaction ends. */
export async function selectAnswer(
  manager: EntityManager,
  credentialId: string,
  keyDigest: Buffer,
  now: number,
): Promise<StoredAnswer | undefined> {
  await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
    `idempotency ${credentialId} ${keyDigest.toString('hex')}`,
  ]);
  const [row] = await manager.query<StoredAnswer[]>(
    `SELECT fingerprint, sealed_answer FROM idempotency
     WHERE credential_id = $1 AND key_digest = $2 AND created_at >= to_timestamp($3::float8 / 1000)`,
    [credentialId, keyDigest, now - KEPT_MS],
  );
  return row;
}

/** Takes the place of one that is older than a day. */
export async function insertAnswer(
  manager: EntityManager,
  answer: { credentialId: string; keyDigest: Buffer; fingerprint: Buffer; sealedAnswer: Buffer; at: number },
): Promise<void> {
  await manager.query(
    `INSERT INTO idempotency (credential_id, key_digest, fingerprint, sealed_answer, created_at)
     VALUES ($1, $2, $3, $4, to_timestamp($5::float8 / 1000))
     ON CONFLICT (credential_id, key_digest) DO UPDATE SET fingerprint = excluded.fingerprint,
       sealed_answer = excluded.sealed_answer, created_at = excluded.created_at`,
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
