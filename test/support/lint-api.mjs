/** Holds the API's document against its rules; says each breach and where it is. */
import { readFile } from 'node:fs/promises';

import spectral from '@stoplight/spectral-core';

import ruleset from '../../openapi/rules.mjs';

const FILE = 'openapi/openapi.json';

const linter = new spectral.Spectral();
linter.setRuleset(ruleset);
const breaches = await linter.run(await readFile(new URL(`../../${FILE}`, import.meta.url), 'utf8'));
for (const { code, message, path, range } of breaches)
  console.error(`${FILE}:${range.start.line + 1} ${code}: ${message}\n    at ${path.join(' > ')}`);
process.exitCode = breaches.length > 0 ? 1 : 0;
