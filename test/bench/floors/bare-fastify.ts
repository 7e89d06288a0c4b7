import { fastify } from 'fastify';

import { serve } from '../processes.js';

/**
 * The least that an HTTP answer to such a question costs: a bare route that parses the same body and returns one
 * constant answer, as a handler does: an object. Nothing is checked, looked up or logged.
 */
serve(async ({ answer }: { answer: string }): Promise<{ address: string }> => {
  const server = fastify();
  const constant = JSON.parse(answer) as object;
  server.post('/v1/lookups', async (request) => {
    const { number } = request.body as { number: string };
    if (!number) throw new Error('no number');
    return constant;
  });
  return { address: await server.listen({ host: '127.0.0.1', port: 0 }) };
});
