import { earlierNames } from './rotated-names.ts';

/** A file as far as it was read. */
export interface Known {
  key: string;
  path: string;
  inode: string;
  offset: number;
  /** Still on the disk when last looked for. */
  present: boolean;
  /** Open: it may still be read from, though it is gone. */
  handle?: unknown;
}

/** A file as it lies on the disk now. */
export interface Seen {
  path: string;
  inode: string;
  size: number;
  mtimeMs: number;
  compressed: boolean;
  /** Still growing, and so far it could become a copy of a file it may have been rotated from. */
  perhapsCopying: boolean;
  /** The known files whose content, as far as it was read, this file begins with. */
  same: ReadonlySet<string>;
  /** The known files whose content what it unpacks to begins with. */
  unpacksTo: ReadonlySet<string>;
}

export type Reading =
  | { do: 'continue'; seen: Seen; key: string }
  /** Another file holds what was read there: moved, or, while the first is still there, being copied aside before a truncation. */
  | { do: 'adopt'; seen: Seen; key: string; copied: boolean }
  | { do: 'fresh'; seen: Seen; why: 'new' | 'truncated' | 'replaced'; instead: string | undefined }
  /** Perhaps still being copied. */
  | { do: 'wait'; seen: Seen }
  /** Compressed, and read before it was: from where that file was left; or never seen plain: from its beginning. */
  | { do: 'unpack'; seen: Seen; after: string | undefined }
  /** Compressed, and what it was made of is still there. */
  | { do: 'skip'; seen: Seen };

/** Below this many bytes two files may well begin alike by chance. */
const surely = 1_024;

/**
 * What to do with each file: by its inode when its content agrees, else by its content, and only then as a new one. Names
 * decide nothing but which content to compare. Oldest first, so that a rotated file is finished before its successor begins.
 */
export function decideReads(known: readonly Known[], seen: readonly Seen[]): Reading[] {
  const sightings = new Map(seen.map((file) => [file.inode, file]));
  const files = new Map(known.map((file) => [file.key, file]));
  const owners = Map.groupBy(known, ({ inode }) => inode);
  const moved = new Set<string>();
  // After a restart nothing is present yet but what is seen where it was.
  const isHeld = ({ key, inode, present }: Known): boolean => moved.has(key) || (sightings.get(inode)?.same.has(key) ?? present);
  return [...seen]
    .sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? 1 : -1))
    .map((file) => {
      const alike = [...file.same].flatMap((key) => files.get(key) ?? []);
      const plain = [...file.unpacksTo].flatMap((key) => files.get(key) ?? []);
      const reading = decideRead(file, { own: owners.get(file.inode) ?? [], alike, plain, isHeld });
      if (reading.do === 'adopt' && !reading.copied) moved.add(reading.key);
      return reading;
    });
}

/**
 * A file whose name is gone or means another one has lost its place, unless it was seen under another name. Its inode seen again is not enough
 * where something was read of it: the system gives the inode of a removed file to the next one that is made.
 */
export function lostOf<File extends Known>(named: readonly File[], seen: readonly Seen[]): File[] {
  const nameOf = new Map(seen.map(({ path, inode }) => [path, inode]));
  const sightings = new Map(seen.map((file) => [file.inode, file]));
  const isSeen = ({ key, inode, offset }: File): boolean => {
    const sighting = sightings.get(inode);
    return sighting !== undefined && (offset === 0 || sighting.same.has(key));
  };
  return named.filter((file) => file.present && nameOf.get(file.path) !== file.inode && !isSeen(file));
}

interface Candidates {
  /** Known under the same inode. */
  own: readonly Known[];
  /** Known with the same content as far as it was read. */
  alike: readonly Known[];
  /** Known with the same content as it unpacks to. */
  plain: readonly Known[];
  isHeld(known: Known): boolean;
}

const furthest = (files: readonly Known[]): Known | undefined => [...files].sort((a, b) => b.offset - a.offset)[0];

function decideRead(seen: Seen, { own, alike, plain, isHeld }: Candidates): Reading {
  const same = furthest(alike.filter(({ inode }) => inode === seen.inode));
  if (same) return { do: 'continue', seen, key: same.key };
  if (seen.compressed) {
    if (seen.perhapsCopying || plain.some(({ present, handle }) => !present && handle !== undefined)) return { do: 'wait', seen };
    return plain.some(isHeld) ? { do: 'skip', seen } : { do: 'unpack', seen, after: furthest(plain)?.key };
  }
  const earlier = alike.length > 0 ? earlierNames(seen.path) : [];
  const origin = furthest(alike.filter((file) => file.offset > 0 && (earlier.includes(file.path) || (!isHeld(file) && (file.path === seen.path || file.offset >= surely)))));
  if (origin) return { do: 'adopt', seen, key: origin.key, copied: isHeld(origin) };
  if (seen.perhapsCopying) return { do: 'wait', seen };
  // An inode that is emptied and filled again and again has been many files; it is the last of them that has come to its end.
  const before = furthest(own.filter(({ present }) => present)) ?? furthest(own);
  if (before?.offset === 0) return { do: 'continue', seen, key: before.key };
  if (before) return { do: 'fresh', seen, why: seen.size < before.offset ? 'truncated' : 'replaced', instead: before.key };
  return { do: 'fresh', seen, why: 'new', instead: undefined };
}
