import 'reflect-metadata';

import { banner } from './banner.js';
import { loadConfig } from './platform/config.js';
import { reasonOf, traceOf } from './platform/logging.js';

let told = false;

/** Settled from outside: resolves when the process is told to stop, rejects on an error that nothing caught. */
const end = new Promise<void>((resolve, reject) => {
  // A closed terminal (SIGHUP) must not leave the embedded server running.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      told = true;
      resolve();
    });
  // Its message may quote what a request held.
  process.on('uncaughtException', (error) =>
    reject(new Error(`stopped by an error inside ${JSON.stringify(traceOf(error))}`)),
  );
});
end.catch(() => undefined);

async function run(): Promise<void> {
  const config = loadConfig(process.env);
  // Only now: a wrong setting is told in a tenth of the time that all of the program takes to load.
  const { startService } = await import('./service.js');
  const service = await startService(config).catch((error: unknown) => {
    // Ctrl-C reaches all that the terminal started, initdb too: what it broke is no failure.
    if (!told) throw error;
  });
  if (!service) return;
  try {
    if (!told) console.log(banner(config, service));
    await Promise.race([end, service.lost]);
  } finally {
    await service.stop();
  }
}

try {
  await run();
  process.exit(0);
} catch (error) {
  console.error(`wegwijzer: ${reasonOf(error)}`);
  process.exit(1);
}
