import { createHash, hkdfSync } from 'node:crypto';

import type { FastifyRequest } from 'fastify';

import type { Idempotency } from '../../shared/caller.js';
import { canonicalJson, type Json } from '../../shared/canonical-json.js';
import { invalidInput } from '../../shared/errors.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * What a request with an Idempotency-Key is recognised by, and the key that seals its answer. That key comes
 * from the caller's secret, which is not stored: an answer may hold a secret that is shown once.
 */
export function readIdempotency(request: FastifyRequest, secret: string): Idempotency {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string' || !KEY.test(key))
    throw invalidInput(
      '/Idempotency-Key',
      'idempotency_key',
      'an Idempotency-Key has 1 to 255 visible characters',
    );
  return {
    keyDigest: createHash('sha256').update(key).digest(),
    sealKey: Buffer.from(hkdfSync('sha256', secret, key, 'wegwijzer idempotency', 32)),
    fingerprint: fingerprintOf(request),
  };
}

/** A body that is still a stream is not part of it; whoever reads that one adds its digest. */
function fingerprintOf(request: FastifyRequest): Buffer {
  const isStream = typeof (request.body as { pipe?: unknown } | null)?.pipe === 'function';
  return createHash('sha256')
    .update(`${request.method} ${request.url}\n`)
    .update(isStream || request.body === undefined ? '' : canonicalJson(request.body as Json))
    .digest();
}
