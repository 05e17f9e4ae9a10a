import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { maskText } from '#collector/mask.ts';
import { hideSecrets } from '#lib/secret.ts';

/** Bodies as text, and the small masked part of them that is kept as evidence. */

const excerptChars = 2_000;

export interface RawBody {
  bytes: Uint8Array;
  headers: Readonly<Record<string, string>>;
}

/** Undoes the content encoding and the character set the answer declares; what cannot be undone is read as it came. */
export function readBody({ bytes, headers }: RawBody, maxBytes: number): { body: string; bodyBytes: number } {
  const charset = /charset=["']?([\w-]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  const plain = unpacked(bytes, headers['content-encoding'] ?? '', maxBytes);
  return { body: decoder(charset).decode(plain), bodyBytes: plain.length };
}

function unpacked(bytes: Uint8Array, encoding: string, maxBytes: number): Uint8Array {
  try {
    const limit = { maxOutputLength: maxBytes };
    if (encoding === 'gzip') return gunzipSync(bytes, limit);
    if (encoding === 'br') return brotliDecompressSync(bytes, limit);
    if (encoding === 'deflate') return inflateSync(bytes, limit);
    return bytes;
  } catch {
    // A truncated or lying encoding is still evidence: show the bytes.
    return bytes;
  }
}

const decoders = new Map<string, TextDecoder>();

/** Kept: making one costs more than a small body takes to read. A charset nobody knows is read as UTF-8. */
function decoder(charset: string): TextDecoder {
  const known = decoders.get(charset);
  if (known) return known;
  let made: TextDecoder;
  try {
    made = new TextDecoder(charset);
  } catch {
    made = new TextDecoder();
  }
  // Names come from strangers' headers.
  if (decoders.size < 50) decoders.set(charset, made);
  return made;
}

const secretKeys = /("(?:[^"]*(?:token|password|passwd|secret|session|cookie)[^"]*)"\s*:\s*)"[^"]*"/gi;
const email = /\b([\w.+-])[\w.+-]*@([\w-]+\.[\w.-]+)/g;

/** Hides what identifies a person or opens a door: what logs hide too, tokens in JSON, and e-mail names. */
const masked = (text: string): string => maskText(hideSecrets(text)).text.replace(secretKeys, '$1"•••"').replace(email, '$1•••@$2');

/** At most 2 kB, masked, without control characters; says when it was cut. */
export function excerpt(text: string): string {
  const printable = masked(text.slice(0, excerptChars * 2)).replace(/[^\P{C}\n\t]/gu, '�');
  return printable.length > excerptChars ? `${printable.slice(0, excerptChars)}…` : printable;
}
