import type { NumberRange } from '../shared/number-range.js';
import { type DemoBlock, EXAMPLE_BLOCK } from './demo-blocks.js';
import { type DemoName, EXAMPLE_CODE } from './demo-names.js';
import { DAY, type Random } from './random.js';

export interface DemoAssignment extends NumberRange {
  partner: string;
  effective_from: number;
  /** Infinity while open. */
  effective_to: number;
}

const EXAMPLE_RANGE: NumberRange = { first: 31850210000, last: 31850210999 };
// History happens before 2026, whatever `now` is; the margins leave room for the steps that follow one another.
export const FIRST_ASSIGNMENT = Date.UTC(2001, 0, 1);
export const LAST_PORT = Date.UTC(2025, 11, 31);
const LAST_START = Date.UTC(2025, 5, 30);
const LAST_CHANGE = Date.UTC(2025, 8, 30);
const QUARANTINE = 90 * DAY;

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
 * Deals the blocks out to the partners. Every partner gets a home: a range of ten or more fixed numbers
 * that it keeps and that no number port touches.
 */
export class Dealer {
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
