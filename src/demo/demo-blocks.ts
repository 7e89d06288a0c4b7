import type { E164 } from '../shared/e164.js';
import type { NumberRange } from '../shared/number-range.js';
import type { Random } from './random.js';

export interface DemoBlock extends NumberRange {
  range_holder: string;
  /** Milliseconds since the epoch, a midnight; -Infinity for what was always ours. */
  allocated_at: number;
}

const OWN_NETWORK = 'KOEPEL';
const MOBILE_NETWORK = 'NEDMOB';
export const OTHER_NETWORKS = ['POLDER', 'WADDEN', 'HEIDE', 'TERP', 'VENEN', 'KWELD', 'DUINEN'];

export const EXAMPLE_BLOCK: DemoBlock = {
  first: 31850210000,
  last: 31850219999,
  range_holder: OWN_NETWORK,
  allocated_at: Date.UTC(2008, 5, 1),
};

const LAST_ALLOCATION = Date.UTC(2024, 11, 31);

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
export const CITIES = words('10 13 15 20 23 24 26 30 33 35 36 38 40 43 45 46 50 53 55 58 70 71 72 73');
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

/** All blocks, in the order of their numbers. */
export function drawBlocks(random: Random): DemoBlock[] {
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
