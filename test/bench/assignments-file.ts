import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** A range as the bench hands it out; `from` is an RFC 3339 instant, or empty for now. */
export interface DealtRange {
  first: number;
  last: number;
  partner: string;
  from: string;
}

export const PARTNERS = Array.from({ length: 400 }, (_, place) => `P${100 + place}`);

const BLOCK_SIZE = 10_000;
const FIRST_BLOCK = 31_100_000_000;
/** Widths that a block is cut into: whole, hundreds, tens; on average some 60 ranges. */
const WIDTHS = [10_000, 1_000, 100, 100, 100];

/** So many disjoint ranges in the order of their numbers, as a partner's administration would export them. */
export function* dealRanges(count: number): Generator<DealtRange> {
  for (let block = 0, dealt = 0; dealt < count; block++) {
    const width = WIDTHS[block % WIDTHS.length]!;
    const begin = FIRST_BLOCK + block * BLOCK_SIZE;
    for (let first = begin; first < begin + BLOCK_SIZE && dealt < count; first += width, dealt++)
      yield { first, last: first + width - 1, partner: partnerOf(block, dealt), from: instantOf(dealt) };
  }
}

/** The blocks that hold so many ranges. */
export function* dealBlocks(count: number): Generator<{ first: number; last: number }> {
  let end = 0;
  for (const { first } of dealRanges(count)) {
    if (first < end) continue;
    end = first + BLOCK_SIZE;
    yield { first, last: end - 1 };
  }
}

function partnerOf(block: number, dealt: number): string {
  return PARTNERS[(block * 31 + (dealt % 7)) % PARTNERS.length]!;
}

/** One of a thousand days from 2023 on. */
function instantOf(dealt: number): string {
  return new Date(Date.UTC(2023, 0, 1 + ((dealt * 37) % 1_000))).toISOString();
}

/** Writes lines to a file, as fast as it takes them. */
export async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  const file = createWriteStream(path);
  let chunk = '';
  for (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < 1 << 16) continue;
    await write(file, chunk);
    chunk = '';
  }
  await write(file, chunk);
  file.end();
  await once(file, 'finish');
}

async function write(target: Writable, chunk: string): Promise<void> {
  if (!target.write(chunk)) await once(target, 'drain');
}
