import type { InsertJob } from './floors/raw-insert.js';
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

const NUMBERS = 1_000;
const AT_ONCE = 4;
const BATCHES = 32;
const FLOOR_DATABASE = 'bench_insert';

/** Batches of a thousand lookups, four at a time, against the bare insertion of as many entries of that size. */
export async function benchBatches(
  world: World,
  service: RunningService,
  load: Worker,
  effort: Effort,
): Promise<Finding[]> {
  const job = await ourJob(world, service);
  const amount = await amountFor(effort.seconds, load, job);
  await world.createDatabase(FLOOR_DATABASE);
  const floor = await Worker.start('./floors/raw-insert.js');
  const sizes = await entrySizes(world);
  const floorJob = {
    ...sizes,
    url: world.urlOf(FLOOR_DATABASE),
    entries: NUMBERS,
    clients: AT_ONCE,
    statements: 100,
  };
  const insert = async (statements: number) => {
    const { seconds } = await floor.ask<{ seconds: number }>({ ...floorJob, statements } satisfies InsertJob);
    return (statements * NUMBERS) / seconds;
  };
  const statements = Math.round(((await insert(100)) * effort.seconds) / NUMBERS);
  let latency: unknown;
  const measured = await inTurn(
    effort.rounds,
    async () => {
      const before = await logSize(world);
      const report = await loadWith(load, { ...job, amount });
      const logged = (await logSize(world)) - before;
      if (logged !== amount * NUMBERS) throw new Error(`${amount} batches left ${logged} entries in the log`);
      latency = report.latencyMs;
      return report.rate * NUMBERS;
    },
    () => insert(statements),
  );
  await floor.stop();
  const notes = { ...sizes, latency_ms: latency };
  const what = { name: 'batches', unit: '/s', against: 'INSERT … SELECT unnest of such entries' };
  return [{ ...what, ...measured, demand: { atLeast: 0.6 }, notes }];
}

async function ourJob(world: World, { address, secrets }: RunningService): Promise<LoadJob> {
  const numbers = numbersIn(await heldRanges(world), NUMBERS * BATCHES).map(({ number }) => number);
  const bodies = Array.from({ length: BATCHES }, (_, place) =>
    JSON.stringify({ numbers: numbers.slice(place * NUMBERS, (place + 1) * NUMBERS), ...groundOf(place) }),
  );
  return {
    url: `${address}/v1/lookup-batches`,
    secret: secrets.authority,
    connections: AT_ONCE,
    amount: 40,
    bodies,
  };
}

/** Bytes of a leaf and of a sealed opening, on average over the newest entries. */
async function entrySizes(world: World): Promise<{ leaf: number; sealed: number }> {
  const [sizes] = await world.query<{ leaf: number; sealed: number }>(
    LOOKUPS_DATABASE,
    `SELECT (SELECT round(avg(octet_length(leaf)))::int FROM log_entry
         WHERE index > (SELECT size - 10000 FROM log_head)) AS leaf,
       (SELECT round(avg(octet_length(one)))::int FROM log_opening, unnest(sealed) AS one
         WHERE first_index > (SELECT size - 10000 FROM log_head)) AS sealed`,
  );
  return sizes!;
}
