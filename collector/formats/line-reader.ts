import type { LogBlock } from '#collector/log-block.ts';
import type { UnixMs } from '#lib/time.ts';

/** A time more than two days ahead cannot be: the record gets the time of receipt and says what the line claimed. */
export const farAhead = 2 * 86_400_000;

/** What the rows of a block have in common. */
export interface BlockOrigin {
  source: string;
  service: string;
  observedAt: UnixMs;
}

/**
 * The quick way of a format: lines straight from their bytes into columns. It gives the same row as `parse` does, or says that it is
 * not sure and leaves the line alone.
 */
export interface LineReader {
  /** Lines of these bytes, all ASCII, are about to be read into this block. */
  begin(bytes: Buffer, into: { block: LogBlock; origin: BlockOrigin }): void;
  /** False when not sure; nothing has been added then. */
  read(from: number, to: number): boolean;
}
