/**
 * The time of day, in whole milliseconds since the Unix epoch. Injected, so that a test can turn it.
 * Every stored instant is a whole millisecond: what is written and what is asked then compare alike.
 */
export abstract class Clock {
  abstract now(): number;
}

export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}
