import { join } from 'node:path';

import type { Config } from './platform/config.js';
import type { Service } from './service.js';

/** What the terminal shows once the service is ready. */
export function banner(config: Config, service: Service): string {
  const { address, credentials, auditorKey } = service;
  const file = join(config.home, 'credentials.json');
  const lines = [
    '',
    `Wegwijzer is ready on ${address}`,
    `  API document   ${address}/docs`,
    `  Health         ${address}/health/ready`,
    `  Metrics        ${address}/metrics`,
    `  Credentials    ${file}${credentials ? '' : ' (from the first start)'}`,
  ];
  if (auditorKey)
    lines.push(
      `  Auditor's key  ${auditorKey}`,
      '                 It opens what the log seals. Take it away from this machine: nothing here needs it.',
    );
  lines.push('', 'Ask who holds a number:', '', lookupCommand(address, file, credentials?.authority), '');
  return lines.join('\n');
}

/** With the secret in it on the first start; later it is read from the file. */
function lookupCommand(address: string, file: string, secret: string | undefined): string {
  const body = {
    number: '+31850210123',
    legal_basis: 'Sv 126n',
    case_reference: 'PL0900-2026-012345',
    requester: 'A-10472',
  };
  const shown = secret ?? `$(node -p 'JSON.parse(require("fs").readFileSync("${file}")).authority')`;
  return [
    `  curl -s ${address}/v1/lookups \\`,
    `    -H "Authorization: Bearer ${shown}" \\`,
    `    -H 'Content-Type: application/json' \\`,
    `    -d '${JSON.stringify(body)}'`,
  ].join('\n');
}
