import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { FilePosition } from '#collector/batch.ts';

/** What a file is, by its bytes: the first ones, and the last ones that were read. */
export const headMost = 1_024;
const tailMost = 256;

const digest = (bytes: Buffer): string => hash('sha256', bytes, 'hex').slice(0, 24);

export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

export type Print = Pick<FilePosition, 'head' | 'headLength' | 'tail'>;

/** The print of everything before `offset`; the head is kept once it has its full length. */
export async function printOf(handle: FileHandle, offset: number, before: Print): Promise<Print> {
  const headLength = Math.min(offset, headMost);
  const head = headLength === before.headLength ? before.head : digest(await readAt(handle, 0, headLength));
  const tail = digest(await readAt(handle, offset - Math.min(offset, tailMost), Math.min(offset, tailMost)));
  return { head, headLength, tail };
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
