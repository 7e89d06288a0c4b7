import type { BaselineData } from './baseline/main.js';
import type { LoadJob } from './load.js';
import {
  amountFor,
  groundOf,
  heldRanges,
  loadWith,
  LOOKUPS_DATABASE,
  logSize,
  numbersIn,
} from './lookups-world.js';
import { Worker } from './processes.js';
import { type Effort, type Finding, inTurn } from './rounds.js';
import type { RunningService, World } from './world.js';

const CONNECTIONS = 64;
const QUESTIONS = 4_096;
const BASELINE_DATABASE = 'bench_baseline';

interface Answer {
  number: string;
  outcome: string;
  partner: { code: string } | null;
}

/** Single lookups, each logged before it is answered, against a bare route that answers a constant. */
export async function benchLookups(
  world: World,
  service: RunningService,
  load: Worker,
  effort: Effort,
): Promise<Finding[]> {
  const job = await ourJob(world, service);
  const floor = await Worker.start('./floors/bare-fastify.js');
  const answer = await askOnce(job, 0);
  const { address } = await floor.ask<{ address: string }>({ answer });
  const measured = await compare(world, load, job, { ...job, url: `${address}/v1/lookups` }, effort);
  await floor.stop();
  const notes = { answer_bytes: Buffer.byteLength(answer), ...measured.notes };
  const what = { name: 'lookups', unit: '/s', against: 'bare Fastify route, constant answer' };
  return [{ ...what, ...measured, demand: { atLeast: 0.5 }, notes }];
}

/** The same against the service as it is commonly written. */
export async function benchBaseline(
  world: World,
  service: RunningService,
  load: Worker,
  effort: Effort,
): Promise<Finding[]> {
  const job = await ourJob(world, service);
  await world.createDatabase(BASELINE_DATABASE);
  const baseline = await Worker.start('./baseline/main.js');
  const { address } = await baseline.ask<{ address: string }>({ ...(await baselineData(world)) });
  const theirs = { ...job, url: `${address}/v1/lookups` };
  expectHeld(await askOnce(theirs, 1), await expected(world, 1));
  const measured = await compare(world, load, job, theirs, effort);
  await baseline.stop();
  const what = { name: 'baseline', unit: '/s', against: 'Nest + Express + TypeORM, query and insert' };
  return [{ ...what, ...measured, demand: { atLeast: 8 } }];
}

async function ourJob(world: World, { address, secrets }: RunningService): Promise<LoadJob> {
  const bodies = numbersIn(await heldRanges(world), QUESTIONS).map(({ number }, place) =>
    JSON.stringify({ number, ...groundOf(place) }),
  );
  const job = {
    url: `${address}/v1/lookups`,
    secret: secrets.authority,
    connections: CONNECTIONS,
    amount: 2_000,
    bodies,
  };
  for (const place of [0, 1, QUESTIONS - 1])
    expectHeld(await askOnce(job, place), await expected(world, place));
  return job;
}

async function compare(
  world: World,
  load: Worker,
  ours: LoadJob,
  floor: LoadJob,
  effort: Effort,
): Promise<Pick<Finding, 'ours' | 'floor' | 'notes'>> {
  const amounts = {
    ours: await amountFor(effort.seconds, load, { ...ours, amount: 10_000 }),
    floor: await amountFor(effort.seconds, load, { ...floor, amount: 5_000 }),
  };
  let latency: unknown;
  const measured = await inTurn(
    effort.rounds,
    async () => {
      const before = await logSize(world);
      const report = await loadWith(load, { ...ours, amount: amounts.ours });
      const logged = (await logSize(world)) - before;
      if (logged !== report.answered)
        throw new Error(`${report.answered} answers were given and ${logged} entries logged`);
      latency = report.latencyMs;
      return report.rate;
    },
    async () => (await loadWith(load, { ...floor, amount: amounts.floor })).rate,
  );
  return { ...measured, notes: { latency_ms: latency } };
}

async function askOnce({ url, secret, bodies }: LoadJob, place: number): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: bodies[place]!,
  });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return response.text();
}

async function expected(world: World, place: number): Promise<{ number: string; code: string }> {
  return numbersIn(await heldRanges(world), QUESTIONS)[place]!;
}

function expectHeld(answer: string, { number, code }: { number: string; code: string }): void {
  const found = JSON.parse(answer) as Answer;
  if (found.number !== number || found.outcome !== 'held' || found.partner?.code !== code)
    throw new Error(`${number} is held by ${code}, but the answer is ${answer}`);
}

async function baselineData(world: World): Promise<BaselineData> {
  const partners = await world.query<BaselineData['partners'][number] & { [column: string]: unknown }>(
    LOOKUPS_DATABASE,
    'SELECT code, name, disclosure FROM partner',
  );
  const assignments = await world.query<BaselineData['assignments'][number] & { [column: string]: unknown }>(
    LOOKUPS_DATABASE,
    `SELECT lower(numbers) AS first, upper(numbers) - 1 AS last, partner.code AS partner,
       (extract(epoch FROM lower(effective)) * 1000)::float8 AS "from",
       (extract(epoch FROM upper(effective)) * 1000)::float8 AS "to"
     FROM assignment JOIN partner ON partner.id = partner_id
     WHERE effective @> now() AND withdrawn_at IS NULL`,
  );
  return { url: world.urlOf(BASELINE_DATABASE), partners, assignments };
}
