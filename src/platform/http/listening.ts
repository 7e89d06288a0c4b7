import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { type Config, ConfigError } from '../config.js';

/** Starts to listen; answers the address. Throws ConfigError. */
export async function listen(app: NestFastifyApplication, config: Config): Promise<string> {
  try {
    await app.listen(config.port, config.host);
    return addressOf(app.getHttpServer() as Server);
  } catch (error) {
    throw explained(error, config);
  }
}

/** One that can be opened on this machine, also where the service listens on all of its addresses. */
function addressOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[address] ?? address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** For before anything is made: a start that cannot listen leaves nothing behind. Throws ConfigError. */
export async function checkPort(config: Config): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) =>
      probe.once('error', reject).listen(config.port, config.host, resolve),
    );
  } catch (error) {
    throw explained(error, config);
  }
  await new Promise((resolve) => probe.close(resolve));
}

function explained(error: unknown, { host, port }: Config): unknown {
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE')
    return new ConfigError(`port ${port} on ${host} is in use: stop what uses it, or set PORT to another`);
  if (code === 'EACCES')
    return new ConfigError(`port ${port} is not allowed to this user: set PORT to one above 1023`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EINVAL' || code?.startsWith('EAI_'))
    return new ConfigError(`there is no address ${host} on this machine: set HOST to one`);
  return error;
}

/** A request that takes longer to come or to be answered is cut off, so that a stop has an end. */
const DRAIN_MS = 50_000;

/** Answers what is in flight. A connection that a client keeps open would hold the server for a minute more. */
export async function drain(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer() as Server;
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
    clearTimeout(late);
  }
}
