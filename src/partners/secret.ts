import { hash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { type Role, ROLES } from '../shared/caller.js';

/**
 * A secret: `wegwijzer_<role>_` + 43 characters (256 random bits) + 6 characters (their CRC-32), in base 62. The
 * prefix lets a scanner of code and logs recognise one that leaked; the checksum lets a mistyped one be refused
 * without asking the database.
 */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET = new RegExp(`^wegwijzer_(${ROLES.join('|')})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$`);

export function createSecret(role: Role): string {
  const body = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), 43);
  return `wegwijzer_${role}_${body}${checksum(role, body)}`;
}

/** The role in a well-formed secret's prefix; `undefined` for anything else. */
export function roleOfSecret(secret: string): Role | undefined {
  const match = SECRET.exec(secret);
  if (!match || checksum(match[1]!, match[2]!) !== match[3]) return undefined;
  return match[1] as Role;
}

/** What is stored of a secret. With 256 random bits a plain SHA-256 cannot be searched back. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** The same in hex, as the view of the registry keeps it: half the time of a Buffer that is turned into hex. */
export function secretDigest(secret: string): string {
  return hash('sha256', secret, 'hex');
}

function checksum(role: string, body: string): string {
  return base62(BigInt(crc32(`${role}_${body}`)), 6);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n) text = DIGITS[Number(rest % 62n)]! + text;
  return text;
}
