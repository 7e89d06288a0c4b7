import { createHash } from 'node:crypto';

import { ApiSchema } from '@nestjs/swagger';

import { type InputError, Problem } from '../../shared/errors.js';
import { EnumField, IntegerField, ListField, TextField } from './fields.js';
import { InputErrorDto } from './problem.dto.js';

export const IMPORT_MODES = ['plan', 'apply'] as const;
export type ImportMode = (typeof IMPORT_MODES)[number];

const HASH_EXAMPLE = 'b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c';
const SWITCH = { values: ['true', 'false'], name: 'Switch', meaning: 'Yes or no.' };

export class ImportQuery {
  @EnumField({
    description: '`plan` says what would happen and changes nothing; `apply` does it, in one transaction.',
    example: 'plan',
    values: IMPORT_MODES,
    name: 'ImportMode',
  })
  mode: ImportMode;

  @TextField({
    description: 'The `hash` of a plan: the file is applied only if that would do just what was planned.',
    example: HASH_EXAMPLE,
    optional: true,
    pattern: /^[0-9a-f]{64}$/,
    max: 64,
  })
  hash?: string;

  @EnumField({
    description: 'Applies the good rows where others are rejected.',
    example: 'false',
    ...SWITCH,
    optional: true,
  })
  partial?: 'true' | 'false';
}

@ApiSchema({ name: 'ImportReport', description: 'What an import did, or would do.' })
export class ImportReport {
  @EnumField({ description: 'As asked.', example: 'plan', values: IMPORT_MODES, name: 'ImportMode' })
  mode: ImportMode;

  @EnumField({
    description: 'What became of it.',
    example: 'planned',
    values: ['planned', 'applied'],
    name: 'ImportState',
  })
  state: 'planned' | 'applied';

  @TextField({ description: 'Give it with `mode=apply` to do just this.', example: HASH_EXAMPLE })
  hash: string;

  @IntegerField({ description: 'Rows of the file.', example: 18_735 })
  rows: number;

  @IntegerField({
    description: 'Resources that are new, left-over pieces of carved ones included.',
    example: 18_000,
  })
  created: number;

  @IntegerField({ description: 'Resources that are changed; of ranges: that end earlier.', example: 12 })
  updated: number;

  @IntegerField({ description: 'Ranges that give way before they took effect.', example: 0 })
  withdrawn: number;

  @IntegerField({ description: 'Rows that say what is there already.', example: 722 })
  unchanged: number;

  @IntegerField({ description: 'Rows that cannot be applied.', example: 1 })
  rejected: number;

  @ListField({
    description: 'The first hundred of them.',
    example: [
      {
        pointer: '/17/partner',
        code: 'unknown_partner',
        detail: 'there is no partner with this code',
        line: 17,
        column: 27,
      },
    ],
    of: () => InputErrorDto,
  })
  rejects: InputError[];
}

export type ImportCounts = Pick<ImportReport, 'rows' | 'created' | 'updated' | 'withdrawn' | 'unchanged'>;

const MOST_SHOWN = 100;
const MOST_REJECTS = 10_000;

/** Gives up on a file of which so many rows cannot be read: it is another file than was meant. */
export function checkRejects(rejects: InputError[]): void {
  if (rejects.length > MOST_REJECTS)
    throw new Problem('rows_rejected', `more than ${MOST_REJECTS} rows cannot be read; nothing was changed`, {
      errors: rejects.slice(0, MOST_SHOWN),
      rejected: rejects.length,
    });
}

/**
 * Holds a plan against what was asked: the report where it may go on. Throws `registry_moved` where `hash` names
 * another plan, and `rows_rejected` where rows cannot be applied and `partial` is not given.
 */
export function settleImport(
  query: ImportQuery,
  counts: ImportCounts,
  rejects: InputError[],
  planParts: (string | number)[],
): ImportReport {
  const hash = createHash('sha256').update(JSON.stringify(planParts)).digest('hex');
  const shown = rejects.slice(0, MOST_SHOWN);
  if (query.mode === 'apply' && query.hash !== undefined && query.hash !== hash)
    throw new Problem(
      'registry_moved',
      'this would not do what was planned: the registry, the file or an option is another; plan again',
    );
  if (query.mode === 'apply' && rejects.length > 0 && query.partial !== 'true')
    throw new Problem(
      'rows_rejected',
      `${rejects.length} of ${counts.rows} rows cannot be applied; nothing was changed`,
      {
        errors: shown,
        rejected: rejects.length,
      },
    );
  const state = query.mode === 'plan' ? 'planned' : 'applied';
  return { mode: query.mode, state, hash, ...counts, rejected: rejects.length, rejects: shown };
}
