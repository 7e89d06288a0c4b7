import 'reflect-metadata';

import { banner } from './banner.js';
import { ConfigError, loadConfig } from './platform/config.js';
import { startService } from './service.js';

try {
  const config = loadConfig(process.env);
  const service = await startService(config);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void service.stop().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  console.log(banner(config, service));
} catch (error) {
  const message = error instanceof Error ? error.message.split('\n')[0] : 'unknown error';
  console.error(`wegwijzer: ${message}`);
  if (!(error instanceof ConfigError) && process.env.LOG_LEVEL === 'debug') console.error(error);
  process.exit(1);
}
