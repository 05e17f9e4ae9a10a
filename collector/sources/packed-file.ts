import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import { encodingByMark } from '#collector/encoding.ts';
import { cutLines } from '#collector/lines.ts';
import { maskText } from '#collector/mask.ts';
import { digest, headMost, printOf, readAt, tailMost } from './content-print.ts';
import { handleOf, type Slice, type SliceOptions, type TailedFile, wholeEvents } from './tailed-file.ts';

/** A compressed file on its way: what it unpacks to is read once, from where a plain file with the same beginning was left. */
export interface Unpacking {
  pieces: AsyncIterator<Buffer>;
  close(): void;
  rest: Buffer;
  /** Bytes still to be passed over, and the last of those passed. */
  toSkip: number;
  passed: Buffer;
}

const pieceBytes = 262_144;
const peekBytes = 4_096;

/** The beginning of what the file unpacks to; empty when it cannot be unpacked. */
export async function unpackedHead(handle: FileHandle): Promise<Buffer> {
  try {
    return gunzipSync(await readAt(handle, 0, peekBytes), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 8_000_000 }).subarray(0, headMost);
  } catch {
    return Buffer.alloc(0);
  }
}

/** Whether what it unpacks to begins as this file did. */
export const beginsAs = (head: Buffer, file: { offset: number; headLength: number; head: string }): boolean =>
  file.offset > 0 && head.length >= file.headLength && digest(head.subarray(0, file.headLength)) === file.head;

/** From where what it unpacks to is to be read, when it begins as this plain file did. */
export const plainBefore = (plain: TailedFile | undefined): Partial<TailedFile> =>
  plain ? { unpacked: plain.offset, plainTail: plain.tail, encoding: plain.encoding, skipping: plain.skipping, ...(plain.heading !== undefined && { heading: plain.heading }) } : {};

/** Reads one piece on. All members of the archive count; a broken one is read as far as it goes, and then given up with the reason. */
export async function readPacked(file: TailedFile, { declared, joiner, keepColours }: Omit<SliceOptions, 'end' | 'quiet' | 'buffer'>): Promise<Slice> {
  const unpacking = file.unpacking ?? (await begin(file));
  file.unpacking = unpacking;
  const next = await unpacking.pieces.next().catch((error: Error) => error);
  const ended = next instanceof Error || next.done === true;
  const piece = ended ? Buffer.alloc(0) : next.value;
  if (!pass(file, { unpacking, piece, ended })) return readPacked(file, { declared, joiner, keepColours });
  const bytes = unpacking.rest;
  const mark = file.unpacked === 0 && file.encoding === undefined ? encodingByMark(bytes) : undefined;
  file.encoding ??= mark?.encoding ?? declared;
  const body = bytes.subarray(mark?.length ?? 0);
  const options = { encoding: file.encoding, skipping: file.skipping };
  const length = joiner && !ended ? wholeEvents(body, { joiner, ...options }) : body.length;
  const cut = cutLines(body.subarray(0, length), { ...options, end: ended, mask: maskText, keepColours });
  const used = cut.used + (cut.used > 0 ? (mark?.length ?? 0) : 0);
  file.unpacked = (file.unpacked ?? 0) + used;
  file.skipping = cut.skipping;
  unpacking.rest = Buffer.from(bytes.subarray(used));
  await place(file, ended);
  return { cut, atEnd: ended, moved: used > 0 || ended, ...(next instanceof Error && { trouble: new Error(`${file.path}: ${next.message}; what could be unpacked was read`) }) };
}

async function begin(file: TailedFile): Promise<Unpacking> {
  const handle = await open(file.path, 'r');
  const { dev, ino } = await handle.stat();
  // By a handle of its own, so that a rotation that renames it meanwhile does not matter.
  const packed = handle.createReadStream();
  if (`${dev}:${ino}` !== file.inode) {
    packed.destroy();
    throw new Error(`${file.path}: another file has taken its name`);
  }
  const plain = createGunzip({ chunkSize: pieceBytes });
  pipeline(packed, plain).catch((error: Error) => plain.destroy(error));
  const close = (): void => {
    packed.destroy();
    plain.destroy();
  };
  return { pieces: plain[Symbol.asyncIterator](), close, rest: Buffer.alloc(0), toSkip: file.unpacked ?? 0, passed: Buffer.alloc(0) };
}

/** Passes over what was read before; false when that turns out to have been something else, so that all of it is read. */
function pass(file: TailedFile, { unpacking, piece, ended }: { unpacking: Unpacking; piece: Buffer; ended: boolean }): boolean {
  const over = piece.subarray(0, unpacking.toSkip);
  if (unpacking.passed.length === 0 && over.length > 0) file.encoding ??= encodingByMark(over)?.encoding;
  unpacking.toSkip -= over.length;
  unpacking.passed = Buffer.concat([unpacking.passed, over]).subarray(-tailMost);
  unpacking.rest = Buffer.concat([unpacking.rest, piece.subarray(over.length)]);
  if (file.plainTail === undefined || (unpacking.toSkip > 0 && !ended)) return true;
  const same = unpacking.toSkip === 0 && digest(unpacking.passed) === file.plainTail;
  file.plainTail = undefined;
  if (same) return true;
  unpacking.close();
  Object.assign(file, { unpacking: undefined, unpacked: 0, skipping: false, encoding: undefined });
  return false;
}

/** Until it is read to its end a compressed file counts as read up to its first bytes, which tell it from others. */
async function place(file: TailedFile, ended: boolean): Promise<void> {
  const offset = ended ? file.size : Math.min(headMost, file.size - 1);
  if (ended) {
    file.unpacking?.close();
    file.unpacking = undefined;
  }
  if (offset === file.offset) return;
  const handle = await handleOf(file);
  if (handle) Object.assign(file, { offset, ...(await printOf(handle, offset, file)) });
}
