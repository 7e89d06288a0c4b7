import type pg from 'pg';

export function dumpSchema(client: pg.Client): Promise<string>;
