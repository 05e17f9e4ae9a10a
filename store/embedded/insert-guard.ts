import { statfs } from 'node:fs/promises';
import { type ClickHouseFault, fault } from './fault.ts';

/** Room a batch and all its rollups surely find place in. */
const leastFreeBytes = 64_000_000;

/** Refuses an insert before the engine touches anything: a disk that fills up half way through leaves a batch half stored. */
export async function assertRoom(dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < leastFreeBytes) throw fault(243, 'NOT_ENOUGH_SPACE', `only ${Math.round(free / 1e6)} MB are free on the disk of ${dir}: make room, ${leastFreeBytes / 1e6} MB are needed`);
}

/** Failures of files and of the system below: ClickHouse's codes. */
const fileFaults = new Set([74, 75, 76, 243, 1000, 1001]);

/**
 * Whether an insert may have failed between its token and its rows. The engine then holds a token in memory without having the rows, and would
 * drop the batch as a duplicate when it is sent again; only a new start reads again what is really there.
 */
export const leavesDoubt = ({ code }: ClickHouseFault): boolean => fileFaults.has(code);

/**
 * Inserts of one token go one after the other. A batch that is sent again while its first sending still runs, because the
 * client gave up waiting, would be taken for a duplicate of rows that may yet fail.
 */
export class TokenTurns {
  readonly #last = new Map<string, Promise<void>>();

  /** Waits for the one before; the returned function lets the next go. */
  async take(token: string | undefined): Promise<() => void> {
    if (token === undefined) return () => {};
    const before = this.#last.get(token);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(token, promise);
    await before;
    return () => {
      if (this.#last.get(token) === promise) this.#last.delete(token);
      resolve();
    };
  }
}
