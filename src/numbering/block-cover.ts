import type { NumberRange } from '../shared/number-range.js';
import type { Rectangle } from './range-rows.js';

/** Ranges in the order of their numbers, none overlapping another. */
export class DisjointRanges<Range extends NumberRange> {
  protected readonly sorted: Range[];

  /** `ranges` stand in the order of their first numbers. */
  constructor(ranges: readonly Range[]) {
    this.sorted = [...ranges];
  }

  /** One that overlaps the given range. */
  overlapping({ first, last }: NumberRange): Range | undefined {
    const candidate = this.sorted[this.placeOf(first)];
    return candidate && candidate.first <= last ? candidate : undefined;
  }

  /** Adds a range that overlaps none. */
  add(range: Range): void {
    this.sorted.splice(this.placeOf(range.first), 0, range);
  }

  /** Place of the first range that ends at or after the number. */
  protected placeOf(number: number): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sorted[middle]!.last < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Our number blocks, to ask whether they hold a range for a whole period. Blocks never end. */
export class BlockCover extends DisjointRanges<Rectangle> {
  /** Also true where adjacent blocks hold the range together. */
  holds({ first, last, from }: Rectangle): boolean {
    let place = this.placeOf(first);
    for (let next = first; ; place++) {
      const block = this.sorted[place];
      if (!block || block.first > next || block.from > from) return false;
      if (block.last >= last) return true;
      next = block.last + 1;
    }
  }
}
