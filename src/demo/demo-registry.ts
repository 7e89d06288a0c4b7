import type { E164 } from '../shared/e164.js';
import type { NumberRange } from '../shared/number-range.js';
import { Dealer, type DemoAssignment, FIRST_ASSIGNMENT, LAST_PORT } from './demo-assignments.js';
import { CITIES, type DemoBlock, drawBlocks, OTHER_NETWORKS } from './demo-blocks.js';
import { demoNames, type DemoPartner, demoPartner } from './demo-names.js';
import { DAY, Random } from './random.js';

/** A number or series that moved: to a partner (`recipient`), or away to another `network`. */
export interface DemoPort extends NumberRange {
  recipient: string | null;
  network: string | null;
  effective_from: number;
}

export interface DemoRegistry {
  partners: DemoPartner[];
  blocks: DemoBlock[];
  assignments: DemoAssignment[];
  ports: DemoPort[];
}

const SEED = 312;
/**
 * The registry that an empty database starts with: invented partners with invented ranges, a past and some
 * changes to come. The same for the same day (UTC) of `now`, in milliseconds, 2026 or later; another day
 * moves nothing but the changes to come. Each layer is disjoint over numbers and time.
 */
export function demoRegistry(now: number): DemoRegistry {
  const random = new Random(SEED);
  const today = Math.floor(now / DAY) * DAY;
  const names = demoNames(random);
  const blocks = drawBlocks(random);
  const dealer = new Dealer(random, names, today);
  for (const block of blocks) dealer.deal(block);
  const partners = names.map((name, i) => demoPartner(random, name, i, dealer.homeOf(name.code).first));
  return {
    partners,
    blocks,
    assignments: dealer.rows.toSorted(inOrder),
    ports: drawPorts(random, dealer, blocks),
  };
}

function inOrder(a: DemoAssignment | DemoPort, b: DemoAssignment | DemoPort): number {
  return a.first - b.first || a.effective_from - b.effective_from;
}

/** At most one number port in an assignment, so that no two meet; then some from outside our blocks. */
function drawPorts(random: Random, dealer: Dealer, blocks: readonly DemoBlock[]): DemoPort[] {
  const within = random
    .shuffled(dealer.portable())
    .slice(0, 130)
    .map((held) => {
      const recipient = random.chance(0.65) ? null : dealer.drawPartner(held.partner);
      return {
        ...drawSeries(random, held),
        recipient,
        network: recipient === null ? random.pick(OTHER_NETWORKS) : null,
        effective_from: random.chance(0.1) ? dealer.drawSoon() : random.day(held.effective_from, LAST_PORT),
      };
    });
  const outside = [...drawOutside(random, blocks, 22)].map((number) => ({
    first: number,
    last: number,
    recipient: dealer.drawPartner(),
    network: null,
    effective_from: random.chance(0.1) ? dealer.drawSoon() : random.day(FIRST_ASSIGNMENT, LAST_PORT),
  }));
  return [...within, ...outside].sort(inOrder);
}

/** One number of an assignment, or now and then ten in a row. */
function drawSeries(random: Random, { first, last }: NumberRange): NumberRange {
  const size = last - first + 1;
  const length = size >= 10 && random.chance(0.2) ? 10 : 1;
  const start = first + random.int(0, size / length - 1) * length;
  return { first: start, last: start + length - 1 };
}

/** Geographic and mobile numbers that lie in no block of ours. */
function drawOutside(random: Random, blocks: readonly DemoBlock[], count: number): Set<E164> {
  const numbers = new Set<E164>();
  while (numbers.size < count) {
    const prefix = random.chance(0.3) ? '6' : random.pick(CITIES);
    const tail = 10 ** (8 - prefix.length);
    const number = Number(`31${prefix}${random.pick('23458')}`) * tail + random.int(0, tail - 1);
    if (!blocks.some(({ first, last }) => first <= number && number <= last)) numbers.add(number);
  }
  return numbers;
}
