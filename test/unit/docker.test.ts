import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';

const read = (path: string) => readFileSync(path, 'utf8');
const dockerfile = read('docker/Dockerfile');
const compose = read('docker/compose.yaml');
const roles = read('docker/roles.sh');
const manifest = JSON.parse(read('package.json')) as {
  engines: { node: string };
  scripts: Record<string, string>;
};

/** The instructions, each on one line, of the last stage or of all. */
function instructions(text: string): string[] {
  return text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^[A-Z]+ /.test(line));
}

function jsonOf(instruction: string): string[] {
  return JSON.parse(/\[.*\]$/.exec(instruction)![0]) as string[];
}

const final = instructions(dockerfile.slice(dockerfile.lastIndexOf('\nFROM ')).replace(/\\\n\s*/g, ''));

describe('the image', () => {
  it('copies what is there, and the context lets it through', () => {
    const allowed = read('docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions(dockerfile)
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    for (const path of copied)
      expect([path, existsSync(path), allowed.includes(path)]).toEqual([path, true, true]);
    expect(allowed.filter((path) => !copied.includes(path))).toEqual([]);
  });

  it('runs what npm start runs, on a Node.js that the program takes, and never as root', () => {
    const command = jsonOf(final.find((line) => line.startsWith('CMD '))!);
    expect(manifest.scripts.start).toBe(`exec ${command.join(' ')}`);
    const versions = [...dockerfile.matchAll(/^FROM node:(\d+)/gm)].map((match) => Number(match[1]));
    expect(new Set(versions).size).toBe(1);
    expect(versions[0]).toBeGreaterThanOrEqual(Number(/\d+/.exec(manifest.engines.node)![0]));
    const user = final.findIndex((line) => line.startsWith('USER '));
    expect(final[user]).toMatch(/^USER (?!root|0\b)\w+/);
    expect(final.slice(user + 1).filter((line) => /^(USER|RUN|COPY|ADD) /.test(line))).toEqual([]);
  });

  it('has a health check that tells a ready service from one that is not, or not there', async () => {
    const [node, ...words] = jsonOf(
      /HEALTHCHECK[^[]*(\[.*\])$/m.exec(dockerfile.replace(/\\\n\s*/g, ''))![0],
    );
    expect(node).toBe('node');
    const check = (port: number) =>
      new Promise((resolve) =>
        spawn(process.execPath, words, { env: { PORT: String(port) } }).once('exit', resolve),
      );
    let ready = 200;
    const server = createServer(({ url }, reply) =>
      reply.writeHead(url === '/health/ready' ? ready : 404).end(),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await check(port)).toBe(0);
    ready = 503;
    expect(await check(port)).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await check(port)).toBe(1);
  });
});

describe('the composition', () => {
  it('runs PostgreSQL 18 and gives each login of roles.sh a password that must be set', () => {
    expect(compose).toMatch(/image: postgres:18\b/);
    const used = new Set([...compose.matchAll(/\$\{(\w+)/g)].map((match) => match[1]));
    const required = [...compose.matchAll(/^ +(\w+): \$\{(\w+):\?/gm)].map((match) => {
      expect(match[1]).toBe(match[2]);
      return match[1];
    });
    expect(required.sort()).toEqual([...used].sort());
    for (const name of ['OWNER', 'SERVICE', 'TENANT'])
      expect(required).toContain(`WEGWIJZER_${name}_PASSWORD`);
    const checked = [...roles.matchAll(/"\$\{(\w+):\?\}"/g)].map((match) => match[1]);
    expect(checked.sort()).toEqual(required.filter((name) => name !== 'POSTGRES_PASSWORD'));
    expect(statSync('docker/roles.sh').mode & 0o111).not.toBe(0);
  });

  it('sets what the program reads, to the logins and the database that roles.sh makes', () => {
    const config = read('src/platform/config.ts');
    const addresses = [
      ...compose.matchAll(/^ +(DATABASE\w*): postgres:\/\/(\w+):\$\{(\w+)\}@database:5432\/(\w+)$/gm),
    ];
    expect(addresses).toHaveLength(3);
    for (const [, name, login, password, database] of addresses) {
      expect(config).toContain(`'${name}'`);
      expect(roles).toContain(`CREATE ROLE ${login} LOGIN`);
      expect(password).toBe(`${login!.toUpperCase()}_PASSWORD`);
      expect(roles).toContain(`CREATE DATABASE ${database} `);
    }
  });

  it('keeps out of the server log what the embedded server keeps out of its own', () => {
    const embedded = read('src/platform/database/embedded-server.ts');
    const settings = [...embedded.matchAll(/^ +(log_\w+): '(\w+)',$/gm)]
      .map((match) => `${match[1]}=${match[2]}`)
      .filter((setting) => !setting.startsWith('log_timezone'));
    expect(settings.length).toBeGreaterThanOrEqual(6);
    for (const setting of settings) expect(compose).toContain(`- -c${setting}\n`);
  });
});
