import { type FileHandle, open, stat } from 'node:fs/promises';
import type { Seen } from './decide-reads.ts';
import type { KnownFiles } from './known-files.ts';
import { isCompressed, stillHolds, type TailedFile } from './tailed-file.ts';

/** Looks at files on the disk and compares their content with what is known: the facts `decideReads` decides by. */
export interface Look {
  seen: Seen[];
  /** Paths with nothing there. */
  missing: string[];
  troubles: { path: string; error: NodeJS.ErrnoException }[];
}

export async function lookAt(paths: Iterable<string>, known: KnownFiles, sizes: Map<string, number>): Promise<Look> {
  const look: Look = { seen: [], missing: [], troubles: [] };
  for (const path of paths) {
    try {
      const seen = await lookAtOne(path, known, sizes);
      if (seen) look.seen.push(seen);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT' || code === 'ENOTDIR') look.missing.push(path);
      else look.troubles.push({ path, error: error as NodeJS.ErrnoException });
    }
  }
  return look;
}

async function lookAtOne(path: string, known: KnownFiles, sizes: Map<string, number>): Promise<Seen | undefined> {
  const about = await stat(path);
  if (!about.isFile()) return undefined;
  const inode = `${about.dev}:${about.ino}`;
  const steady = sizes.get(path) === about.size;
  sizes.set(path, about.size);
  const facts = { path, inode, size: about.size, mtimeMs: about.mtimeMs, steady };
  const own = known.byInode(inode).find((file) => file.present && file.path === path && file.size === about.size && file.mtimeMs === about.mtimeMs);
  if (own) return { ...facts, compressed: false, same: new Set([own.key]) };
  const handle = await open(path, 'r');
  try {
    return { ...facts, ...(await compare(handle, known.candidates(path, inode), about.size)) };
  } finally {
    await handle.close();
  }
}

async function compare(handle: FileHandle, candidates: Iterable<TailedFile>, size: number): Promise<Pick<Seen, 'compressed' | 'same'>> {
  const same = new Set<string>();
  for (const file of candidates) if (file.offset <= size && (await stillHolds(handle, file))) same.add(file.key);
  return { compressed: same.size === 0 && (await isCompressed(handle)), same };
}
