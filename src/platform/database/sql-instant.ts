/**
 * SQL for the timestamp of so many whole milliseconds since the epoch. `to_timestamp(ms / 1000)` alone misses
 * every second one by some microseconds from the year 2242 on, where a double no longer holds them.
 */
export function timestampOf(milliseconds: string): string {
  const seconds = `floor(${milliseconds} / 1000)`;
  return `(to_timestamp(${seconds}) + (${milliseconds} - 1000 * ${seconds}) * interval '1 millisecond')`;
}
