/** One day in milliseconds. */
export const DAY = 86_400_000;

/** Draws that are the same in every run for the same seed. For demo data, never for secrets. */
export class Random {
  constructor(private state: number) {}

  /** A fraction in [0, 1), by mulberry32: 32 bits of state, the same on every platform. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An element of a list (or a character of a string) that is not empty, each as likely. */
  pick<T>(list: ArrayLike<T>): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  /** An element of a list that is not empty; the first ones are drawn far more often than the last. */
  pickSkewed<T>(list: ArrayLike<T>): T {
    return list[Math.floor(this.next() ** 2.5 * list.length)] as T;
  }

  /** One of the choices `[value, weight]`, in proportion to its weight. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T {
    let rest = this.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
    const drawn = choices.find(([, weight]) => (rest -= weight) < 0) ?? choices[choices.length - 1];
    return drawn![0];
  }

  /** A copy of the list in another order. */
  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => ({ value, order: this.next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ value }) => value);
  }

  /** A midnight (UTC) between two others, both included; most are the first of a month. */
  day(earliest: number, latest: number): number {
    const day = earliest + this.int(0, (latest - earliest) / DAY) * DAY;
    const date = new Date(day);
    const month = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    return this.chance(0.6) && month >= earliest ? month : day;
  }
}
