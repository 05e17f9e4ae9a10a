import iconv from 'iconv-lite';

/** How the bytes of a file become text, and which bytes end a line. */
export interface Encoding {
  name: string;
  /** Bytes of one code unit: 2 for UTF-16, where a line feed is two bytes at an even position. */
  unit: 1 | 2;
  /** The position of the line feed's low byte within its unit. */
  lowByte: 0 | 1;
  decode(bytes: Buffer): string;
}

/** GB 18030 is the superset of what people call gb2312, gbk and cp936, so all of them are read as it. */
const chinese = new Set(['gb18030', 'gbk', 'gb2312', 'cp936', 'ms936', 'windows-936', 'euc-cn', 'x-gbk']);

/** Undefined for a name nobody knows, and for the few encodings in which a line feed byte may be part of another character. */
export function encodingOf(name: string): Encoding | undefined {
  const plain = name.trim().toLowerCase();
  if (plain === 'utf-8' || plain === 'utf8') return { name: 'utf-8', unit: 1, lowByte: 0, decode: (bytes) => bytes.toString('utf8') };
  if (plain === 'utf-16le' || plain === 'utf-16' || plain === 'utf16le') return { name: 'utf-16le', unit: 2, lowByte: 0, decode: (bytes) => bytes.toString('utf16le') };
  if (plain === 'utf-16be') return { name: 'utf-16be', unit: 2, lowByte: 1, decode: (bytes) => iconv.decode(bytes, 'utf-16be', { stripBOM: false }) };
  const label = chinese.has(plain) ? 'gb18030' : plain;
  if (/utf-?(7|16|32)|ucs|iso-?2022|base64|hex|internal|binary/.test(label) || !iconv.encodingExists(label)) return undefined;
  return { name: label, unit: 1, lowByte: 0, decode: (bytes) => iconv.decode(bytes, label) };
}

/** A byte order mark at the start of a file outranks what was declared. */
export function encodingByMark(head: Buffer): { encoding: Encoding; length: number } | undefined {
  const found =
    head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
      ? (['utf-8', 3] as const)
      : head[0] === 0xff && head[1] === 0xfe
        ? (['utf-16le', 2] as const)
        : head[0] === 0xfe && head[1] === 0xff
          ? (['utf-16be', 2] as const)
          : undefined;
  if (!found) return undefined;
  const encoding = encodingOf(found[0]);
  return encoding && { encoding, length: found[1] };
}
