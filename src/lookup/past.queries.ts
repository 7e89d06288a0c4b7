import type pg from 'pg';

import { timestampOf } from '../platform/database/sql-instant.js';
import type { Layer } from './routing-index.js';

const AT = timestampOf('asked.at');

/** What held a number at an instant; `layer` null where no layer has it. */
export interface PastRow {
  place: number;
  layer: Layer | null;
  first: number;
  last: number;
  from: number;
  to: number;
  partner_id: number | null;
  network: string | null;
}

/**
 * The strongest layer's row for each number at its instant, in the order asked, with the serial that all of them
 * were read at. For instants other than now, which the index does not hold.
 */
export async function selectAt(
  pool: pg.Pool | pg.PoolClient,
  numbers: number[],
  instants: number[],
): Promise<{ serial: number; rows: PastRow[] }> {
  const { rows } = await pool.query<PastRow & { serial: number }>({
    name: 'select-at',
    text: `
      SELECT (SELECT serial FROM log_head) AS serial, asked.place::int, found.layer, found.partner_id, found.network,
        lower(found.numbers) AS first, upper(found.numbers) - 1 AS last,
        coalesce(extract(epoch FROM lower(found.effective)) * 1000, '-infinity')::float8 AS "from",
        coalesce(extract(epoch FROM upper(found.effective)) * 1000, 'infinity')::float8 AS "to"
      FROM unnest($1::bigint[], $2::float8[]) WITH ORDINALITY AS asked (number, at, place)
      LEFT JOIN LATERAL (
        (SELECT 1 AS strength, 'number_port' AS layer, numbers, effective, recipient_id AS partner_id, network FROM number_port
         WHERE numbers @> asked.number AND effective @> ${AT} AND withdrawn_at IS NULL)
        UNION ALL
        (SELECT 2, 'assignment', numbers, effective, partner_id, NULL FROM assignment
         WHERE numbers @> asked.number AND effective @> ${AT} AND withdrawn_at IS NULL)
        UNION ALL
        (SELECT 3, 'block', numbers, effective, NULL, NULL FROM number_block
         WHERE numbers @> asked.number AND effective @> ${AT})
        ORDER BY strength LIMIT 1
      ) AS found ON true
      ORDER BY asked.place`,
    values: [numbers, instants],
  });
  return { serial: rows[0]!.serial, rows };
}
