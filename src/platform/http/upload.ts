import { createHash, type Hash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { ApiBody, ApiConsumes, ApiExtension } from '@nestjs/swagger';
import { applyDecorators } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { Caller } from '../../shared/caller.js';
import { Problem } from '../../shared/errors.js';
import { formatOfMediaType, readTable } from '../../shared/table-reader.js';
import type { TableColumn, TableRow } from '../../shared/table-row.js';
import { Turns } from '../../shared/turns.js';

/** A file that is being received. Read it once, to its end. */
export interface Upload {
  rows(columns: readonly TableColumn[]): AsyncGenerator<TableRow[]>;
  /** The caller whose idempotency fingerprint covers the bytes as well; valid once all rows were read. */
  callerOf(caller: Caller): Caller;
}

/** Imports that are received and carried out at once; the others wait, unread. Each holds its rows in memory. */
const turns = new Turns(4);

/**
 * Carries out `work` with the body of a request as rows. Throws `unsupported_media_type`; reading may throw what
 * `readTable` throws.
 */
export async function receive<T>(request: FastifyRequest, work: (upload: Upload) => Promise<T>): Promise<T> {
  const format = formatOfMediaType(request.headers['content-type']);
  const body = request.body as Readable | undefined;
  if (!format || typeof body?.pipe !== 'function')
    throw new Problem('unsupported_media_type', 'send text/csv or application/x-ndjson, in UTF-8');
  const encoding = encodingOf(request);
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new Problem('unsupported_media_type', 'send the file as it is, or with Content-Encoding: gzip');
  return turns.take(() => {
    const digest = createHash('sha256');
    const bytes = encoding === 'gzip' ? unpacked(body) : whole(body);
    return work({
      rows: (columns) => counted(readTable(hashed(bytes, digest), format, columns)),
      callerOf: (caller) => withDigest(caller, digest),
    });
  });
}

function encodingOf(request: FastifyRequest): string {
  return request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
}

const MOST_ROWS = 2_000_000;

async function* counted(batches: AsyncGenerator<TableRow[]>): AsyncGenerator<TableRow[]> {
  let rows = 0;
  for await (const batch of batches) {
    rows += batch.length;
    if (rows > MOST_ROWS)
      throw new Problem('body_too_large', `an import takes at most ${MOST_ROWS} rows: send several`);
    yield batch;
  }
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, digest: Hash): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of bytes) {
      digest.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw brokenBody(error);
  }
}

/**
 * The bytes as they come. Where the reader leaves early, the rest is read and dropped: a client that is still
 * sending would otherwise see a broken connection in place of the answer.
 */
async function* whole(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } finally {
    body.on('error', () => undefined).resume();
  }
}

/** The bytes unpacked; where the reader leaves early nothing more is unpacked, however much would come out. */
async function* unpacked(body: Readable): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip().on('error', () => undefined);
  // `pipe` passes no failure on: after a connection that breaks, the reader would wait for ever.
  body.once('close', () => {
    if (!body.readableEnded) gunzip.destroy(new Error('the body broke off'));
  });
  try {
    yield* body.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } finally {
    body.unpipe(gunzip);
    gunzip.destroy();
    body.on('error', () => undefined).resume();
  }
}

/** Nobody but the client can mend these: nothing is wrong here. */
function brokenBody(error: unknown): Problem {
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code.startsWith('Z_'))
    return new Problem('malformed_body', 'the gzip data is broken or ends too early');
  return new Problem('malformed_body', 'the connection broke off before the end of the file');
}

function withDigest(caller: Caller, digest: Hash): Caller {
  if (!caller.idempotency) return caller;
  const fingerprint = createHash('sha256')
    .update(caller.idempotency.fingerprint)
    .update(digest.digest())
    .digest();
  return { ...caller, idempotency: { ...caller.idempotency, fingerprint } };
}

/** Where an operation says how its body may look, by media type; `openapi.ts` puts it there. */
export const BODY_EXAMPLES = 'x-body-examples';

/** Documents the body of an import, by some of its rows. */
export function ApiUpload(description: string, rows: Record<string, string>[]): MethodDecorator {
  const csv = [Object.keys(rows[0]!), ...rows.map((row) => Object.values(row))].map((cells) =>
    cells.join(','),
  );
  const ndjson = rows.map((row) => JSON.stringify(row));
  return applyDecorators(
    ApiConsumes('text/csv', 'application/x-ndjson'),
    ApiBody({
      description: `${description} UTF-8; with \`Content-Encoding: gzip\` if wanted.`,
      required: true,
      schema: { type: 'string' },
    }),
    ApiExtension(BODY_EXAMPLES, {
      'text/csv': `${csv.join('\n')}\n`,
      'application/x-ndjson': `${ndjson.join('\n')}\n`,
    }),
  );
}
