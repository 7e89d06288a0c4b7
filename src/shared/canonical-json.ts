export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };

/**
 * RFC 8785 canonical JSON: keys sorted by UTF-16 code units, no white space; `undefined` is left out.
 * `JSON.stringify` writes strings and numbers as that RFC asks, so an object literal whose keys stand in order can
 * go to it directly; but not any object, for JavaScript itself puts keys that look like integers first.
 */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key]!)}`);
  return `{${members.join(',')}}`;
}
