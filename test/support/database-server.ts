import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import pg from 'pg';

import { type EmbeddedServer, startEmbeddedServer } from '../../src/platform/database/embedded-server.js';
import { newHome } from './program.js';

/**
 * A PostgreSQL of a test's own, durable, that the test stops and starts. Its address stays the same, by a relay:
 * each start of the server takes another port.
 */
export class DatabaseServer {
  /** What the server wrote to its log. */
  readonly lines: string[] = [];
  private server: EmbeddedServer | undefined;
  private ended!: Promise<void>;
  private readonly sockets = new Set<Socket>();
  private relay!: Server;

  private constructor(readonly directory: string) {}

  static async start(): Promise<DatabaseServer> {
    const self = new DatabaseServer(await newHome());
    await self.resume();
    self.relay = createServer((socket) => self.pass(socket));
    await new Promise<void>((resolve) => self.relay.listen(0, '127.0.0.1', resolve));
    await self.query('postgres', 'CREATE DATABASE wegwijzer');
    return self;
  }

  /** As the superuser. */
  url(database = 'wegwijzer'): string {
    const { port } = this.relay.address() as AddressInfo;
    const password = readFileSync(join(this.directory, 'password'), 'utf8').trim();
    return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  }

  async connect(database = 'wegwijzer'): Promise<pg.Client> {
    const client = new pg.Client(this.url(database));
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  async query<Row extends object>(database: string, text: string): Promise<Row[]> {
    const client = await this.connect(database);
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Sessions are cut off; what is committed stays. */
  async pause(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    await server?.stop();
  }

  /** As a crash does: no process of it gets to write anything any more. */
  async crash(): Promise<void> {
    this.server = undefined;
    const pid = Number.parseInt(readFileSync(join(this.directory, 'data/postmaster.pid'), 'utf8'), 10);
    process.kill(pid, 'SIGKILL');
    await this.ended;
    for (const socket of this.sockets) socket.destroy();
  }

  async resume(): Promise<void> {
    const log = (line: string) => void this.lines.push(line);
    let onExit!: () => void;
    this.ended = new Promise<void>((resolve) => (onExit = resolve));
    this.server = await startEmbeddedServer({ directory: this.directory, log, onExit });
  }

  async stop(): Promise<void> {
    await this.pause();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.relay.close(resolve));
  }

  private pass(socket: Socket): void {
    const target = this.server && connect(this.server.port, this.server.host);
    for (const end of [socket, target]) {
      if (!end) continue;
      this.sockets.add(end);
      end
        .on('error', () => undefined)
        .on('close', () => {
          this.sockets.delete(end);
          socket.destroy();
          target?.destroy();
        });
    }
    if (target) socket.pipe(target).pipe(socket);
    else socket.destroy();
  }
}
