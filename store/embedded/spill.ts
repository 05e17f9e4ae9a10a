import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './owner.ts';

/** Below this much free memory-backed storage, bodies go to the disk. */
const reserveBytes = 256 * 1024 * 1024;

/** Where the body of an insert lies, when whoever sends it has laid it down beside the engine: it then travels neither through a socket nor through a copy. */
export const handOverHeader = 'x-fenghuo-body-file';

/** Where insert bodies lie while the engine reads them: in memory-backed storage when there is enough, else beside the data. */
export interface Spill {
  path(expectedBytes: number): string;
  remove(path: string): Promise<void>;
  close(): void;
}

/** `owner` names the folder in memory: a word, the process and, where it has several, a number. */
export function openSpill(onDisk: string, owner: SpillOwner): Spill {
  rmSync(onDisk, { recursive: true, force: true });
  mkdirSync(onDisk, { recursive: true, mode: 0o700 });
  const inMemory = memoryFolder(owner);
  let count = 0;
  return {
    path: (expectedBytes) => join(inMemory && freeBytes(inMemory) > reserveBytes + 2 * expectedBytes ? inMemory : onDisk, `body-${++count}`),
    remove: (path) => rm(path, { force: true }),
    close() {
      if (inMemory) rmSync(inMemory, { recursive: true, force: true });
    },
  };
}

export interface SpillOwner {
  name: 'engine' | 'writer';
  pid: number;
  number?: number;
}

export const folderInMemory = ({ name, pid, number }: SpillOwner): string => join('/dev/shm', [`fenghuo-${name}`, pid, ...(number === undefined ? [] : [number])].join('-'));

/** Nothing but a body of one of these folders may be read as one. */
export const isBody = (path: string, folders: readonly (string | undefined)[]): boolean => /^body-\d+$/.test(basename(path)) && folders.includes(dirname(path));

const left = /^fenghuo-(?:engine|writer)-(\d+)(?:-\d+)?$/;

function memoryFolder(owner: SpillOwner): string | undefined {
  try {
    // What processes that were killed left behind.
    for (const name of readdirSync('/dev/shm')) {
      const pid = left.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) rmSync(join('/dev/shm', name), { recursive: true, force: true });
    }
    const folder = folderInMemory(owner);
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
