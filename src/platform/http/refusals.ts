import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';

import { Problem } from '../../shared/errors.js';
import { EVERY_ANSWER, PROBLEM_TYPE } from './headers.js';
import { problemDocument, sendProblem } from './problem.filter.js';

/*
 * What is refused before any handler, filter or hook of ours comes into play; it gets the same kind of answer.
 */

/** An address that the router cannot read, or with a part that is longer than any name of ours. */
export function refuseAddress(error: { code?: string }, request: FastifyRequest, reply: FastifyReply): void {
  void reply.headers(EVERY_ANSWER).header('X-Request-Id', request.id);
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH')
    return sendProblem(reply, new Problem('not_found', 'there is no such address'));
  const detail = 'the address cannot be read: is a % in it not written as %25?';
  sendProblem(reply, new Problem('malformed_address', detail));
}

/** Bytes that Node cannot read as a request. There is no reply object yet, only the socket. */
export function refuseRequest(error: { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfParser(error.code);
  const body = JSON.stringify(problemDocument(problem));
  const headers = Object.entries({
    ...EVERY_ANSWER,
    Connection: 'close',
    'Content-Type': PROBLEM_TYPE,
    'Content-Length': Buffer.byteLength(body),
  });
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function problemOfParser(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new Problem('headers_too_large', 'the address and the headers have more than 16 KiB');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new Problem('request_timeout', 'the request was not complete in time');
  return new Problem('malformed_request', 'this is no request of HTTP/1.1');
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Notes the routes that are added from now on. What it answers gives their other methods a 405; call it last. */
export function watchMethods(server: FastifyInstance): () => void {
  const taken = new Map<string, Set<string>>();
  server.addHook('onRoute', ({ url, method }: RouteOptions) => {
    const methods = taken.get(url) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    taken.set(url, methods);
  });
  return () => {
    for (const [url, methods] of [...taken])
      if (!url.includes('*')) refuseOthers(server, url, [...methods].sort());
  };
}

function refuseOthers(server: FastifyInstance, url: string, methods: string[]): void {
  const problem = new Problem('method_not_allowed', `this address takes ${methods.join(', ')}`);
  server.route({
    url,
    method: METHODS.filter((method) => !methods.includes(method)),
    // Before the body is read: whatever it holds, the method is what is wrong.
    onRequest: (_request, reply) => sendProblem(reply.header('Allow', methods.join(', ')), problem),
    handler: () => undefined,
  });
}
