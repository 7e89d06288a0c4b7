import { describe, expect, it } from '@jest/globals';

import { AppendQueue } from '../../src/log/append-queue.js';

const LIMITS = { capacity: 10, batch: 4, writers: 1, patienceMs: 10_000 };

/** A queue whose writes end when the test says so. */
function queueOf(limits = LIMITS) {
  const writes: { questions: number[]; end: (error?: Error) => void }[] = [];
  const failures: unknown[] = [];
  const queue = new AppendQueue<number, string>(
    (questions) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(questions.map((q) => `answer ${q}`)));
        writes.push({ questions, end });
      }),
    limits,
    (error) => failures.push(error),
  );
  return { queue, writes, failures };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the append queue', () => {
  it('writes together what came in one turn, and in the next write what came during it', async () => {
    const { queue, writes } = queueOf();
    const answers = [queue.submit([1]), queue.submit([2, 3])];
    await turn();
    answers.push(queue.submit([4]), queue.submit([5]));
    await turn();
    expect(writes.map((write) => write.questions)).toEqual([[1, 2, 3]]);
    writes[0]!.end();
    await turn();
    expect(writes[1]!.questions).toEqual([4, 5]);
    writes[1]!.end();
    expect(await Promise.all(answers)).toEqual([
      ['answer 1'],
      ['answer 2', 'answer 3'],
      ['answer 4'],
      ['answer 5'],
    ]);
  });

  it('writes beside another write once as many wait as that one has', async () => {
    const { queue, writes } = queueOf({ ...LIMITS, writers: 2 });
    const answers = [queue.submit([1, 2])];
    await turn();
    answers.push(queue.submit([3]));
    await turn();
    expect(writes).toHaveLength(1);
    answers.push(queue.submit([4]));
    await turn();
    answers.push(queue.submit([5]));
    await turn();
    expect(writes.map((write) => write.questions)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const write of [0, 1, 2]) {
      writes[write]!.end();
      await turn();
    }
    expect((await Promise.all(answers)).flat()).toHaveLength(5);
  });

  it('answers nothing before the write has ended', async () => {
    const { queue, writes } = queueOf();
    let answered = false;
    const answer = queue.submit([1]).then(() => (answered = true));
    await turn();
    await turn();
    expect(answered).toBe(false);
    writes[0]!.end();
    await answer;
  });

  it('refuses what goes beyond its capacity, all of it, and takes more once there is room', async () => {
    const { queue, writes } = queueOf();
    const first = queue.submit([1, 2, 3, 4]);
    await turn();
    const second = queue.submit([5, 6, 7, 8, 9, 10, 11, 12, 13]);
    expect(queue.depth).toBe(9);
    await expect(queue.submit([14, 15])).rejects.toMatchObject({ code: 'unavailable' });
    writes[0]!.end();
    await first;
    await turn();
    const third = queue.submit([16, 17]);
    for (let write = 1; write <= 3; write++) {
      writes[write]!.end();
      await turn();
    }
    expect(await second).toHaveLength(9);
    expect(await third).toEqual(['answer 16', 'answer 17']);
    expect(writes.map((write) => write.questions.length)).toEqual([4, 4, 4, 3]);
  });

  it('refuses the questions of a write that failed, tells why, and goes on', async () => {
    const { queue, writes, failures } = queueOf();
    const lost = queue.submit([1]);
    await turn();
    writes[0]!.end(new Error('disk full'));
    await expect(lost).rejects.toMatchObject({ code: 'unavailable' });
    expect(failures).toEqual([new Error('disk full')]);
    const next = queue.submit([2]);
    await turn();
    writes[1]!.end();
    expect(await next).toEqual(['answer 2']);
  });

  it('refuses who waited too long once a writer comes free, and nobody before', async () => {
    const { queue, writes } = queueOf({ ...LIMITS, patienceMs: 40 });
    const first = queue.submit([1, 2, 3, 4]);
    await turn();
    const late = queue.submit([5, 6, 7, 8, 9, 10]);
    late.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const fresh = queue.submit([11]);
    expect(queue.depth).toBe(7);
    writes[0]!.end();
    expect(await first).toHaveLength(4);
    await expect(late).rejects.toMatchObject({ code: 'unavailable' });
    await turn();
    expect([queue.depth, writes.length]).toEqual([0, 2]);
    writes[1]!.end();
    expect(await fresh).toEqual(['answer 11']);
  });

  it('on closing answers what it took and takes no more', async () => {
    const { queue, writes } = queueOf();
    const answer = queue.submit([1]);
    const closed = queue.close();
    await expect(queue.submit([2])).rejects.toMatchObject({ code: 'unavailable' });
    await turn();
    writes[0]!.end();
    expect(await answer).toEqual(['answer 1']);
    await closed;
  });
});
