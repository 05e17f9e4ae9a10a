import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { FilePosition } from '#collector/batch.ts';

/** What a file is, by its bytes: the first ones, and the last ones that were read. */
export const headMost = 1_024;
export const tailMost = 256;

export const digest = (bytes: Buffer): string => hash('sha256', bytes, 'hex').slice(0, 24);

export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  return readInto(Buffer.allocUnsafe(length), handle, offset);
}

/** Fills the buffer as far as the file goes. */
export async function readInto(bytes: Buffer, handle: FileHandle, offset: number): Promise<Buffer> {
  const { length } = bytes;
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

export type Print = Pick<FilePosition, 'head' | 'headLength' | 'tail'>;

/** Bytes just read, so that they need not be read again. */
export interface JustRead {
  start: number;
  bytes: Buffer;
}

/** The print of everything before `offset`; the head is kept once it has its full length. */
export async function printOf(handle: FileHandle, offset: number, before: Print & { read?: JustRead }): Promise<Print> {
  const part = async (from: number, length: number): Promise<Buffer> => {
    const { read } = before;
    const held = read && from >= read.start && from + length <= read.start + read.bytes.length;
    return held ? read.bytes.subarray(from - read.start, from - read.start + length) : readAt(handle, from, length);
  };
  const headLength = Math.min(offset, headMost);
  const tailLength = Math.min(offset, tailMost);
  const head = headLength === before.headLength ? before.head : digest(await part(0, headLength));
  return { head, headLength, tail: digest(await part(offset - tailLength, tailLength)) };
}

export const emptyPrint: Print = { head: digest(Buffer.alloc(0)), headLength: 0, tail: digest(Buffer.alloc(0)) };

/** Whether the file begins with what was read up to this position. */
export async function holds(handle: FileHandle, { offset, headLength, head, tail }: Print & { offset: number }): Promise<boolean> {
  const first = await readAt(handle, 0, headLength);
  if (first.length < headLength || digest(first) !== head) return false;
  const tailLength = Math.min(offset, tailMost);
  const last = await readAt(handle, offset - tailLength, tailLength);
  return last.length === tailLength && digest(last) === tail;
}

/** Whether a file too short to hold everything could still become a copy: its head is the same as far as that can be told. */
export async function beginsAlike(handle: FileHandle, { headLength, head }: Print, size: number): Promise<boolean> {
  return size < headLength || digest(await readAt(handle, 0, headLength)) === head;
}
