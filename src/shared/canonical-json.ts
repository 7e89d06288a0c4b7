export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };

/**
 * RFC 8785 canonical JSON: keys sorted by UTF-16 code units, no white space. `JSON.stringify` already writes
 * strings and numbers as that RFC asks; an object literal whose keys stand in order can go to it directly.
 */
export function canonicalJson(value: Json): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}
