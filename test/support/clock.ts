import { Clock } from '../../src/shared/clock.js';

/** Stands still until a test sets its time. */
export class StandingClock extends Clock {
  /** Milliseconds since the epoch. */
  constructor(public time: number = Date.parse('2026-06-01T12:00:00Z')) {
    super();
  }

  now(): number {
    return this.time;
  }

  /** The present instant, or one so many milliseconds later, as the API writes it. */
  iso(later = 0): string {
    return new Date(this.time + later).toISOString();
  }
}

/** Goes with the time of day, so many milliseconds ahead of it. */
export class SkewedClock extends Clock {
  constructor(private readonly ahead: number) {
    super();
  }

  now(): number {
    return Date.now() + this.ahead;
  }
}
