import type { E164 } from '../shared/e164.js';
import type { NumberRange } from '../shared/number-range.js';
import { type DemoName, demoNames, type DemoPartner, demoPartner, EXAMPLE_CODE } from './demo-names.js';
import { DAY, Random } from './random.js';

export interface DemoBlock extends NumberRange {
  range_holder: string;
  /** Milliseconds since the epoch, a midnight; -Infinity for what was always ours. */
  allocated_at: number;
}

export interface DemoAssignment extends NumberRange {
  partner: string;
  effective_from: number;
  /** Infinity while open. */
  effective_to: number;
}

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
const OWN_NETWORK = 'KOEPEL';
const MOBILE_NETWORK = 'NEDMOB';
const OTHER_NETWORKS = ['POLDER', 'WADDEN', 'HEIDE', 'TERP', 'VENEN', 'KWELD', 'DUINEN'];

const EXAMPLE_RANGE: NumberRange = { first: 31850210000, last: 31850210999 };
const EXAMPLE_BLOCK: DemoBlock = {
  first: 31850210000,
  last: 31850219999,
  range_holder: OWN_NETWORK,
  allocated_at: Date.UTC(2008, 5, 1),
};

// History happens before 2026, whatever `now` is; the margins leave room for the steps that follow one another.
const LAST_ALLOCATION = Date.UTC(2024, 11, 31);
const FIRST_ASSIGNMENT = Date.UTC(2001, 0, 1);
const LAST_START = Date.UTC(2025, 5, 30);
const LAST_CHANGE = Date.UTC(2025, 8, 30);
const LAST_PORT = Date.UTC(2025, 11, 31);
const QUARANTINE = 90 * DAY;

/** `perPrefix` blocks of `size` numbers under each prefix; the digit after the prefix is one of `leads`. */
interface Series {
  prefixes: string[];
  leads: string;
  digits: number;
  size: number;
  perPrefix: number;
  since: number;
}

/** Area codes: of two digits, with subscriber numbers of seven; and of three, with six. */
const CITIES = words('10 13 15 20 23 24 26 30 33 35 36 38 40 43 45 46 50 53 55 58 70 71 72 73');
const REGIONS = [
  ...words('111 113 118 162 167 172 182 187 223 226 229 252 297 299 314 318 320 341'),
  ...words('344 348 412 416 475 486 492 495 499 512 515 523 543 548 570 577 592 598'),
];

// Short and long 0800 and 090x numbers differ in their lead: no number is another one plus digits.
const SERIES = [
  series(CITIES, '234567', 9, 10_000, 4, 1998),
  series(['10', '20', '30', '70'], '8', 9, 1_000, 3, 2003),
  series(REGIONS, '234567', 9, 10_000, 2, 1998),
  series(['118', '226', '297', '318', '412', '495', '512', '570'], '8', 9, 1_000, 1, 2003),
  series(['85'], '2345678', 9, 10_000, 36, 2005),
  series(['88'], '0123456789', 9, 10_000, 24, 2003),
  series(['84', '87', '91'], '2345678', 9, 10_000, 6, 2000),
  series(['6'], '123458', 9, 100_000, 12, 2002),
  series(['97'], '0123', 11, 100_000, 6, 2012),
  series(['800', '900'], '012', 7, 1_000, 3, 1998),
  series(['906', '909'], '0', 7, 1_000, 1, 1998),
  series(['800', '900', '906', '909'], '4', 10, 10_000, 2, 1998),
];

/** How many numbers an assignment has, and how often; 50 and 250 are no decimal prefixes. */
const SIZES: readonly (readonly [number, number])[] = [
  [1, 10],
  [10, 28],
  [50, 12],
  [100, 28],
  [250, 12],
  [1_000, 10],
];
const SMALL_SIZES = SIZES.filter(([size]) => size <= 100);

type Fate = 'kept' | 'moved' | 'moved_later' | 'released' | 'starting' | 'moving' | 'ending';
const FATES: readonly (readonly [Fate, number])[] = [
  ['kept', 78],
  ['moved', 7],
  ['moved_later', 3],
  ['released', 6],
  ['starting', 2],
  ['moving', 2],
  ['ending', 2],
];

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

function words(text: string): string[] {
  return text.split(' ');
}

function series(
  prefixes: string[],
  leads: string,
  digits: number,
  size: number,
  perPrefix: number,
  since: number,
): Series {
  return { prefixes, leads, digits, size, perPrefix, since: Date.UTC(since, 0, 1) };
}

function inOrder(a: DemoAssignment | DemoPort, b: DemoAssignment | DemoPort): number {
  return a.first - b.first || a.effective_from - b.effective_from;
}

function drawBlocks(random: Random): DemoBlock[] {
  const blocks = [EXAMPLE_BLOCK];
  for (const plan of SERIES)
    for (const prefix of plan.prefixes)
      for (const first of drawFirsts(random, plan, prefix))
        blocks.push({
          first,
          last: first + plan.size - 1,
          range_holder: drawRangeHolder(random, plan),
          allocated_at: random.chance(0.1) ? -Infinity : random.day(plan.since, LAST_ALLOCATION),
        });
  return blocks.sort((a, b) => a.first - b.first);
}

/** The first numbers of the blocks under one prefix: multiples of the block's size, none twice. */
function drawFirsts(random: Random, plan: Series, prefix: string): Set<E164> {
  const perLead = 10 ** (plan.digits - prefix.length - 1);
  const firsts = new Set<E164>();
  while (firsts.size < plan.perPrefix) {
    const lead = Number(`31${prefix}${random.pick(plan.leads)}`);
    firsts.add(lead * perLead + random.int(0, perLead / plan.size - 1) * plan.size);
  }
  return firsts;
}

function drawRangeHolder(random: Random, plan: Series): string {
  if (plan.size === 100_000) return MOBILE_NETWORK;
  return random.chance(0.85) ? OWN_NETWORK : random.pick(OTHER_NETWORKS);
}

/**
 * Deals the blocks out to the partners. Every partner gets a home: a range of ten or more fixed numbers
 * that it keeps and that no number port touches.
 */
class Dealer {
  readonly rows: DemoAssignment[] = [];
  private readonly homes = new Map<string, DemoAssignment>();
  private readonly homeless: string[];

  constructor(
    private readonly random: Random,
    private readonly names: readonly DemoName[],
    private readonly today: number,
  ) {
    this.homeless = random.shuffled(names.map(({ code }) => code).filter((code) => code !== EXAMPLE_CODE));
  }

  /** Cuts ranges out of the block from its start; each lies on a multiple of its size, so gaps remain. */
  deal(block: DemoBlock): void {
    let next = block.first;
    if (block === EXAMPLE_BLOCK) {
      this.settle(EXAMPLE_CODE, EXAMPLE_RANGE, Date.UTC(2019, 2, 1));
      next = EXAMPLE_RANGE.last + 1;
    }
    const blockSize = block.last - block.first + 1;
    for (
      let left = blockSize > 10_000 ? this.random.int(60, 110) : this.random.int(8, 30);
      left > 0;
      left--
    ) {
      const size = this.random.weighted(blockSize > 1_000 ? SIZES : SMALL_SIZES);
      const first = block.first + Math.ceil((next - block.first) / size) * size;
      const last = first + size - 1;
      if (last > block.last) continue;
      this.assign(block, { first, last });
      next = last + 1 + (this.random.chance(0.2) ? this.random.int(1, 400) : 0);
    }
  }

  homeOf(code: string): DemoAssignment {
    const home = this.homes.get(code);
    if (!home) throw new Error(`there is no home for the demo partner ${code}`);
    return home;
  }

  /** A partner, the first ones by far the most often. */
  drawPartner(except?: string): string {
    const { code } = this.random.pickSkewed(this.names);
    return code === except ? this.drawPartner(except) : code;
  }

  /** A day in the coming weeks. */
  drawSoon(): number {
    return this.today + this.random.int(1, 42) * DAY;
  }

  /** What one partner holds for good since before today, homes left out: what a number can port from. */
  portable(): DemoAssignment[] {
    const homes = new Set(this.homes.values());
    return this.rows.filter(
      (row) => row.effective_to === Infinity && row.effective_from <= LAST_PORT && !homes.has(row),
    );
  }

  private assign(block: DemoBlock, range: NumberRange): void {
    const since = this.random.day(Math.max(block.allocated_at, FIRST_ASSIGNMENT), LAST_START);
    if (canBeHome(block, range) && this.homeless.length > 0 && this.random.chance(0.1))
      this.settle(this.homeless.pop()!, range, since);
    else this.addHistory(range, since);
  }

  private settle(partner: string, range: NumberRange, since: number): void {
    this.homes.set(partner, this.add(range, partner, since, Infinity));
  }

  private addHistory(range: NumberRange, since: number): void {
    const holder = this.drawPartner();
    const heir = this.drawPartner(holder);
    const past = this.random.day(since + 30 * DAY, LAST_CHANGE);
    const soon = this.drawSoon();
    const fate = this.random.weighted(FATES);
    const start = fate === 'starting' ? soon : since;
    const ends: Record<Fate, number> = {
      kept: Infinity,
      moved: past,
      moved_later: past,
      released: past,
      starting: Infinity,
      moving: soon,
      ending: soon,
    };
    this.add(range, holder, start, ends[fate]);
    if (fate === 'moved' || fate === 'moving') this.add(range, heir, ends[fate], Infinity);
    if (fate === 'moved_later') this.add(range, heir, past + QUARANTINE, Infinity);
  }

  private add(range: NumberRange, partner: string, from: number, to: number): DemoAssignment {
    const row = { ...range, partner, effective_from: from, effective_to: to };
    this.rows.push(row);
    return row;
  }
}

/** Fixed numbers with nine national digits: what an office has on its door. */
function canBeHome(block: DemoBlock, range: NumberRange): boolean {
  return block.last - block.first === 9_999 && String(block.first).length === 11 && range.last > range.first;
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
