/*
 * Owns: the way of a question from the queue to its durable entry.
 * Invariant: the answer belongs to the serial that its entry was appended at, so none is older than a change
 *   that was committed before; and it leaves here only after the entry is durable.
 * On failure: the questions of that write get 503 and nothing is said of their numbers.
 * Budget: one statement a batch; no work that a question repeats for another; 10 µs a question.
 */
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';

import { AppendQueue } from '../log/append-queue.js';
import { appendEntries, lockHead } from '../log/log.queries.js';
import { Sealer } from '../log/sealer.js';
import { inTransaction } from '../platform/database/transaction.js';
import { traceOf } from '../platform/logging.js';
import { Metrics } from '../platform/metrics.js';
import { HOT_POOL, LOG_ORIGIN, LOGGER } from '../platform/tokens.js';
import { Clock } from '../shared/clock.js';
import { Problem } from '../shared/errors.js';
import { type Draft, draftAnswer } from './answering.js';
import type { LookupFault } from './lookup.dto.js';
import { selectAt } from './past.queries.js';
import type { Match, Question } from './question.js';
import { Registry } from './registry.js';
import type { RegistryView } from './registry-view.js';

/** The JSON of an answer, or why there is none. */
export type Result = string | LookupFault | Problem;

/** Questions that may wait: five of the largest batches, some 30 MB. */
const CAPACITY = 50_000;
const BATCH = 1_000;
const WRITERS = 2;
const PATIENCE_MS = 10_000;

@Injectable()
export class LookupDesk implements OnApplicationShutdown {
  private readonly queue: AppendQueue<Question, Result>;
  /** As it stands in JSON. */
  private readonly origin: string;

  constructor(
    private readonly registry: Registry,
    private readonly sealer: Sealer,
    @Inject(HOT_POOL) private readonly pool: pg.Pool,
    @Inject(LOG_ORIGIN) origin: string,
    @Inject(LOGGER) log: Logger,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    this.origin = JSON.stringify(origin).slice(1, -1);
    this.queue = new AppendQueue(
      (questions) => this.write(questions),
      { capacity: CAPACITY, batch: BATCH, writers: WRITERS, patienceMs: PATIENCE_MS },
      (error) => log.error(traceOf(error), 'questions could not be logged'),
    );
    metrics.readDepth = () => this.queue.depth;
  }

  /** The results in the order of the questions. */
  async ask(questions: Question[]): Promise<Result[]> {
    const begin = performance.now();
    try {
      return await this.queue.submit(questions);
    } catch (error) {
      this.metrics.refused.inc(questions.length);
      throw error;
    } finally {
      this.metrics.lookupSeconds.observe((performance.now() - begin) / 1000);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.queue.close();
  }

  /** Twice from the view at hand; where changes keep overtaking it, with the head held so that none can. */
  private async write(questions: Question[]): Promise<Result[]> {
    const results =
      (await this.attempt(this.pool, this.registry.current(), questions)) ??
      (await this.attempt(this.pool, await this.registry.catchUp(), questions)) ??
      (await this.writeWithHeadHeld(questions));
    this.metrics.batchSize.observe(questions.length);
    return results;
  }

  private writeWithHeadHeld(questions: Question[]): Promise<Result[]> {
    return inTransaction(this.pool, 'READ COMMITTED', async (client) => {
      await lockHead(client);
      const results = await this.attempt(client, await this.registry.catchUp(), questions);
      if (!results) throw new Error('the registry moved while the head was held');
      return results;
    });
  }

  /** `null`, with nothing written, where the registry has moved on from this view. */
  private async attempt(
    client: pg.Pool | pg.PoolClient,
    view: RegistryView,
    questions: Question[],
  ): Promise<Result[] | null> {
    const past = await matchesInThePast(client, questions);
    if (past && past.serial !== view.serial) return null;
    // Not before what the index has passed already, though the clock may have been set back since.
    const now = Math.max(this.clock.now(), view.asOf, view.routing.at);
    const routing = this.registry.routingAt(view, now);
    const drafts = questions.map((question) => {
      const match =
        question.number === null
          ? undefined
          : question.at === null
            ? matchOf(routing.find(question.number), view)
            : past!.matches.get(question);
      return draftAnswer(question, view, now, match);
    });
    const first = await this.append(client, view, drafts);
    return first === null ? null : this.settle(drafts, first);
  }

  private async append(
    client: pg.Pool | pg.PoolClient,
    view: RegistryView,
    drafts: (Draft | Problem)[],
  ): Promise<number | null> {
    const entries = drafts.filter((draft) => !(draft instanceof Problem)) as Draft[];
    if (entries.length === 0) return 0;
    const key = await this.sealer.keyFor(entries.length);
    return appendEntries(
      client,
      view.serial,
      entries.map((entry) => entry.leaf),
      key.id,
      key.seal(entries.map((entry) => entry.opening)),
    );
  }

  private settle(drafts: (Draft | Problem)[], first: number): Result[] {
    let index = first;
    const outcomes = new Map<string, number>();
    const results = drafts.map((draft) => {
      if (draft instanceof Problem) return draft;
      outcomes.set(draft.outcome, (outcomes.get(draft.outcome) ?? 0) + 1);
      return draft.finish(this.origin, index++);
    });
    for (const [outcome, count] of outcomes) this.metrics.lookups.inc({ outcome }, count);
    return results;
  }
}

/** `undefined` where no question asks about an instant of its own. */
async function matchesInThePast(
  client: pg.Pool | pg.PoolClient,
  questions: Question[],
): Promise<{ serial: number; matches: Map<Question, Match | undefined> } | undefined> {
  const asked = questions.filter((question) => question.at !== null && question.number !== null);
  if (asked.length === 0) return undefined;
  const { serial, rows } = await selectAt(
    client,
    asked.map((question) => question.number!),
    asked.map((question) => question.at!),
  );
  return {
    serial,
    matches: new Map(
      rows.map((row, place) => [
        asked[place]!,
        row.layer ? { ...row, layer: row.layer, partnerId: row.partner_id } : undefined,
      ]),
    ),
  };
}

function matchOf(
  found: ReturnType<ReturnType<Registry['routingAt']>['find']>,
  view: RegistryView,
): Match | undefined {
  if (!found) return undefined;
  const { layer, id, first, last, from, to, target } = found;
  const network = layer === 'number_port' && target === 0 ? view.networks.get(id)! : null;
  return { layer, first, last, from, to, partnerId: target || null, network };
}
