import { type FileHandle, open, stat } from 'node:fs/promises';
import { between, type UnixMs } from '#lib/time.ts';
import { beginsAlike, digest, headMost, readAt } from './content-print.ts';
import type { Seen } from './decide-reads.ts';
import type { KnownFiles } from './known-files.ts';
import { beginsAs, unpackedHead } from './packed-file.ts';
import { earlierNames } from './rotated-names.ts';
import { copyMs } from './tail-limits.ts';
import { isCompressed, stillHolds, type TailedFile } from './tailed-file.ts';

/** Looks at files on the disk and compares their content with what is known: the facts `decideReads` decides by. */
export interface Look {
  seen: Seen[];
  /** Paths with nothing there. */
  missing: string[];
  troubles: { path: string; error: NodeJS.ErrnoException }[];
}

/** How large each path was when last looked at, and since when. */
export type Sizes = Map<string, { size: number; since: UnixMs }>;

/** Files looked at side by side: as many as the system's file threads. */
const atOnce = 4;

export async function lookAt(paths: Iterable<string>, known: KnownFiles, growth: { sizes: Sizes; now: UnixMs }): Promise<Look> {
  const look: Look = { seen: [], missing: [], troubles: [] };
  const queue = [...paths];
  const lookOn = async (): Promise<void> => {
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      try {
        const seen = await lookAtOne(path, known, growth);
        if (seen) look.seen.push(seen);
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code === 'ENOENT' || code === 'ENOTDIR') look.missing.push(path);
        else look.troubles.push({ path, error: error as NodeJS.ErrnoException });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lookOn));
  await markCopies(look.seen, known);
  return look;
}

/** A copy of a file nothing was read of yet: only when that one has begun to be read can the two be told apart. */
async function markCopies(seen: readonly Seen[], known: KnownFiles): Promise<void> {
  const isUnread = ({ same }: Seen): boolean => [...same].every((key) => known.get(key)?.offset === 0);
  const strangers = new Map(seen.filter((file) => !file.compressed && file.size > 0 && isUnread(file)).map((file) => [file.path, file]));
  for (const file of strangers.size > 1 ? strangers.values() : []) {
    for (const other of earlierNames(file.path).flatMap((path) => strangers.get(path) ?? [])) file.perhapsCopying ||= await beginAlike(file, other);
  }
}

async function beginAlike(copy: Seen, original: Seen): Promise<boolean> {
  const length = Math.min(copy.size, original.size, headMost);
  const heads = await Promise.all([copy, original].map(({ path }) => headOf(path, length).catch(() => undefined)));
  return heads[0] !== undefined && heads[0] === heads[1];
}

async function headOf(path: string, length: number): Promise<string> {
  const handle = await open(path, 'r');
  try {
    return digest(await readAt(handle, 0, length));
  } finally {
    await handle.close();
  }
}

const nothing: ReadonlySet<string> = new Set();

async function lookAtOne(path: string, known: KnownFiles, { sizes, now }: { sizes: Sizes; now: UnixMs }): Promise<Seen | undefined> {
  const about = await stat(path);
  if (!about.isFile()) return undefined;
  const inode = `${about.dev}:${about.ino}`;
  const before = sizes.get(path);
  const since = before?.size === about.size ? before.since : now;
  sizes.set(path, { size: about.size, since });
  const steady = between(since, now) >= copyMs;
  const facts = { path, inode, size: about.size, mtimeMs: about.mtimeMs };
  const own = known.byInode(inode).find((file) => file.present && file.path === path && file.size === about.size && file.mtimeMs === about.mtimeMs);
  if (own) return { ...facts, compressed: false, perhapsCopying: false, unpacksTo: nothing, same: new Set([own.key]) };
  const handle = await open(path, 'r');
  try {
    // Rotation may have given the name to another file between the two calls; the next look sees it as it is then.
    const { dev, ino } = await handle.stat();
    if (`${dev}:${ino}` !== inode) return undefined;
    return { ...facts, ...(await compare(handle, { ...facts, steady, known })) };
  } finally {
    await handle.close();
  }
}

interface Comparison {
  path: string;
  inode: string;
  size: number;
  steady: boolean;
  known: KnownFiles;
}

/** Compares with the same inode first, then with what the name suggests, and only then with whatever has lost its place. */
async function compare(handle: FileHandle, { path, inode, size, steady, known }: Comparison): Promise<Pick<Seen, 'compressed' | 'same' | 'unpacksTo' | 'perhapsCopying'>> {
  const same = new Set<string>();
  // Of what nothing was read nothing can be held: a file that was empty when first seen may have become a copy or an archive.
  const check = async (files: Iterable<TailedFile>): Promise<void> => {
    for (const file of files) if ((file.offset > 0 || file.unpacked !== undefined) && file.offset <= size && (await stillHolds(handle, file))) same.add(file.key);
  };
  await check(known.byInode(inode));
  if (same.size > 0) return { compressed: false, same, unpacksTo: nothing, perhapsCopying: false };
  const suggested = known.byEarlierName(path);
  await check(suggested);
  if (size >= headMost) await check(known.absentWithHead(digest(await readAt(handle, 0, headMost))));
  let perhapsCopying = false;
  for (const file of steady ? [] : suggested) if (file.path !== path && file.offset > size) perhapsCopying ||= await beginsAlike(handle, file, size);
  if (same.size > 0 || !(await isCompressed(handle))) return { compressed: false, same, unpacksTo: nothing, perhapsCopying };
  const head = await unpackedHead(handle);
  const alike = [...suggested, ...(head.length === headMost ? known.absentWithHead(digest(head)) : [])].filter((file) => beginsAs(head, file));
  return { compressed: true, same, unpacksTo: new Set(alike.map(({ key }) => key)), perhapsCopying: !steady };
}
