import { earlierNames } from './rotated-names.ts';

/** A file as far as it was read. */
export interface Known {
  key: string;
  path: string;
  inode: string;
  offset: number;
  /** Still on the disk when last looked for. */
  present: boolean;
}

/** A file as it lies on the disk now. */
export interface Seen {
  path: string;
  inode: string;
  size: number;
  mtimeMs: number;
  compressed: boolean;
  /** As large as when it was last looked at. */
  steady: boolean;
  /** The known files whose content, as far as it was read, this file begins with. */
  same: ReadonlySet<string>;
}

export type Reading =
  | { do: 'continue'; seen: Seen; key: string }
  /** Another file holds what was read there: moved, or, while the first is still there, being copied aside before a truncation. */
  | { do: 'adopt'; seen: Seen; key: string; copied: boolean }
  | { do: 'fresh'; seen: Seen; why: 'new' | 'truncated' | 'replaced'; instead: string | undefined }
  /** Perhaps still being copied. */
  | { do: 'wait'; seen: Seen }
  /** Compressed generations were read before they were compressed. */
  | { do: 'skip'; seen: Seen };

/** Below this many bytes two files may well begin alike by chance. */
const surely = 1_024;

/**
 * What to do with each file: by its inode when its content agrees, else by its content, and only then as a new one. Names
 * decide nothing but which content to compare. Oldest first, so that a rotated file is finished before its successor begins.
 */
export function decideReads(known: readonly Known[], seen: readonly Seen[]): Reading[] {
  const byInode = new Map(seen.map((file) => [file.inode, file]));
  const holders = new Set(known.filter(({ key, inode, present }) => present && byInode.get(inode)?.same.has(key) !== false).map(({ key }) => key));
  const moved = new Set<string>();
  return [...seen]
    .sort((a, b) => a.mtimeMs - b.mtimeMs || (a.path < b.path ? 1 : -1))
    .map((file) => {
      const reading = decideRead(known, file, (key) => holders.has(key) || moved.has(key));
      if (reading.do === 'adopt' && !reading.copied) moved.add(reading.key);
      return reading;
    });
}

function decideRead(known: readonly Known[], seen: Seen, isHeld: (key: string) => boolean): Reading {
  const own = known.filter(({ inode }) => inode === seen.inode).sort((a, b) => b.offset - a.offset);
  const same = own.find(({ key }) => seen.same.has(key));
  if (same) return { do: 'continue', seen, key: same.key };
  if (seen.compressed) return { do: 'skip', seen };
  const earlier = earlierNames(seen.path);
  const origin = originOf(known, seen, { earlier, isHeld });
  if (origin) return { do: 'adopt', seen, key: origin.key, copied: isHeld(origin.key) };
  const before = own[0];
  if (before) return { do: 'fresh', seen, why: seen.size < before.offset ? 'truncated' : 'replaced', instead: before.key };
  if (!seen.steady && known.some(({ path }) => earlier.includes(path))) return { do: 'wait', seen };
  return { do: 'fresh', seen, why: 'new', instead: undefined };
}

/** The known file this one continues under another inode, the furthest read first. */
function originOf(known: readonly Known[], seen: Seen, { earlier, isHeld }: { earlier: string[]; isHeld(key: string): boolean }): Known | undefined {
  const alike = known.filter(({ key, inode, offset }) => inode !== seen.inode && offset > 0 && seen.same.has(key));
  const fitting = alike.filter(({ key, path, offset }) => earlier.includes(path) || (!isHeld(key) && (path === seen.path || offset >= surely)));
  return fitting.sort((a, b) => b.offset - a.offset)[0];
}
