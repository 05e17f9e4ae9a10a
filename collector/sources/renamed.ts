import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { stillHolds, type TailedFile } from './tailed-file.ts';

/** The handle of a file under the name rotation gave it: same inode, same content, a name that begins with the old one. */
export async function findRenamed(file: TailedFile): Promise<FileHandle | undefined> {
  const names = await readdir(dirname(file.path)).catch(() => []);
  for (const name of names.filter((candidate) => candidate.startsWith(basename(file.path)))) {
    const handle = await open(join(dirname(file.path), name), 'r').catch(() => undefined);
    if (!handle) continue;
    const { dev, ino } = await handle.stat();
    if (`${dev}:${ino}` === file.inode && (await stillHolds(handle, file))) return handle;
    await handle.close();
  }
  return undefined;
}
