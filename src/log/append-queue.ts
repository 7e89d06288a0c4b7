/*
 * Owns: the bounded queue of questions that wait for their entry, and the order in which they are written.
 * Invariant: a question is answered only after `write` resolved for it, so after its entry is durable.
 * On failure: all questions of that write are refused with 503; the queue goes on. A full queue refuses at once.
 * Budget: no timer. A write starts at the end of the event loop's turn, so requests that were read together go
 *   together (without that, measured, half of all commits held one entry); what arrives during it is the next,
 *   and starts beside it once it is as large: a tenth more lookups a second than at once, a quarter less work for
 *   the database.
 */
import { Problem } from '../shared/errors.js';

export interface AppendQueueLimits {
  /** Most questions that wait; beyond it they are refused. */
  capacity: number;
  /** A write takes up to about this many questions. */
  batch: number;
  /** Writes under way at once: while one commits, the next is being resolved. */
  writers: number;
  /** Who waited longer when a writer comes free is refused, so that a slow log does not make all wait for ever. */
  patienceMs: number;
}

interface Waiter<Question, Answer> {
  questions: Question[];
  since: number;
  resolve: (answers: Answer[]) => void;
  reject: (error: unknown) => void;
}

export class AppendQueue<Question, Answer> {
  private waiters: Waiter<Question, Answer>[] = [];
  private waiting = 0;
  private writing = 0;
  /** Questions of the writes under way. */
  private underWay = 0;
  private gathering = false;
  private closed = false;
  private idle: (() => void)[] = [];

  constructor(
    private readonly write: (questions: Question[]) => Promise<Answer[]>,
    private readonly limits: AppendQueueLimits,
    /** Told why a write failed; the questions only learn that it did. */
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Questions that wait for a writer. */
  get depth(): number {
    return this.waiting;
  }

  /**
   * Resolves once the entries of all questions are durable; the answers stand in the order of the questions. All
   * are taken or none: many go in parts of a batch's size, so that others get in between.
   */
  submit(questions: Question[]): Promise<Answer[]> {
    if (this.closed) return Promise.reject(unavailable('the service is stopping'));
    if (this.waiting + questions.length > this.limits.capacity)
      return Promise.reject(unavailable('too many questions are waiting'));
    const { batch } = this.limits;
    if (questions.length <= batch) return this.enqueue(questions);
    const parts: Promise<Answer[]>[] = [];
    for (let start = 0; start < questions.length; start += batch)
      parts.push(this.enqueue(questions.slice(start, start + batch)));
    return Promise.all(parts).then((answers) => answers.flat());
  }

  private enqueue(questions: Question[]): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      this.waiters.push({ questions, since: performance.now(), resolve, reject });
      this.waiting += questions.length;
      this.gather();
    });
  }

  /** Takes no more questions; resolves when all that were taken have been answered. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.writing > 0 || this.waiting > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private gather(): void {
    if (this.gathering) return;
    this.gathering = true;
    setImmediate(() => {
      this.gathering = false;
      this.start();
    });
  }

  private start(): void {
    this.dropLate();
    while (this.waiters.length > 0 && this.writing < this.limits.writers && this.waiting >= this.underWay) {
      const { batch, size } = this.take();
      this.writing += 1;
      this.underWay += size;
      void this.writeBatch(batch).finally(() => {
        this.writing -= 1;
        this.underWay -= size;
        this.start();
      });
    }
    if (this.writing === 0) this.idle.splice(0).forEach((resolve) => resolve());
  }

  private dropLate(): void {
    const oldest = performance.now() - this.limits.patienceMs;
    const count = this.waiters.findIndex((waiter) => waiter.since >= oldest);
    for (const waiter of this.waiters.splice(0, count === -1 ? this.waiters.length : count)) {
      this.waiting -= waiter.questions.length;
      waiter.reject(unavailable('the log is too slow'));
    }
  }

  private take(): { batch: Waiter<Question, Answer>[]; size: number } {
    let count = 0;
    let size = 0;
    while (
      count < this.waiters.length &&
      (count === 0 || size + this.waiters[count]!.questions.length <= this.limits.batch)
    )
      size += this.waiters[count++]!.questions.length;
    this.waiting -= size;
    return { batch: this.waiters.splice(0, count), size };
  }

  private async writeBatch(batch: Waiter<Question, Answer>[]): Promise<void> {
    try {
      const answers = await this.write(
        batch.length === 1 ? batch[0]!.questions : batch.flatMap((w) => w.questions),
      );
      let start = 0;
      for (const { questions, resolve } of batch) resolve(answers.slice(start, (start += questions.length)));
    } catch (error) {
      if (!(error instanceof Problem)) this.onFailure(error);
      const refusal = error instanceof Problem ? error : unavailable('the log cannot be written');
      for (const waiter of batch) waiter.reject(refusal);
    }
  }
}

function unavailable(reason: string): Problem {
  return new Problem('unavailable', `${reason}: nothing was answered, try again shortly`);
}
