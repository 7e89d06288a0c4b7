import autocannon from 'autocannon';

import { serve } from './processes.js';

/** One run of the load generator: so many POSTs, over so many connections, each waiting for its answer. */
export interface LoadJob {
  url: string;
  secret: string;
  connections: number;
  amount: number;
  /** The connections take turns in which of them they begin with. */
  bodies: string[];
}

export interface LoadReport {
  /** From the first answer to the last. */
  seconds: number;
  /** Answers with 200, and all else: other statuses, broken connections, timeouts. */
  answered: number;
  failed: number;
  bytes: number;
  latencyMs: { p50: number; p99: number };
}

async function run({ url, secret, connections, amount, bodies }: LoadJob): Promise<LoadReport> {
  const share = Math.ceil(bodies.length / connections);
  let client = 0;
  let first = 0;
  let last = 0;
  let answered = 0;
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const options: autocannon.Options = {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      connections,
      amount,
      timeout: 60,
      setupClient: (made) => {
        const begin = (client++ * share) % bodies.length;
        made.setRequests(bodies.slice(begin, begin + share).map((body) => ({ body })));
      },
    };
    const instance = autocannon(options, (error, done) => (error ? reject(error) : resolve(done)));
    instance.on('response', (_client, status) => {
      last = performance.now();
      if (first === 0) first = last;
      if (status === 200) answered++;
    });
  });
  return {
    seconds: (last - first) / 1000,
    answered,
    failed: amount - answered + result.errors,
    bytes: result.throughput.total,
    latencyMs: { p50: result.latency.p50, p99: result.latency.p99 },
  };
}

serve(run);
