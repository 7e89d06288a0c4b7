export const ROLES = ['admin', 'partner', 'authority', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks: the credential that was shown, and what it is bound to. First argument of every service method. */
export interface Caller {
  credentialId: string;
  role: Role;
  /** SHA-256 of the secret that was shown, in hex. */
  secretHash: string;
  /** Row id and code of the partner that a `partner` credential is bound to. */
  partner: { id: number; code: string } | null;
  /** Row id and code of the authority that an `authority` credential is bound to. */
  authority: { id: number; code: string } | null;
  /** Given with a request that must take effect at most once. */
  idempotency?: Idempotency;
}

/** An Idempotency-Key: its digest, what the request was, and the key that seals the stored answer. */
export interface Idempotency {
  keyDigest: Buffer;
  fingerprint: Buffer;
  sealKey: Buffer;
}

/** How the log names the one who acts: never a person, always a credential. */
export function actorOf(caller: Caller): { role: Role; credential: string; [binding: string]: string } {
  return {
    role: caller.role,
    credential: caller.credentialId,
    ...(caller.partner && { partner: caller.partner.code }),
    ...(caller.authority && { authority: caller.authority.code }),
  };
}
