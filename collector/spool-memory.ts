import type { Batch } from './batch.ts';
import type { Entry } from './spool-queue.ts';

/** Rows kept in memory beside their place on disk, so that what goes to the store soon is not read and parsed a second time. */
const mostRows = 300_000;
/** A store that has not taken anything for so long is away. */
const awayMs = 2_000;

export class SpoolMemory {
  #rows = 0;
  #takenAt = Number.NEGATIVE_INFINITY;

  /** The batch, while there is room for it. */
  keep(batch: Batch, rows: number): Batch | undefined {
    if (this.#rows + rows > mostRows) return undefined;
    this.#rows += rows;
    return batch;
  }

  forget(entry: Entry): void {
    if (entry.batch) this.#rows -= entry.head.rows;
    entry.batch = undefined;
  }

  /** The store has taken something, at this moment of elapsed time. */
  taken(elapsed: number): void {
    this.#takenAt = elapsed;
  }

  /** Full, while the store takes: who can wait had better go on at its pace. With the store away the disk fills instead. */
  isAhead(elapsed: number): boolean {
    return this.#rows > 0.9 * mostRows && elapsed - this.#takenAt < awayMs;
  }
}
