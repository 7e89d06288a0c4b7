/**
 * SQL for the timestamp of so many whole milliseconds since the epoch. `to_timestamp(ms / 1000)` alone is off by
 * some microseconds for many instants after the year 2242, where a double no longer holds the fraction.
 */
export function timestampOf(milliseconds: string): string {
  const seconds = `floor(${milliseconds} / 1000)`;
  return `(to_timestamp(${seconds}) + (${milliseconds} - 1000 * ${seconds}) * interval '1 millisecond')`;
}
