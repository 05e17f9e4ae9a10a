import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './owner.ts';

/** Below this much free memory-backed storage, bodies go to the disk. */
const reserveBytes = 256 * 1024 * 1024;

/** Where insert bodies lie while the engine reads them: in memory-backed storage when there is enough, else beside the data. */
export interface Spill {
  path(expectedBytes: number): string;
  remove(path: string): Promise<void>;
  close(): void;
}

export function openSpill(dataDir: string, pid: number): Spill {
  const onDisk = join(dataDir, 'spill');
  rmSync(onDisk, { recursive: true, force: true });
  mkdirSync(onDisk, { recursive: true, mode: 0o700 });
  const inMemory = memoryFolder(pid);
  let count = 0;
  return {
    path: (expectedBytes) => join(inMemory && freeBytes(inMemory) > reserveBytes + 2 * expectedBytes ? inMemory : onDisk, `body-${++count}`),
    remove: (path) => rm(path, { force: true }),
    close() {
      if (inMemory) rmSync(inMemory, { recursive: true, force: true });
    },
  };
}

const prefix = 'fenghuo-engine-';

function memoryFolder(pid: number): string | undefined {
  try {
    // What engines that were killed left behind.
    for (const name of readdirSync('/dev/shm')) if (name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length)))) rmSync(join('/dev/shm', name), { recursive: true, force: true });
    const folder = join('/dev/shm', `${prefix}${pid}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return undefined;
  }
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
