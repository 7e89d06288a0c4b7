import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

import { benchBatches } from './batches-bench.js';
import { benchImport, benchLoading } from './import-bench.js';
import { benchIndexes } from './index-findings.js';
import { benchBaseline, benchLookups } from './lookups-bench.js';
import { LOOKUPS_DATABASE } from './lookups-world.js';
import { describeMachine } from './machine.js';
import { Worker } from './processes.js';
import { jsonOf, tableOf } from './report.js';
import { type Effort, type Finding, passes } from './rounds.js';
import { type RunningService, World } from './world.js';

const RESULTS = 'bench-results.json';
const FULL: Effort = { rounds: 5, seconds: 4, rows: 1_000_000 };
const QUICK: Effort = { rounds: 3, seconds: 1.5, rows: 100_000 };

const ON_SERVICE = { lookups: benchLookups, baseline: benchBaseline, batches: benchBatches };
const ALONE = { index: benchIndexes, import: benchImport, loading: benchLoading };
const ALL = [...Object.keys(ON_SERVICE), ...Object.keys(ALONE)];

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    /** Writes CPU profiles of the service to this folder. */
    profile: { type: 'string' },
  },
});
const chosen = values.only?.flatMap((names) => names.split(',')) ?? ALL;
const unknown = chosen.filter((name) => !ALL.includes(name));
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(', ')}: choose from ${ALL.join(', ')}`);
  process.exit(1);
}
const effort = values.quick ? QUICK : FULL;

const world = await World.open(values.profile ? ['--cpu-prof', '--cpu-prof-dir', values.profile] : []);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void world.close().finally(() => process.exit(130)));
try {
  const [server] = await world.query<{ version: string }>(
    'postgres',
    `SELECT current_setting('server_version') AS version`,
  );
  const machine = describeMachine(world.directory, server!.version);
  const findings = await run();
  await writeFile(RESULTS, jsonOf(machine, findings));
  console.log(`\n${tableOf(machine, findings)}\n`);
  process.exitCode = findings.every(passes) ? 0 : 1;
} finally {
  await world.close();
}

async function run(): Promise<Finding[]> {
  const findings: Finding[] = [];
  const onService = Object.entries(ON_SERVICE).filter(([name]) => chosen.includes(name));
  if (onService.length > 0) {
    const load = await Worker.start('./load.js');
    await world.createDatabase(LOOKUPS_DATABASE);
    const service: RunningService = await world.startService(LOOKUPS_DATABASE, 'lookups', true);
    for (const [name, bench] of onService)
      findings.push(...(await say(name, () => bench(world, service, load, effort))));
    await service.stop();
    await load.stop();
  }
  for (const [name, bench] of Object.entries(ALONE))
    if (chosen.includes(name)) findings.push(...(await say(name, () => bench(world, effort))));
  return findings;
}

async function say<T>(name: string, work: () => Promise<T>): Promise<T> {
  const begin = performance.now();
  process.stderr.write(`${name} … `);
  const result = await work();
  process.stderr.write(`${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
  return result;
}
