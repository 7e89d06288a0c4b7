import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { Config } from './platform/config.js';
import type { Service } from './service.js';

/** What the terminal shows once the service is ready. No secret: terminals and containers keep what they show. */
export function banner(config: Config, service: Service): string {
  const { address, credentials, auditorKey } = service;
  const file = join(config.home, 'credentials.json');
  const present = existsSync(file);
  const where = present
    ? `${file}${credentials ? '' : ' (from the first start)'}`
    : 'issued by the first start';
  const lines = [
    '',
    `Wegwijzer is ready on ${address}`,
    `  API document   ${address}/docs`,
    `  Health         ${address}/health/ready`,
    `  Metrics        ${address}/metrics`,
    `  Credentials    ${where}`,
  ];
  if (auditorKey)
    lines.push(
      `  Auditor's key  ${auditorKey}`,
      '                 It opens what the log seals. Take it away from this machine: nothing here needs it.',
    );
  lines.push('', 'Ask who holds a number:', '', lookupCommand(address, present ? file : null), '');
  return lines.join('\n');
}

/** Takes the authority's secret from the file; without one, from a variable that the reader sets. */
function lookupCommand(address: string, file: string | null): string {
  const body = {
    number: '+31850210123',
    legal_basis: 'Sv 126n',
    case_reference: 'PL0900-2026-012345',
    requester: 'A-10472',
  };
  const read = 'JSON.parse(require("fs").readFileSync(process.argv[1])).authority';
  const secret = file ? `$(node -p '${read}' ${quoted(file)})` : '$SECRET';
  return [
    `  curl -s ${address}/v1/lookups \\`,
    `    -H "Authorization: Bearer ${secret}" \\`,
    `    -H 'Content-Type: application/json' \\`,
    `    -d '${JSON.stringify(body)}'`,
  ].join('\n');
}

/** One word for a POSIX shell, whatever is in it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
