import { crc32 } from 'node:zlib';
import type { BatchHead } from './batch.ts';

/**
 * One frame of a spool segment: a mark to find it by, the length and checksum of the rest, the head's length, head, body.
 * Frames are only ever appended, so whatever a crash leaves is a readable beginning.
 */
const mark = Buffer.from('FHS1');
const prefix = 16;

export interface Frame {
  head: BatchHead;
  /** Of the whole frame within the segment. */
  offset: number;
  length: number;
}

export interface Scan {
  frames: Frame[];
  /** Bytes that belong to no readable frame. */
  lostBytes: number;
}

/** The frame in two parts, so that a large body is not copied only to be written. */
export function encodeFrame(head: BatchHead, body: Buffer): [start: Buffer, body: Buffer] {
  const headBytes = Buffer.from(JSON.stringify(head));
  const start = Buffer.allocUnsafe(prefix + headBytes.length);
  mark.copy(start);
  start.writeUInt32LE(headBytes.length + body.length, 4);
  start.writeUInt32LE(headBytes.length, 12);
  headBytes.copy(start, prefix);
  start.writeUInt32LE(crc32(body, crc32(start.subarray(12))), 8);
  return [start, body];
}

/** The head and body at `offset`, or undefined when the bytes there are not a whole, unbroken frame. */
export function decodeFrame(bytes: Buffer, offset: number): { head: BatchHead; body: Buffer; length: number } | undefined {
  if (offset + prefix > bytes.length || !bytes.subarray(offset, offset + 4).equals(mark)) return undefined;
  const length = prefix + bytes.readUInt32LE(offset + 4);
  const headLength = bytes.readUInt32LE(offset + 12);
  if (offset + length > bytes.length || prefix + headLength > length) return undefined;
  if (crc32(bytes.subarray(offset + 12, offset + length)) !== bytes.readUInt32LE(offset + 8)) return undefined;
  try {
    const head = JSON.parse(bytes.toString('utf8', offset + prefix, offset + prefix + headLength)) as BatchHead;
    return { head, body: bytes.subarray(offset + prefix + headLength, offset + length), length };
  } catch {
    return undefined;
  }
}

/** Every readable frame; a broken one costs only itself, the next is found by its mark. */
export function scanSegment(bytes: Buffer): Scan {
  const frames: Frame[] = [];
  let lostBytes = 0;
  let at = 0;
  while (at < bytes.length) {
    const frame = decodeFrame(bytes, at);
    if (frame) {
      frames.push({ head: frame.head, offset: at, length: frame.length });
      at += frame.length;
      continue;
    }
    const next = bytes.indexOf(mark, at + 1);
    const end = next < 0 ? bytes.length : next;
    lostBytes += end - at;
    at = end;
  }
  return { frames, lostBytes };
}
