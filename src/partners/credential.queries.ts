import type { DataSource } from 'typeorm';

import type { Change } from '../log/changes.js';
import type { Role } from '../shared/caller.js';

/** A credential as the guard needs it. */
export interface CredentialRow {
  id: string;
  role: Role;
  partner_id: number | null;
  partner_code: string | null;
  authority_id: number | null;
  authority_code: string | null;
}

/** The credential whose secret has this hash, if it works at `now`. */
export async function selectWorkingCredential(
  db: DataSource,
  secretHash: Buffer,
  now: number,
): Promise<CredentialRow | undefined> {
  const [row] = await db.query<CredentialRow[]>(
    `SELECT credential.id, role, partner_id, partner.code AS partner_code, authority_id, authority.code AS authority_code
     FROM credential
     LEFT JOIN partner ON partner.id = partner_id
     LEFT JOIN authority ON authority.id = authority_id
     WHERE (secret_hash = $1 OR (previous_hash = $1 AND previous_expires_at > to_timestamp($2::float8 / 1000)))
       AND revoked_at IS NULL AND partner.state IS DISTINCT FROM 'closed' AND (expires_at IS NULL OR expires_at > to_timestamp($2::float8 / 1000))`,
    [secretHash, now],
  );
  return row;
}

/** Revokes what works of a partner's credentials; answers how many. */
export async function revokeCredentialsOf(change: Change, partnerId: number): Promise<number> {
  const [, count] = await change.manager.query<[unknown, number]>(
    `UPDATE credential SET revoked_at = to_timestamp($2::float8 / 1000), change = $3
     WHERE partner_id = $1 AND revoked_at IS NULL`,
    [partnerId, change.at, change.id],
  );
  return count;
}

/** Whether an admin credential other than this one works. Two that are revoked at once wait for each other here. */
export async function hasOtherAdmin(change: Change, id: string): Promise<boolean> {
  const others = await change.manager.query<unknown[]>(
    `SELECT FROM credential
     WHERE role = 'admin' AND id <> $1 AND revoked_at IS NULL
       AND (expires_at IS NULL OR expires_at > to_timestamp($2::float8 / 1000)) FOR UPDATE`,
    [id, change.at],
  );
  return others.length > 0;
}

/** Notes when credentials were last used; the later instant stays. */
export async function upsertLastUses(db: DataSource, uses: Map<string, number>): Promise<void> {
  await db.query(
    `INSERT INTO credential_use (credential_id, last_used_at)
     SELECT id, to_timestamp(at / 1000) FROM unnest($1::uuid[], $2::float8[]) AS used (id, at)
     ON CONFLICT (credential_id)
     DO UPDATE SET last_used_at = greatest(credential_use.last_used_at, excluded.last_used_at)`,
    [[...uses.keys()], [...uses.values()]],
  );
}

export async function selectLastUses(db: DataSource, ids: string[]): Promise<Map<string, Date>> {
  const rows = await db.query<{ credential_id: string; last_used_at: Date }[]>(
    'SELECT credential_id, last_used_at FROM credential_use WHERE credential_id = ANY ($1::uuid[])',
    [ids],
  );
  return new Map(rows.map((row) => [row.credential_id, row.last_used_at]));
}
