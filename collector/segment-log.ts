import { type FileHandle, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchHead } from './batch.ts';
import { syncDirectory } from './durable-file.ts';
import { decodeFrame, scanSegment } from './segment.ts';

/** The segment files of a spool: written at the end, read anywhere, removed whole. It knows nothing of what the frames mean. */
export interface SegmentLog {
  /** Writes the frames behind one another and returns where each is, once all of them are on disk. */
  write(frames: readonly (readonly Buffer[])[]): Promise<Place[]>;
  read(place: Place): Promise<{ head: BatchHead; body: Buffer } | undefined>;
  /** One frame fewer is needed; true when a segment can now be removed. */
  release(place: Place): boolean;
  hold(place: Place): void;
  /** Removes what nobody needs any more. */
  sweep(): Promise<void>;
  bytes(): number;
  close(): Promise<void>;
}

export interface Place {
  segment: Segment;
  offset: number;
  length: number;
}

interface Segment {
  path: string;
  bytes: number;
  /** Frames still needed. */
  held: number;
  removed: boolean;
}

export interface Recovered {
  log: SegmentLog;
  frames: { head: BatchHead; place: Place }[];
  lostBytes: number;
}

/** An active segment this large is given up as soon as nothing in it is needed. */
const idleBytes = 4_000_000;

export async function openSegmentLog(dir: string, segmentBytes: number): Promise<Recovered> {
  await mkdir(dir, { recursive: true });
  const names = (await readdir(dir)).filter((name) => /^\d+\.seg$/.test(name)).sort();
  const segments = new Set<Segment>();
  const frames: Recovered['frames'] = [];
  let lostBytes = 0;
  for (const name of names) {
    const path = join(dir, name);
    const bytes = await readFile(path);
    const scan = scanSegment(bytes);
    const segment = { path, bytes: bytes.length, held: 0, removed: false };
    segments.add(segment);
    lostBytes += scan.lostBytes;
    for (const { head, offset, length } of scan.frames) frames.push({ head, place: { segment, offset, length } });
  }
  const last = Number.parseInt(names.at(-1) ?? '0', 10);
  return { log: createLog({ dir, segmentBytes, segments, last }), frames, lostBytes };
}

interface LogParts {
  dir: string;
  segmentBytes: number;
  segments: Set<Segment>;
  /** The number of the newest segment; a new start always begins another one, so a torn end is never written behind. */
  last: number;
}

function createLog(parts: LogParts): SegmentLog {
  const { segments } = parts;
  let active: { segment: Segment; handle: FileHandle } | undefined;

  const leave = async (): Promise<void> => {
    const handle = active?.handle;
    active = undefined;
    await handle?.close();
  };
  const enter = async (): Promise<{ segment: Segment; handle: FileHandle }> => {
    if (active && active.segment.bytes < parts.segmentBytes) return active;
    await leave();
    parts.last++;
    const path = join(parts.dir, `${String(parts.last).padStart(12, '0')}.seg`);
    const handle = await open(path, 'ax');
    await syncDirectory(parts.dir);
    const segment = { path, bytes: 0, held: 0, removed: false };
    segments.add(segment);
    active = { segment, handle };
    return active;
  };
  const spent = (segment: Segment): boolean => segment.held === 0 && (active?.segment !== segment || segment.bytes >= Math.min(idleBytes, parts.segmentBytes));

  return {
    write: async (frames) => {
      const { segment, handle } = await enter();
      try {
        return await writeFrames(frames, segment, handle);
      } catch (error) {
        // A part may have reached the disk, whole records in it: after a kill they would be found beside the ones written again.
        await handle.truncate(segment.bytes).catch(() => {});
        await leave().catch(() => {});
        throw error;
      }
    },
    read: ({ segment, offset, length }) => readFrame(segment.path, offset, length),
    hold: ({ segment }) => void segment.held++,
    release({ segment }) {
      segment.held--;
      return spent(segment);
    },
    async sweep() {
      for (const segment of [...segments].filter(spent)) {
        if (active?.segment === segment) await leave();
        if (segment.held > 0) continue;
        segments.delete(segment);
        segment.removed = true;
        await rm(segment.path, { force: true });
      }
    },
    bytes: () => [...segments].reduce((sum, { bytes }) => sum + bytes, 0),
    close: leave,
  };
}

async function writeFrames(frames: readonly (readonly Buffer[])[], segment: Segment, handle: FileHandle): Promise<Place[]> {
  const lengths = frames.map((parts) => parts.reduce((sum, part) => sum + part.length, 0));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const { bytesWritten } = await handle.writev(frames.flat());
  if (bytesWritten < total) throw new Error(`the disk took ${bytesWritten} of ${total} bytes`);
  await handle.datasync();
  let offset = segment.bytes;
  const places = lengths.map((length) => {
    const place = { segment, offset, length };
    offset += length;
    return place;
  });
  segment.bytes = offset;
  segment.held += frames.length;
  return places;
}

async function readFrame(path: string, offset: number, length: number): Promise<{ head: BatchHead; body: Buffer } | undefined> {
  const handle = await open(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    const { bytesRead } = await handle.read(bytes, 0, length, offset);
    return bytesRead === length ? decodeFrame(bytes, 0) : undefined;
  } finally {
    await handle.close();
  }
}
