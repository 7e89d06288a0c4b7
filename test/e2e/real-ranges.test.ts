import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { startApp, type TestApp } from '../support/app.js';
import { addBlock, askMany, e164, upload } from '../support/registry.js';

/** Real number ranges beside the checkout; they are no part of it. */
const DATA = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
const isThere = existsSync(`${DATA}fr-assignments.csv`);
if (!isThere) console.log(`skipped: there are no real number ranges in ${DATA}`);
const describeIfThere = isThere ? describe : describe.skip;

jest.setTimeout(180_000);

const read = (file: string) => readFileSync(DATA + file, 'utf8');

/** The cells of a file without quotes, its header left out. */
const rowsOf = (file: string) =>
  read(file)
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(',') as [string, string, ...string[]]);

interface Range {
  first: number;
  last: number;
  holder: string;
  from: number;
}

/** Plans a file, then applies it just so. */
async function load(app: TestApp, path: string, file: string, query: Record<string, string> = {}) {
  const plan = (await upload(app, path, { mode: 'plan', ...query }, file).expect(200)).body;
  const done = (await upload(app, path, { mode: 'apply', hash: plan.hash, ...query }, file).expect(200)).body;
  expect(done).toEqual({ ...plan, mode: 'apply', state: 'applied' });
  return done;
}

interface Question {
  number: number;
  /** Milliseconds; `null`: now. */
  at: number | null;
}

const MOST = 10_000;
const AT_ONCE = 4;

/** Asks in batches, each about one instant; some at once. Hands each question with its answer to `check`. */
async function askAll(
  app: TestApp,
  questions: Question[],
  check: (question: Question, answer: Answer) => void,
) {
  const byInstant = new Map<number | null, Question[]>();
  for (const question of questions) {
    const group = byInstant.get(question.at);
    if (group) group.push(question);
    else byInstant.set(question.at, [question]);
  }
  const batches = [...byInstant.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / MOST) }, (_, i) => group.slice(i * MOST, (i + 1) * MOST)),
  );
  const ask = async () => {
    for (let batch; (batch = batches.pop());) {
      const at = batch[0]!.at === null ? undefined : new Date(batch[0]!.at).toISOString();
      const answers = await askMany(
        app,
        batch.map(({ number }) => number),
        at,
      );
      batch.forEach((question, i) => check(question, answers[i]));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
}

interface Answer {
  number: string;
  outcome: string;
  partner: { code: string } | null;
  matched: { rule: string; first: string; last: string; effective_from: string | null } | null;
}

describeIfThere('the French numbering plan', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.close());

  it('is loaded through the API alone: 2,754 blocks, 398 partners, 18,735 assignments', async () => {
    expect(await load(app, 'partner-imports', read('fr-partners.csv'))).toMatchObject({
      created: 398,
      rejected: 0,
    });
    expect(await load(app, 'block-imports', read('fr-blocks.csv'))).toMatchObject({
      created: 2754,
      rejected: 0,
    });
    expect(await load(app, 'assignment-imports', read('fr-assignments.csv'))).toMatchObject({
      created: 18_735,
      rejected: 0,
    });
  });

  it('is answered right for every range: its ends and beyond, now, from its first instant on and just before', async () => {
    const ranges: Range[] = rowsOf('fr-assignments.csv')
      .map(([first, last, holder, from]) => ({
        first: Number(first),
        last: Number(last),
        holder: holder!,
        from: Date.parse(from!),
      }))
      .sort((a, b) => a.first - b.first);
    const blocks = rowsOf('fr-blocks.csv')
      .map(([first, last]) => ({ first: Number(first), last: Number(last) }))
      .sort((a, b) => a.first - b.first);
    const now = Date.now();
    const questions = ranges.flatMap(({ first, last, from }) =>
      [first - 1, first, last, last + 1].flatMap((number) =>
        [null, from, from - 1].map((at) => ({ number, at })),
      ),
    );
    expect(questions).toHaveLength(12 * 18_735);

    const wrong: unknown[] = [];
    const outcomes: Record<string, number> = {};
    await askAll(app, questions, ({ number, at }, answer) => {
      const expected = expectedOf(number, at ?? now);
      const told = `${answer.number} ${answer.outcome} ${answer.partner?.code} ${JSON.stringify(answer.matched)}`;
      outcomes[answer.outcome] = (outcomes[answer.outcome] ?? 0) + 1;
      if (told !== expected) wrong.push({ at, told, expected });
    });
    expect(wrong.slice(0, 5)).toEqual([]);
    for (const outcome of ['held', 'unassigned', 'not_ours']) expect(outcomes[outcome]).toBeGreaterThan(1000);

    /** From the files, by their order alone: no two ranges of a file overlap. */
    function expectedOf(number: number, at: number): string {
      const range = holding(ranges, number);
      const block = holding(blocks, number);
      const matched = (rule: string, { first, last }: { first: number; last: number }, from: number | null) =>
        JSON.stringify({
          rule,
          first: e164(first),
          last: e164(last),
          effective_from: from === null ? null : new Date(from).toISOString(),
          effective_to: null,
        });
      if (range && range.from <= at)
        return `+${number} held ${range.holder} ${matched('assignment', range, range.from)}`;
      if (block) return `+${number} unassigned undefined ${matched('block', block, null)}`;
      return `+${number} not_ours undefined null`;
    }
  });

  it('can be read back whole, page by page', async () => {
    const back: string[] = [];
    for (let cursor: string | undefined; cursor !== null;) {
      const { body } = await app
        .as('admin')
        .get('/v1/assignments')
        .query({ limit: 1000, cursor })
        .expect(200);
      for (const { first, last, partner, effective_from } of body.items)
        back.push([first, last, partner, effective_from].join(','));
      cursor = body.next_cursor;
    }
    const given = new Set(rowsOf('fr-assignments.csv').map((row) => row.join(',').replace(/Z$/, '.000Z')));
    expect([back.length, new Set(back).size]).toEqual([given.size, given.size]);
    expect(back.filter((row) => !given.has(row))).toEqual([]);
  });
});

/** The one of these disjoint ranges, in order, that has the number. */
function holding<T extends { first: number; last: number }>(ranges: T[], number: number): T | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.first <= number) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low - 1];
  return range && range.last >= number ? range : undefined;
}

describeIfThere('Dutch mobile ranges, some of them inside others', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
    await addBlock(app, 31_600_000_000, 31_699_999_999);
  });
  afterAll(() => app.close());

  it('are each answered right, where the narrowest wins: 63 of 63', async () => {
    const ranges = rowsOf('nl-mobile.csv').map(([first, last, holder]) => ({
      first: Number(first),
      last: Number(last),
      holder: holder!,
    }));
    // The holders are names; as partners they get codes. Later rows carve, so the widest come first.
    const codes = new Map(
      [...new Set(ranges.map(({ holder }) => holder))].map((holder, i) => [holder, `NL${i}`]),
    );
    const partners = [...codes].map(([holder, code]) => `${code},"${holder}"`);
    await load(app, 'partner-imports', ['code,name', ...partners].join('\n'));
    const rows = [...ranges]
      .sort((a, b) => b.last - b.first - (a.last - a.first))
      .map(({ first, last, holder }) => `${e164(first)},${e164(last)},${codes.get(holder)}`);
    const file = ['first,last,partner', ...rows].join('\n');
    await upload(app, 'assignment-imports', { mode: 'apply' }, file).expect(422);
    expect(await load(app, 'assignment-imports', file, { carve: 'true' })).toMatchObject({
      rows: 63,
      rejected: 0,
    });

    const probes = ranges.map(({ first, last }) => {
      const inner = ranges
        .flatMap((other) => [other.first, other.last])
        .filter((number) => first <= number && number <= last);
      return [
        ...new Set([
          first,
          last,
          Math.floor((first + last) / 2),
          ...inner.flatMap((number) => [number - 1, number, number + 1]),
        ]),
      ];
    });
    const answers = new Map<number, string>();
    await askAll(
      app,
      probes.flat().map((number) => ({ number, at: null })),
      ({ number }, { partner }) => answers.set(number, partner?.code ?? 'nobody'),
    );
    const right = probes.filter((numbers) =>
      numbers.every((number) => answers.get(number) === narrowest(number)),
    );
    expect(right).toHaveLength(63);
    expect(
      ranges.filter(({ first, holder }) => narrowest(first) === codes.get(holder)).length,
    ).toBeGreaterThan(55);

    function narrowest(number: number): string {
      const holders = ranges.filter(({ first, last }) => first <= number && number <= last);
      const [range] = holders.sort((a, b) => a.last - a.first - (b.last - b.first));
      return range ? codes.get(range.holder)! : 'nobody';
    }
  });
});
