import { isAscii } from 'node:buffer';
import type { Encoding } from './encoding.ts';
import type { Masked } from './mask.ts';
import { maskBytes } from './mask-bytes.ts';

/** Cuts bytes into lines. Cutting comes before decoding, so a character split by a write is never decoded in halves. */

/** Longer lines are cut here, counted, and skipped to their end. */
export const longestLine = 65_536;

export interface Cut {
  lines: string[];
  /** Instead of `lines` where that was asked for and nothing in them is out of the ordinary: the lines as bytes, each ended by a line feed. */
  plain?: Buffer;
  /** Bytes used up; what is behind them is an unfinished line to be kept for the next call. */
  used: number;
  /** Still inside a line that was too long: what comes up to the next line feed is dropped. */
  skipping: boolean;
  longLines: number;
  /** Lines holding characters that could not be decoded. */
  undecodable: number;
  masked: number;
}

export interface CutOptions {
  encoding: Encoding;
  /** As the last call left it. */
  skipping: boolean;
  /** Nothing will follow: the last line counts though no line feed ends it. */
  end: boolean;
  /** Hides personal data before the text is cut up; left out where nothing is kept. */
  mask?: (text: string) => Masked;
  /** Terminal colours are taken out unless they are to be kept. */
  keepColours?: boolean;
  /** Where lines may be put as the bytes they are, masked; it holds them until the next call. */
  plainInto?: Buffer;
}

const escapeCode = '\u001B';
/** Colours and cursor movements of a terminal, and the titles programs set. */
const colours = new RegExp(`${escapeCode}(?:\\[[0-9;:?<=>]*[ -/]*[@-~]|\\][^${escapeCode}\\u0007\\n]*\\u0007?|[@-Z\\\\^_])`, 'g');

export function cutLines(bytes: Buffer, { encoding, skipping, end, mask, keepColours = false, plainInto }: CutOptions): Cut {
  const cut: Cut = { lines: [], used: 0, skipping, longLines: 0, undecodable: 0, masked: 0 };
  const take = (raw: string): void => {
    const text = keepColours || !raw.includes(escapeCode) ? raw : raw.replace(colours, '');
    const masked = mask?.(text);
    cut.masked += masked?.count ?? 0;
    takeLines(cut, masked?.text ?? text);
  };
  if (cut.skipping) {
    const feed = firstFeed(bytes, encoding);
    cut.used = feed < 0 ? (end ? bytes.length : wholeUnits(bytes.length, encoding)) : feed;
    if (feed < 0) return cut;
    cut.skipping = false;
  }
  const stop = end ? bytes.length : lastFeed(bytes, encoding, cut.used);
  // A line that is too long to wait for goes along as text, and so do those before it.
  const plain = plainInto && encoding.name === 'utf-8' && bytes.length - stop <= longestLine ? plainLines(bytes.subarray(cut.used, stop), plainInto) : undefined;
  if (plain) {
    cut.masked = maskBytes(plain);
    cut.plain = plain;
    cut.used = stop;
  } else if (stop > cut.used) {
    take(encoding.decode(bytes.subarray(cut.used, stop)));
    cut.used = stop;
  }
  if (bytes.length - cut.used > longestLine * encoding.unit) {
    take(encoding.decode(bytes.subarray(cut.used, cut.used + longestLine * encoding.unit)));
    cut.used = wholeUnits(bytes.length, encoding);
    cut.skipping = true;
    cut.longLines++;
  }
  return cut;
}

/** Whole lines of ASCII of the usual length and without control characters, copied; undefined when they are anything else. */
function plainLines(bytes: Buffer, into: Buffer): Buffer | undefined {
  if (bytes.length === 0 || bytes.length > into.length || bytes.at(-1) !== 10 || !isAscii(bytes)) return undefined;
  if (bytes.includes(13) || bytes.includes(0) || bytes.includes(27)) return undefined;
  for (let at = 0; at + longestLine < bytes.length; ) {
    const feed = bytes.lastIndexOf(10, at + longestLine);
    if (feed < at) return undefined;
    at = feed + 1;
  }
  const copy = into.subarray(0, bytes.length);
  bytes.copy(copy);
  return copy;
}

const wholeUnits = (length: number, { unit }: Encoding): number => length - (length % unit);

/** Where the next line begins, or -1. */
function firstFeed(bytes: Buffer, { unit, lowByte }: Encoding): number {
  if (unit === 1) return bytes.indexOf(10) + 1 || -1;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) if (at % 2 === lowByte && bytes[at ^ 1] === 0) return (at | 1) + 1;
  return -1;
}

/** Behind the last line feed at or after `from`; `from` when there is none. */
function lastFeed(bytes: Buffer, { unit, lowByte }: Encoding, from: number): number {
  if (unit === 1) return Math.max(from, bytes.lastIndexOf(10) + 1);
  for (let at = bytes.lastIndexOf(10); at >= from; at = at === 0 ? -1 : bytes.lastIndexOf(10, at - 1)) if (at % 2 === lowByte && bytes[at ^ 1] === 0) return (at | 1) + 1;
  return from;
}

/** Where the last so many lines begin, of bytes that end with a line feed. */
export function startOfLast(bytes: Buffer, { lines, encoding }: { lines: number; encoding: Encoding }): number {
  let end = bytes.length;
  for (let count = 0; count < lines && end > 0; count++) end = lastFeed(bytes.subarray(0, end - encoding.unit), encoding, 0);
  return end;
}

/** Carriage returns before a line feed and NUL bytes (left by a crash or a truncation) are no part of a line. */
function takeLines(cut: Cut, text: string): void {
  const odd = text.includes('\uFFFD');
  const nul = text.includes('\0');
  const returns = text.includes('\r');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (let index = 0; index < lines.length; index++) {
    let line = lines[index] ?? '';
    if (returns && line.endsWith('\r')) line = line.slice(0, -1);
    if (nul) line = line.replaceAll('\0', '');
    if (line.length > longestLine) {
      line = line.slice(0, longestLine);
      cut.longLines++;
    }
    if (odd && line.includes('\uFFFD')) cut.undecodable++;
    cut.lines.push(line);
  }
}
