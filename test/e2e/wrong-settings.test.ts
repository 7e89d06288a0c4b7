import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { cleanUp, freePort, newHome, startProgram } from '../support/program.js';

let home: string;
beforeAll(async () => {
  home = await newHome();
});
afterAll(cleanUp);

/** Runs a start that must fail: one line, that says what to do, and nothing else. Answers the line. */
async function refusal(env: Record<string, string>, uid?: number): Promise<string> {
  const program = startProgram({ env: { WEGWIJZER_HOME: home, ...env }, ...(uid !== undefined && { uid }) });
  expect(await program.ended).toBe(1);
  expect(program.output.stdout).toBe('');
  expect(program.output.stderr).toMatch(/^wegwijzer: [^\n]+\n$/);
  expect(program.output.stderr).not.toContain('hunter2');
  return program.output.stderr.trim();
}

describe('a setting that cannot be used', () => {
  const database = (login: string, place: string) => `postgres://${login}@${place}`;
  const wrong: [Record<string, string>, RegExp][] = [
    [{ PORT: 'http' }, /PORT is not a port: set it to a number from 0 to 65535/],
    [{ PORT: '65536' }, /PORT is not a port/],
    [{ PORT: '-1' }, /PORT is not a port/],
    [{ HOST: '203.0.113.7' }, /no address 203\.0\.113\.7 on this machine: set HOST/],
    [{ HOST: 'no such host' }, /no address no such host on this machine: set HOST/],
    [{ DEFAULT_COUNTRY: 'NL' }, /DEFAULT_COUNTRY .*set it to a calling code such as 31/],
    [{ DEFAULT_COUNTRY: '0031' }, /DEFAULT_COUNTRY .*set it to/],
    [{ WEGWIJZER_DEMO: 'yes' }, /WEGWIJZER_DEMO .*set it to one of 0, 1/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL .*set it to one of fatal, error, warn/],
    [{ LOG_ORIGIN: 'two words' }, /LOG_ORIGIN .*set it to/],
    [{ AUDITOR_RECIPIENTS: 'age1nobody' }, /AUDITOR_RECIPIENTS .*set it to/],
    [
      { DATABASE_URL: 'mysql://me:hunter2@127.0.0.1/x' },
      /DATABASE_URL is not an address: set it to postgres/,
    ],
    [{ DATABASE_URL: 'postgres://me:hunter2/x@127.0.0.1/x' }, /DATABASE_URL is not an address/],
    [
      { DATABASE_URL: database('me:hunter2', 'no-host.invalid/x') },
      /cannot be reached \(.*check DATABASE_URL/,
    ],
    [{ DATABASE_URL: database('me:hunter2%', '127.0.0.1/x') }, /cannot be reached \(.*check DATABASE_URL/],
  ];
  it.each(wrong)('%j', async (env, line) => expect(await refusal(env)).toMatch(line));

  it('a database server that is not there, by every address of its name', async () => {
    const port = await freePort();
    for (const host of ['127.0.0.1', 'localhost'])
      expect(await refusal({ DATABASE_URL: database('me:hunter2', `${host}:${port}/x`) })).toMatch(
        /the database cannot be reached \(.*ECONNREFUSED.*\): check DATABASE_URL/,
      );
  });

  it('a port that is in use, found before anything is made', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const place = await newHome();
    const line = await refusal({ PORT: String(port), WEGWIJZER_HOME: place });
    await new Promise((resolve) => server.close(resolve));
    expect(line).toMatch(new RegExp(`port ${port} on 127.0.0.1 is in use: .*set PORT to another`));
    expect(existsSync(join(place, 'postgres'))).toBe(false);
  });
});

describe('a home that cannot be used', () => {
  const advice = /cannot be written \(E[A-Z]+\): set WEGWIJZER_HOME to a directory that can/;

  it('a file, and a folder in a file', async () => {
    const file = join(await newHome(), '..', 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o755);
    expect(await refusal({ WEGWIJZER_HOME: file })).toMatch(advice);
    expect(await refusal({ WEGWIJZER_HOME: join(file, 'home') })).toMatch(advice);
  });

  const pseudo = existsSync('/proc/self') ? it : it.skip;
  pseudo('a place where nobody can make a folder', async () => {
    for (const place of ['/proc/wegwijzer', '/sys/wegwijzer'])
      expect(await refusal({ WEGWIJZER_HOME: place })).toMatch(advice);
  });

  it('a folder that this user may only read', async () => {
    const folder = await newHome();
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    chmodSync(join(folder, '..'), 0o755);
    const root = process.getuid?.() === 0;
    const able = !root || (await canRead(65534));
    if (!able) return console.warn('no other user can reach this checkout: not tried');
    expect(await refusal({ WEGWIJZER_HOME: folder }, root ? 65534 : undefined)).toMatch(advice);
  });
});

/** Whether another user can run this checkout at all. */
async function canRead(uid: number): Promise<boolean> {
  const command: [string, ...string[]] = [process.execPath, 'dist/src/main.js'];
  const program = startProgram({ command, env: { PORT: 'x' }, uid });
  await program.ended;
  return program.output.stderr.includes('PORT is not a port');
}
