import { createReadStream } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

import { dealBlocks, dealRanges, PARTNERS, writeLines } from './assignments-file.js';
import { type LoadingReport } from './loading.js';
import { Worker } from './processes.js';
import { type Effort, type Finding, inTurn } from './rounds.js';
import type { RunningService, World } from './world.js';

const TEMPLATE = 'bench_import';
const OURS = 'bench_import_ours';
const FLOOR = 'bench_import_floor';

interface Files {
  csv: string;
  copy: string;
}

/** A whole file of assignments over HTTP, against COPY of the same rows into the same table of another clone. */
export async function benchImport(world: World, effort: Effort): Promise<Finding[]> {
  await prepareTemplate(world, effort.rows);
  const files = await writeFiles(world, effort.rows);
  const rounds = Math.min(effort.rounds, 3);
  const measured = await inTurn(
    rounds,
    async () => effort.rows / (await importOnce(world, files.csv, effort.rows)),
    async () => effort.rows / (await copyOnce(world, files.copy)),
  );
  const what = { name: 'import', unit: '/s', against: 'COPY into the same table, one transaction' };
  return [{ ...what, ...measured, demand: { atLeast: 0.4 }, notes: { rows: effort.rows } }];
}

/** The registry's load at start, against fetching the same rows; of the database that the import left. */
export async function benchLoading(world: World, effort: Effort): Promise<Finding[]> {
  if (!(await world.hasDatabase(OURS))) await benchImport(world, { ...effort, rounds: 1 });
  const worker = await Worker.start('./loading.js', { nodeArguments: ['--expose-gc'] });
  const { ours, floor } = await worker.ask<LoadingReport>({ url: world.urlOf(OURS), rounds: effort.rounds });
  await worker.stop();
  const what = { name: 'loading', unit: 'ms', against: 'SELECT of the same rows into objects' };
  return [{ ...what, ours, floor, demand: { atMost: 2 }, notes: { rows: effort.rows } }];
}

/** A database with the partners and blocks that the file needs, and no assignment; made over HTTP alone. */
async function prepareTemplate(world: World, rows: number): Promise<void> {
  await world.createDatabase(TEMPLATE);
  const service = await world.startService(TEMPLATE, TEMPLATE, false);
  await post(service, 'partner-imports', ['code,name', ...PARTNERS.map((code) => `${code},Partner ${code}`)]);
  const blocks = [...dealBlocks(rows)].map(({ first, last }) => `+${first},+${last}`);
  await post(service, 'block-imports', ['first,last', ...blocks]);
  await service.stop();
}

async function writeFiles(world: World, rows: number): Promise<Files> {
  const files = {
    csv: join(world.directory, 'assignments.csv'),
    copy: join(world.directory, 'assignments.copy'),
  };
  const partners = await world.query<{ id: number; code: string }>(TEMPLATE, 'SELECT id, code FROM partner');
  const ids = new Map(partners.map(({ id, code }) => [code, id]));
  await writeLines(files.csv, csvLines(rows));
  await writeLines(files.copy, copyLines(rows, ids));
  return files;
}

function* csvLines(rows: number): Generator<string> {
  yield 'first,last,partner,effective_from';
  for (const { first, last, partner, from } of dealRanges(rows))
    yield `+${first},+${last},${partner},${from}`;
}

function* copyLines(rows: number, ids: ReadonlyMap<string, number>): Generator<string> {
  for (const { first, last, partner, from } of dealRanges(rows))
    yield `[${first},${last}]\t["${from}",)\t${ids.get(partner)}\t1`;
}

/** Seconds from the first byte to the answer. */
async function importOnce(world: World, csv: string, rows: number): Promise<number> {
  if (await world.hasDatabase(OURS)) await world.dropDatabase(OURS);
  await world.createDatabase(OURS, TEMPLATE);
  const service = await world.startService(OURS, TEMPLATE, false);
  await world.query('postgres', 'CHECKPOINT');
  const begin = performance.now();
  const report = await post(service, 'assignment-imports', createReadStream(csv));
  const seconds = (performance.now() - begin) / 1000;
  await service.stop();
  const [stored] = await world.query<{ count: number }>(OURS, 'SELECT count(*) FROM assignment');
  if (report.created !== rows || stored!.count !== rows)
    throw new Error(`${rows} rows were sent, ${report.created} reported and ${stored!.count} stored`);
  return seconds;
}

async function copyOnce(world: World, copy: string): Promise<number> {
  await world.createDatabase(FLOOR, TEMPLATE);
  await world.query('postgres', 'CHECKPOINT');
  const client = new pg.Client(world.urlOf(FLOOR));
  await client.connect();
  const begin = performance.now();
  const target = client.query(
    copyFrom('COPY assignment (numbers, effective, partner_id, change) FROM STDIN'),
  );
  await pipeline(createReadStream(copy), target);
  const seconds = (performance.now() - begin) / 1000;
  await client.end();
  await world.dropDatabase(FLOOR);
  return seconds;
}

/** Applies an import, of which every row must be good. */
async function post(
  { address, secrets }: RunningService,
  path: string,
  body: string[] | Readable,
): Promise<{ created: number }> {
  const headers = { authorization: `Bearer ${secrets.admin}`, 'content-type': 'text/csv' };
  const sent = request(`${address}/v1/${path}?mode=apply`, { method: 'POST', headers });
  const answer = new Promise<string>((resolve, reject) => {
    sent.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
  });
  if (Array.isArray(body)) sent.end(`${body.join('\n')}\n`);
  else await Promise.all([pipeline(body, sent), answer]);
  return JSON.parse(await answer) as { created: number };
}
