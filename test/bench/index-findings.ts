import type { benchIndex } from './index-bench.js';
import { Worker } from './processes.js';
import type { Finding } from './rounds.js';

const FINDS = 5_000_000;
const MEMORY_MB = 64;

/** The in-memory index at a thousand and at a million ranges, in a process that does nothing else. */
export async function benchIndexes(): Promise<Finding[]> {
  const worker = await Worker.start('./index-worker.js');
  const { sizes } = await worker.ask<ReturnType<typeof benchIndex>>('run');
  await worker.stop();
  const small = sizes[0]!;
  const large = sizes.at(-1)!;
  const notes = { sizes };
  return [
    {
      name: 'index finds',
      unit: '/s',
      against: `5 million, at ${large.ranges.toLocaleString('en')} ranges`,
      ours: [large.findRate],
      floor: [FINDS],
      demand: { atLeast: 1 },
      notes,
    },
    {
      name: 'index growth',
      unit: '/s',
      against: `its own rate at ${small.ranges.toLocaleString('en')} ranges`,
      ours: [large.findRate],
      floor: [small.findRate],
      demand: { atLeast: 0.8 },
    },
    {
      name: 'index matches',
      unit: '/s',
      against: 'the same past all layers, with the row that decides',
      ours: [large.matchRate],
      floor: [small.matchRate],
      demand: { atLeast: 0.8 },
    },
    {
      name: 'index memory',
      unit: 'MB',
      against: `${MEMORY_MB} MB`,
      ours: [large.bytes / 1e6],
      floor: [MEMORY_MB],
      demand: { atMost: 1 },
    },
  ];
}
