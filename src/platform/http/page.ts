import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

import { invalidInput } from '../../shared/errors.js';
import { IntegerField, TextField } from './fields.js';

/** Which part of a list is asked for. */
export class PageQuery {
  @IntegerField({
    description: 'Most items to answer; 100 where it is left out.',
    example: 100,
    optional: true,
    min: 1,
    max: 1000,
    inAddress: true,
  })
  limit?: number;

  @TextField({
    description: 'The `next_cursor` of the page before; says where this page begins. Opaque.',
    example: 'WzMxODUwMjEwMDAwLDRd',
    optional: true,
  })
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export const DEFAULT_LIMIT = 100;

/** The keys after which a page begins, as `cursorOf` wrote them; their kinds are checked. */
export function readCursor(
  query: PageQuery,
  ...kinds: ('number' | 'string')[]
): (number | string)[] | undefined {
  if (query.cursor === undefined) return undefined;
  try {
    const keys: unknown = JSON.parse(Buffer.from(query.cursor, 'base64url').toString());
    if (Array.isArray(keys) && keys.length === kinds.length && keys.every((key, i) => isKey(key, kinds[i]!)))
      return keys;
  } catch {
    // Falls through: it is no cursor of ours.
  }
  throw invalidInput('/cursor', 'cursor', 'this is no next_cursor of this list');
}

/** Whoever made up a cursor must not get a value into a query that PostgreSQL cannot take. */
function isKey(key: unknown, kind: 'number' | 'string'): boolean {
  if (kind === 'number') return Number.isSafeInteger(key);
  return typeof key === 'string' && !/[\p{Cc}\p{Cs}]/u.test(key);
}

/** A page of at most `limit` items out of up to `limit + 1` that were read. */
export function pageOf<Row, View>(
  rows: Row[],
  query: PageQuery,
  view: (row: Row) => View,
  keysOf: (row: Row) => (number | string)[],
): Page<View> {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    next_cursor:
      rows.length > limit && last ? Buffer.from(JSON.stringify(keysOf(last))).toString('base64url') : null,
  };
}

/** Documents an answer `{items, next_cursor}` of such items. */
export function ApiPage(item: new () => object, description: string): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description,
      schema: {
        type: 'object',
        required: ['items', 'next_cursor'],
        properties: {
          items: { type: 'array', description, items: { $ref: getSchemaPath(item) } },
          next_cursor: {
            type: ['string', 'null'] as never,
            description: 'Give it as `cursor` to get the next page; `null` on the last one.',
            example: null,
          },
        },
      },
    }),
  );
}
