const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})$/;

/** What RFC 3339 can write and PostgreSQL, which has no year 0, can keep. */
const EARLIEST = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Milliseconds since the Unix epoch of an RFC 3339 timestamp; digits beyond the millisecond are dropped.
 * `undefined` for what is none: no time zone, no such day (30 February), a leap second, a year that is not 1 to
 * 9999 in UTC.
 */
export function parseInstant(text: string): number | undefined {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const calendar = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (calendar.getUTCMonth() !== Number(month) - 1 || calendar.getUTCDate() !== Number(day)) return undefined;
  const milliseconds = Date.parse(text.toUpperCase());
  return milliseconds >= EARLIEST && milliseconds <= LATEST ? milliseconds : undefined;
}

// The same few instants are written again and again: that of a batch, the days on which ranges changed hands.
// Writing one anew costs as much as hashing an entry.
const REMEMBERED = 1021;
const rememberedInstants = new Float64Array(REMEMBERED).fill(NaN);
const rememberedTexts: string[] = Array.from({ length: REMEMBERED }, () => '');

/** RFC 3339 in UTC with milliseconds; `null` for an open end (an infinity). */
export function formatInstant(milliseconds: number): string;
export function formatInstant(milliseconds: number | null): string | null;
export function formatInstant(milliseconds: number | null): string | null {
  if (milliseconds === null || !Number.isFinite(milliseconds)) return null;
  const place = Math.abs(Math.trunc(milliseconds)) % REMEMBERED;
  if (rememberedInstants[place] !== milliseconds) {
    rememberedTexts[place] = new Date(milliseconds).toISOString();
    rememberedInstants[place] = milliseconds;
  }
  return rememberedTexts[place]!;
}
