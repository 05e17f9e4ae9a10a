import type { Encoding } from '#collector/encoding.ts';
import type { Pace } from '#collector/pace.ts';
import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import type { IngestAnswer, IngestRequest } from './ingest.ts';

/** A place logs come from, made ready by its kind. */
export interface Source {
  readonly id: string;
  readonly kind: string;
  readonly service: string;
  /** How its lines are read, where lines are what it takes in. */
  readonly reads?: { format: Record<string, unknown>; encoding: Encoding };
  start(context: SourceContext): RunningSource;
}

export interface SourceContext {
  spool: Spool;
  clock: Clock;
  /** A second by default. */
  pace?: Pace;
  onError(error: unknown): void;
}

export interface RunningSource {
  health(): SourceHealth;
  /** Looks again now instead of at the next interval. */
  nudge(): void;
  /** Takes what a program hands in, where the kind waits to be handed something. */
  receive?(request: IngestRequest): Promise<IngestAnswer>;
  stop(): Promise<void>;
}

/** Counted since the process started. */
export interface SourceHealth {
  id: string;
  kind: string;
  /** Files or connections being read. */
  open: number;
  lines: number;
  /** Well-formed ones. */
  events: number;
  malformed: number;
  blank: number;
  /** Lines given up; a file source gives none up, it waits. */
  dropped: number;
  /** Requests that came again after they had been kept, and were not kept twice. */
  duplicates: number;
  longLines: number;
  undecodable: number;
  /** Pieces of personal data masked. */
  masked: number;
  /** Files found shorter or other than they had been: what was written in between and not copied aside is lost. */
  truncated: number;
  linesPerMinute: number;
  /** How long the oldest unread byte has been waiting; null before the first look. */
  lagMs: number | null;
  lastError: string | null;
}
