import { hash } from 'node:crypto';

import { type Caller, actorOf } from '../shared/caller.js';
import { canonicalJson, type Json } from '../shared/canonical-json.js';
import { formatInstant } from '../shared/instant.js';

/**
 * Leaves, the public bytes of entries: RFC 8785 canonical JSON. A change is told in the clear; a lookup only by
 * its commitment, the SHA-256 of its opening, whose random salt keeps anyone from guessing a number back.
 */
export function changeLeaf(caller: Caller, at: number, detail: Json): Buffer {
  return Buffer.from(
    canonicalJson({ v: 1, at: formatInstant(at), kind: 'change', actor: actorOf(caller), detail }),
  );
}

const MOST_NAMED = 100;

/** A list as an entry tells it: how many there are, and the first of them, for a leaf has at most 65,535 bytes. */
export function excerpt(items: Json[]): Json {
  return { count: items.length, first: items.slice(0, MOST_NAMED) };
}

/** Keys stand in canonical order; `at` is when the entry was made. */
export function lookupLeaf(at: string, commitment: string): Buffer {
  return Buffer.from(`{"at":"${at}","commitment":"${commitment}","kind":"lookup","v":1}`);
}

/** The base64 commitment to an opening. */
export function commitmentTo(opening: Buffer): string {
  return hash('sha256', opening, 'base64');
}

const LEAF_PREFIX = Buffer.of(0);

/** RFC 6962, 2.1: SHA-256 over a zero byte and the leaf; in base64. */
export function leafHash(leaf: Buffer): string {
  return hash('sha256', Buffer.concat([LEAF_PREFIX, leaf]), 'base64');
}
