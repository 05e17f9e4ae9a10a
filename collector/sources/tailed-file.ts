import { randomUUID } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { FilePosition } from '#collector/batch.ts';
import { type Encoding, encodingByMark } from '#collector/encoding.ts';
import type { Joiner } from '#collector/formats/multiline.ts';
import { type Cut, cutLines, longestLine, startOfLast } from '#collector/lines.ts';
import { maskText } from '#collector/mask.ts';
import { joinerFor, keepsLines } from '#collector/origin.ts';
import { between, type UnixMs, unixMs } from '#lib/time.ts';
import { emptyPrint, holds, printOf, readAt, readInto } from './content-print.ts';
import type { Seen } from './decide-reads.ts';
import type { Unpacking } from './packed-file.ts';
import type { FileTailConfig } from './tail-config.ts';
import { copyMs } from './tail-limits.ts';

/** One file being followed: where we are in it, and the open handle that survives its renaming or removal. */
export interface TailedFile extends FilePosition {
  key: string;
  handle: FileHandle | undefined;
  encoding: Encoding | undefined;
  size: number;
  mtimeMs: number;
  /** On the disk under a name we watch, when last looked for. */
  present: boolean;
  /** When it last grew, or was last found gone. */
  changedAt: UnixMs;
  /** Since when there was more to read than we got to. */
  behindSince: UnixMs | undefined;
  /** While what it unpacks to is being read. */
  unpacking?: Unpacking | undefined;
  /** Of a compressed file that begins as a plain one did: the hash of the last bytes read of that one. */
  plainTail?: string | undefined;
  /** A copy of this other file, which is still being read itself: the copy only matters once that one is truncated. */
  shadowOf: string | undefined;
}

/** A position from before the restart, whose file is yet to be found. */
export const remembered = (key: string, position: FilePosition, now: UnixMs): TailedFile => ({ ...position, ...idle, key, size: -1, mtimeMs: 0, present: false, changedAt: now });

export const unread = ({ path, inode, size, mtimeMs }: Seen, now: UnixMs): TailedFile => ({
  ...emptyPrint,
  ...idle,
  key: randomUUID(),
  path,
  inode,
  offset: 0,
  skipping: false,
  size,
  mtimeMs,
  present: true,
  changedAt: now,
});

/** A file that was there before us last changed when it says, unless its clock is ahead. */
export const changedBy = (mtimeMs: number, now: UnixMs): UnixMs => unixMs(Math.min(now, mtimeMs));

const idle = { handle: undefined, encoding: undefined, behindSince: undefined, shadowOf: undefined };

/** Small enough that parsing a slice does not keep a probe from starting on time. */
const sliceBytes = 262_144;

/** One for a source, used again for every slice. */
export const sliceBuffer = (): Buffer => Buffer.allocUnsafeSlow(sliceBytes);

/** Undefined when the name is gone, or another file has taken it, since it was looked at: the next look tells. */
export async function handleOf(file: TailedFile): Promise<FileHandle | undefined> {
  if (file.handle) return file.handle;
  const handle = await open(file.path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return undefined;
  const { dev, ino } = await handle.stat();
  if (`${dev}:${ino}` === file.inode) file.handle = handle;
  else await handle.close();
  return file.handle;
}

export async function closeHandle(file: TailedFile): Promise<void> {
  const { handle } = file;
  file.unpacking?.close();
  file.unpacking = undefined;
  file.handle = undefined;
  await handle?.close().catch(() => {});
}

export async function stillHolds(handle: FileHandle, position: FilePosition): Promise<boolean> {
  return position.offset === 0 || (await holds(handle, position));
}

export interface Slice {
  cut: Cut;
  /** Nothing more to read at the moment. */
  atEnd: boolean;
  /** The position is another than before. */
  moved: boolean;
  /** There was more than when it was last looked at. */
  grown?: boolean;
  /** Why the rest of it was given up. */
  trouble?: Error;
}

export interface SliceOptions {
  declared: Encoding;
  /** An unfinished line is not waited for any longer. */
  end: boolean;
  /** An event that might go on is not waited for any longer. */
  quiet: boolean;
  joiner: Joiner | undefined;
  keepColours: boolean;
  buffer: Buffer;
  /** Where ordinary lines are handed on as bytes; absent where they are wanted as texts. */
  plainInto?: Buffer | undefined;
}

/** What is alike for every slice of a source's files. */
type SliceBase = Pick<SliceOptions, 'declared' | 'joiner' | 'keepColours' | 'buffer' | 'plainInto'>;

export const readingOf = ({ format, encoding, keepColours = false }: FileTailConfig): SliceBase => ({
  declared: encoding,
  joiner: joinerFor(format),
  keepColours,
  buffer: sliceBuffer(),
  plainInto: keepsLines(format) ? sliceBuffer() : undefined,
});

const nothingRead: Slice = { cut: { lines: [], used: 0, skipping: false, longLines: 0, undecodable: 0, masked: 0 }, atEnd: true, moved: false };

/** Reads on from where we are and moves the position behind the last whole event; with `end` behind everything there is. */
export async function readSlice(file: TailedFile, { declared, end, quiet, joiner, keepColours, buffer, plainInto }: SliceOptions): Promise<Slice> {
  const handle = await handleOf(file);
  if (!handle) return { ...nothingRead, cut: { ...nothingRead.cut, skipping: file.skipping } };
  const bytes = await readInto(buffer, handle, file.offset);
  const start = file.offset;
  const skip = await findEncoding(file, declared, start === 0 ? bytes : undefined);
  const last = bytes.length < buffer.length;
  const reached = start + bytes.length;
  // Written since it was looked at: that is not yet as old as the look said.
  const grown = reached > file.size;
  if (!file.present) file.size = reached;
  const encoding = file.encoding ?? declared;
  const length = joiner && (!quiet || grown) ? wholeEvents(bytes.subarray(skip), { joiner, encoding, skipping: file.skipping }) : bytes.length - skip;
  const cut = cutLines(bytes.subarray(skip, skip + length), { encoding, skipping: file.skipping, end: end && last && !grown, mask: maskText, keepColours, ...(plainInto && { plainInto }) });
  const offset = start + skip + cut.used;
  const print = cut.used > 0 ? await printOf(handle, offset, { ...file, read: { start, bytes } }) : undefined;
  // Looked at a while ago, it may have been emptied and filled again since: asked last, so that all that was read is of what it was.
  if (!(await stillHolds(handle, file))) return { ...nothingRead, cut: { ...nothingRead.cut, skipping: file.skipping } };
  if (print) Object.assign(file, print, { offset, skipping: cut.skipping });
  return { cut, atEnd: last || cut.used === 0, moved: cut.used > 0, grown };
}

/** How many of these bytes are whole events; one longer than a line may be is not waited for. */
export function wholeEvents(bytes: Buffer, { joiner, encoding, skipping }: { joiner: Joiner; encoding: Encoding; skipping: boolean }): number {
  const seen = cutLines(bytes, { encoding, skipping, end: false });
  const open = seen.lines.length - joiner.whole(seen.lines);
  if (open === 0 || seen.longLines > 0) return bytes.length;
  const start = startOfLast(bytes.subarray(0, seen.used), { lines: open, encoding });
  return start === 0 && seen.used >= longestLine * encoding.unit ? bytes.length : start;
}

/**
 * A copy has been read as far as its original has; true once it is a file of its own. It may still be growing: what its original was read
 * beyond is never read in the copy, even when the original is emptied before the copy was seen whole.
 */
export async function followOriginal(copy: TailedFile, { original, now }: { original: TailedFile | undefined; now: UnixMs }): Promise<boolean> {
  const reached = Math.min(original?.offset ?? 0, copy.size);
  const handle = reached > copy.offset ? await handleOf(copy) : undefined;
  if (handle) Object.assign(copy, { offset: reached, heading: original?.heading, ...(await printOf(handle, reached, copy)) });
  if (!original) return true;
  return original.present ? copy.offset >= copy.size && between(copy.changedAt, now) >= copyMs : copy.offset >= original.offset;
}

/** Settles the encoding, by the file's mark if it has one; answers how much of these bytes, the file's first, is the mark. */
async function findEncoding(file: TailedFile, declared: Encoding, first: Buffer | undefined): Promise<number> {
  if (file.encoding && !first) return 0;
  const mark = encodingByMark(first ?? (file.handle ? await readAt(file.handle, 0, 3) : Buffer.alloc(0)));
  file.encoding = mark?.encoding ?? declared;
  return first ? (mark?.length ?? 0) : 0;
}

export const isCompressed = async (handle: FileHandle): Promise<boolean> => {
  const first = await readAt(handle, 0, 2);
  return first[0] === 0x1f && first[1] === 0x8b;
};

export const positionOf = ({ path, inode, offset, headLength, head, tail, skipping, unpacked, heading }: TailedFile): FilePosition => ({
  path,
  inode,
  offset,
  headLength,
  head,
  tail,
  skipping,
  ...(unpacked !== undefined && { unpacked }),
  ...(heading !== undefined && { heading }),
});
