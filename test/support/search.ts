import type { TestApp } from './app.js';
import { withOwner } from './registry.js';

/** Tables of which any column of any row holds this text: as it is, or as the bytes of it. */
export function tablesWith(app: TestApp, text: string): Promise<string[]> {
  const base64 = Buffer.from(text).toString('base64').slice(0, -4);
  const forms = [text, base64, Buffer.from(text).toString('hex'), Buffer.from(base64).toString('hex')];
  return withOwner(app, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    const found: string[] = [];
    for (const { name } of rows) {
      const { rowCount } = await client.query(
        `SELECT FROM ${name} AS searched
         WHERE EXISTS (SELECT FROM unnest($1::text[]) AS form WHERE strpos(searched::text, form) > 0) LIMIT 1`,
        [forms],
      );
      if (rowCount) found.push(name);
    }
    return found;
  });
}
