import { isUtf8 } from 'node:buffer';

/**
 * Owns the step from bytes to text. The source's chunks are collected into blocks of a fixed size, so
 * that neither their sizes nor their boundaries matter to anything later: not to the result, not to memory
 * (one block) and not to the time (a row sent byte by byte is not scanned again for every byte).
 * What comes out holds whole characters and whole CRLFs, and of the control characters only tab and line ends.
 */
const BLOCK_BYTES = 65_536;

const CARRIAGE_RETURN = 13;

export type TextFault = 'not_utf8' | 'nul_byte' | 'control_character' | 'lone_carriage_return';

/** A stretch of text; a fault, when there is one, stands directly after its last character. */
export interface TextPiece {
  text: string;
  fault?: TextFault;
}

/**
 * Decodes UTF-8, skips a byte order mark at the start and adds a line end to the last line.
 * After a piece with a fault nothing more comes. An error of the source is passed on.
 */
export async function* readText(source: AsyncIterable<Uint8Array>): AsyncGenerator<TextPiece> {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  let bom = true;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const taken = Math.min(BLOCK_BYTES - filled, chunk.length - at);
      block.set(chunk.subarray(at, at + taken), filled);
      at += taken;
      filled += taken;
      if (filled < BLOCK_BYTES) continue;
      const end = endOfWhole(block);
      const piece = decode(block.subarray(0, end), bom);
      yield piece;
      if (piece.fault) return;
      bom = false;
      block.copyWithin(0, end);
      filled -= end;
    }
  }
  const last = decode(block.subarray(0, filled), bom);
  yield last.fault ? last : { text: last.text + '\n' };
}

/** The end of the last whole character of a block; a CR at the end waits for what follows it. */
function endOfWhole(block: Uint8Array): number {
  const size = block.length;
  for (let back = 1; back <= 3; back++) {
    const byte = block[size - back]!;
    if (byte === CARRIAGE_RETURN && back === 1) return size - 1;
    if (byte < 0x80) return size;
    if (byte < 0xc0) continue;
    const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return length > back ? size - back : size;
  }
  return size;
}

function decode(bytes: Buffer, bom: boolean): TextPiece {
  const text = bytes.toString('utf8');
  const start = bom && text.startsWith('\ufeff') ? 1 : 0;
  const valid = isUtf8(bytes) ? text.length : endOfValid(bytes, text);
  const unwanted = findUnwanted(text);
  if (unwanted !== -1 && unwanted < valid)
    return { text: text.slice(start, unwanted), fault: faultOf(text.charCodeAt(unwanted)) };
  if (valid < text.length) return { text: text.slice(start, valid), fault: 'not_utf8' };
  return { text: start === 0 ? text : text.slice(start) };
}

/** The first U+FFFD of the decoded text that the bytes do not hold themselves. */
function endOfValid(bytes: Buffer, text: string): number {
  let offset = 0;
  let from = 0;
  for (;;) {
    const at = text.indexOf('\ufffd', from);
    offset += Buffer.byteLength(text.slice(from, at));
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) return at;
    offset += 3;
    from = at + 1;
  }
}

const UNWANTED = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)/;

/** The index of the first control character that no cell may hold, or -1: all but tab, LF and CRLF. */
export function findUnwanted(text: string): number {
  return text.search(UNWANTED);
}

function faultOf(code: number): TextFault {
  if (code === 0) return 'nul_byte';
  return code === CARRIAGE_RETURN ? 'lone_carriage_return' : 'control_character';
}
