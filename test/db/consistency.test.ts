import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { GROUND, startApp, type TestApp } from '../support/app.js';
import { SkewedClock } from '../support/clock.js';
import { addBlock, addPartner, ask, assign, type Body, e164, post, withOwner } from '../support/registry.js';

const BASE = 31_850_000_000;

describe('writers that fight for the same numbers, on two nodes', () => {
  let app: TestApp;
  let nodes: TestApp[];
  beforeAll(async () => {
    app = await startApp();
    nodes = [app, await app.addNode()];
    for (const code of ['ALFA', 'BRAVO', 'CHARLIE']) await addPartner(app, code);
    await addBlock(app, BASE, BASE + 9_999);
  });
  afterAll(() => app.close());

  /** Each contest is about one number, which all that its writers want includes. */
  const contests = [
    ...Array.from({ length: 14 }, (_, i) => ({ path: 'assignments', number: BASE + 1000 + 100 * i })),
    ...Array.from({ length: 4 }, (_, i) => ({ path: 'number-ports', number: BASE + 5000 + 100 * i })),
    ...Array.from({ length: 2 }, (_, i) => ({ path: 'blocks', number: BASE + 50_000 + 100 * i })),
  ];

  function write({ path, number }: (typeof contests)[number], place: number) {
    const range = { first: e164(number - (place % 7)), last: e164(number + (place % 5)) };
    const partner = ['ALFA', 'BRAVO', 'CHARLIE'][place % 3];
    const more = path === 'assignments' ? { partner } : path === 'number-ports' ? { recipient: partner } : {};
    return post(nodes[place % 2]!, path, { ...range, ...more });
  }

  it('get it once each: 1,000 at the same time, 50 for each number', async () => {
    const writes = Array.from({ length: 50 }, (_, place) =>
      contests.map((contest) => write(contest, place)),
    ).flat();
    expect(writes).toHaveLength(1000);
    const answers = await Promise.all(writes);
    for (const [place, contest] of contests.entries()) {
      const mine = answers.filter((_, i) => i % contests.length === place);
      const won = mine.filter(({ status }) => status === 201).map(({ body }) => body);
      const lost = mine.filter(({ status, body }) => status === 409 && body.code === 'range_overlaps');
      expect([contest, won.length, lost.length]).toEqual([contest, 1, 49]);
      for (const { body } of lost)
        expect(body.conflicts).toMatchObject([{ id: won[0].id, first: won[0].first, last: won[0].last }]);
      const told = await Promise.all(nodes.map((node) => ask(node, contest.number)));
      for (const { matched, partner } of told) {
        expect(matched).toMatchObject({ first: won[0].first, last: won[0].last });
        expect(partner?.code).toBe(won[0].partner ?? won[0].recipient);
      }
    }
  });
});

describe.each([0, 5_000, -5_000])('a node whose clock is %i ms ahead', (ahead) => {
  let app: TestApp;
  let nodes: [TestApp, TestApp];
  let police: { id: string; secret: string };
  const numbers = Array.from({ length: 5 }, (_, i) => BASE + i);
  const names: Record<string, string> = { ALFA: 'Alfa', BRAVO: 'Bravo' };
  const holders: Record<number, string | null> = {};
  const rows: Record<number, number> = {};
  const ports: Record<number, number> = {};

  beforeAll(async () => {
    app = await startApp();
    nodes = [app, await app.addNode(new SkewedClock(ahead))];
    for (const [code, name] of Object.entries(names)) await addPartner(app, code, name);
    await addBlock(app, BASE, BASE + 9_999);
    for (const number of numbers) {
      rows[number] = (await assign(app, number, number, 'ALFA')).id;
      holders[number] = 'ALFA';
    }
    await post(app, 'authorities', { code: 'POLITIE', name: 'Police', legal_bases: [] }).expect(201);
    police = { id: '', secret: '' };
    await renew(app);
  });
  afterAll(() => app.close());

  async function renew(node: TestApp): Promise<void> {
    const input = { role: 'authority', authority: 'POLITIE', label: 'test' };
    const { body } = await post(node, 'credentials', input).expect(201);
    police = { id: body.id, secret: body.secret };
  }

  /** Status of a lookup with the credential of the police. */
  async function statusFor(node: TestApp, secret: string): Promise<number> {
    return (
      await node
        .as({ secret })
        .post('/v1/lookups')
        .send({ number: e164(BASE), ...GROUND })
    ).status;
  }

  /** Each makes a change through one node, and then says what a lookup through the other must say. */
  const changes = {
    async assign(writer: TestApp, reader: TestApp, number: number, partner: string) {
      rows[number] = (await assign(writer, number, number, partner, { carve: true })).id;
      holders[number] = partner;
      await isTold(reader, number);
    },
    async release(writer: TestApp, reader: TestApp, number: number) {
      if (holders[number] === null) return;
      await post(writer, `assignments/${rows[number]}/release`).expect(200);
      holders[number] = null;
      await isTold(reader, number);
    },
    async port(writer: TestApp, reader: TestApp, number: number, partner: string) {
      if (ports[number] !== undefined) {
        await post(writer, `number-ports/${ports[number]}/return`).expect(200);
        delete ports[number];
        return isTold(reader, number);
      }
      ports[number] = (
        await post(writer, 'number-ports', { first: e164(number), recipient: partner }).expect(201)
      ).body.id;
      expect((await ask(reader, number)).matched.rule).toBe('number_port');
      expect((await ask(reader, number)).partner.code).toBe(partner);
    },
    async rename(writer: TestApp, reader: TestApp, _number: number, partner: string) {
      names[partner] = `${partner} ${Math.random()}`;
      await writer.as('admin').patch(`/v1/partners/${partner}`).send({ name: names[partner] }).expect(200);
      for (const number of numbers) if (ports[number] === undefined) await isTold(reader, number);
    },
    async grant(writer: TestApp, reader: TestApp, number: number) {
      const legal_bases = number % 2 ? ['Sv 126n', 'Wiv 56'] : ['Wiv 56'];
      await writer.as('admin').patch('/v1/authorities/POLITIE').send({ legal_bases }).expect(200);
      expect(await statusFor(reader, police.secret)).toBe(number % 2 ? 200 : 403);
    },
    async revoke(writer: TestApp, reader: TestApp) {
      const { id, secret } = police;
      expect(await statusFor(reader, secret)).not.toBe(401);
      await writer.as('admin').delete(`/v1/credentials/${id}`).expect(204);
      expect(await statusFor(reader, secret)).toBe(401);
      await renew(writer);
      expect(await statusFor(reader, police.secret)).not.toBe(401);
    },
    async rotate(writer: TestApp, reader: TestApp) {
      const { id, secret } = police;
      const rotated = (await post(writer, `credentials/${id}/rotation`, { overlap: 0 })).body;
      police = { id, secret: rotated.secret };
      expect(await statusFor(reader, rotated.secret)).not.toBe(401);
      expect(await statusFor(reader, secret)).toBe(401);
    },
  };

  async function isTold(reader: TestApp, number: number): Promise<void> {
    if (ports[number] !== undefined) return;
    const { outcome, partner } = await ask(reader, number);
    const holder = holders[number];
    expect([outcome, partner?.code, partner?.name]).toEqual(
      holder ? ['held', holder, names[holder]] : ['unassigned', undefined, undefined],
    );
  }

  const step = fc.record({
    kind: fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[])),
    writer: fc.constantFrom(0, 1),
    number: fc.constantFrom(...numbers),
    partner: fc.constantFrom('ALFA', 'BRAVO'),
  });

  async function walk(steps: number): Promise<void> {
    const seed = Math.floor(Math.random() * 2 ** 31);
    for (const [place, { kind, writer, number, partner }] of fc
      .sample(step, { numRuns: steps, seed })
      .entries())
      await changes[kind](nodes[writer]!, nodes[1 - writer]!, number, partner).catch((error: unknown) => {
        throw new Error(`seed ${seed}, step ${place}: ${kind} through node ${writer}`, { cause: error });
      });
  }

  it('sees every change that was committed through the other one', () => walk(150));

  it('sees them while others keep coming, and keeps answering', async () => {
    let going = true;
    let noise = 0;
    const busy = [0, 1, 2, 3].map(async (lane) => {
      for (let i = 0; going; i++, noise++)
        await assign(
          nodes[lane % 2]!,
          BASE + 1000 * (lane + 1) + (i % 500),
          BASE + 1000 * (lane + 1) + (i % 500),
          i % 2 ? 'ALFA' : 'BRAVO',
          { carve: true },
        );
    });
    const before = noise;
    await walk(40);
    going = false;
    await Promise.all(busy);
    expect(noise - before).toBeGreaterThan(40);
  });

  it('never answers from before the newest commit, in a batch, about the past, or under a stream of changes', async () => {
    let going = true;
    const busy = [0, 1].map(async (lane) => {
      for (let i = 0; going; i++)
        await assign(
          nodes[lane]!,
          BASE + 6000 + 1000 * lane + (i % 900),
          BASE + 6000 + 1000 * lane + (i % 900),
          'ALFA',
          { carve: true },
        );
    });
    const readers = Array.from({ length: 12 }, async (_, reader) => {
      for (let i = 0; i < 10; i++) {
        const committed = await serialOf(app);
        const node = nodes[reader % 2]!;
        const question: Body = { numbers: Array(reader % 3 ? 1 : 200).fill(e164(BASE)), ...GROUND };
        if (reader % 4 === 0) question.at = '2020-01-01T00:00:00Z';
        const { body } = await node.as('authority').post('/v1/lookup-batches').send(question).expect(200);
        const serials = body.results.map(({ serial }: { serial: number }) => serial);
        expect(Math.min(...serials)).toBeGreaterThanOrEqual(committed);
      }
    });
    await Promise.all(readers).finally(() => (going = false));
    await Promise.all(busy);
  });
});

async function serialOf(app: TestApp): Promise<number> {
  return withOwner(app, async (client) =>
    Number((await client.query('SELECT serial FROM log_head')).rows[0].serial),
  );
}
