import type { Batch, Checkpoint, FilePosition } from './batch.ts';
import type { LetterNote } from './dead-letters.ts';

/**
 * The disk between whoever sees something and the store: rows are appended to segment files, synced in groups, handed out with
 * a token that never changes, and removed once the store has them. What was appended survives a crash at any moment; a file's
 * position is part of the same record, so rows and position are durable together or not at all.
 */
export interface Spool {
  /** Resolves when the rows are on disk. When full it waits; with `drop` these rows or the oldest ones are dropped and counted. */
  append(batch: Batch, options?: AppendOptions): Promise<'kept' | 'dropped'>;
  /** The oldest record nobody has taken, with others that can go along, up to so many rows (10,000): check results and samples when `urgent`, else logs. */
  take(urgent: boolean, mostRows?: number): Promise<Taken | undefined>;
  /** More is in memory than the store, which takes it, keeps up with: who can wait had better. */
  isAhead(): boolean;
  /** Rows of log records nobody has taken yet. */
  waitingRows(): number;
  /** The store has it. */
  acknowledge(taken: Taken): Promise<void>;
  /** The store could not take it now. */
  giveBack(taken: Taken): void;
  /** The store will never take these rows: they are set aside with the reason and block nothing. */
  setAside(rows: readonly unknown[], about: { token: string; kind: string; reason: string }): Promise<void>;
  /** The newest of what was set aside, newest first. */
  letters(limit: number): Promise<LetterNote[]>;
  /** Called after each append that reached the disk, with whether something of it cannot wait; returns the function that stops it. */
  onKept(listener: (hurried: boolean) => void): () => void;
  positions(source: string): ReadonlyMap<string, FilePosition>;
  cursor(source: string): string | undefined;
  health(): SpoolHealth;
  limit(limits: SpoolLimits): void;
  /** Waits for writes under way and closes; what is not stored yet waits for the next start. */
  close(): Promise<void>;
}

export const drops = ['newest', 'oldest'] as const;

export interface SpoolLimits {
  /** All segments together; beyond it appending waits. */
  maxBytes: number;
  /** What goes when what cannot wait finds no room: that itself, or the oldest that is not yet on its way to the store. */
  drop: (typeof drops)[number];
}

export interface AppendOptions {
  checkpoint?: Checkpoint;
  whenFull?: 'wait' | 'drop';
  /** Somebody may have to hear of it: it is not to wait for others to go along. */
  hurried?: boolean;
  /** Gives up waiting for room; the rows count as neither kept nor dropped, and `dropped` is the answer. */
  signal?: AbortSignal;
}

export interface Taken {
  seqs: readonly number[];
  token: string;
  batch: Batch;
}

export interface SpoolHealth {
  records: number;
  rows: number;
  bytes: number;
  maxBytes: number;
  /** Someone is waiting for room. */
  full: boolean;
  droppedRows: number;
  /** Bytes of segments that could not be read after a crash. */
  lostBytes: number;
  setAsideRows: number;
  lastError: string | null;
}
