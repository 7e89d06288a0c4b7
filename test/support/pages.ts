import type { TestApp } from './app.js';

/** All items of a list that the admin reads page by page; `between` is done after every page but the last. */
export async function pagesOf<Item>(
  app: TestApp,
  address: string,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = null; ; await between()) {
    const answer = await app
      .as('admin')
      .get(address)
      .query(cursor ? { cursor } : {})
      .expect(200);
    const page = answer.body as { items: Item[]; next_cursor: string | null };
    items.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) return items;
  }
}
