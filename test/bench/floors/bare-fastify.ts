import { fastify } from 'fastify';

import { serve } from '../processes.js';

/**
 * The least that an HTTP answer to such a question costs: a bare route that parses the same body and returns one
 * constant text. Nothing is checked, looked up or logged.
 */
serve(async ({ answer }: { answer: string }): Promise<{ address: string }> => {
  const server = fastify();
  server.post('/v1/lookups', (request, reply) => {
    const { number } = request.body as { number: string };
    if (!number) throw new Error('no number');
    void reply.header('content-type', 'application/json; charset=utf-8').send(answer);
  });
  return { address: await server.listen({ host: '127.0.0.1', port: 0 }) };
});
