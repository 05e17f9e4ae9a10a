import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import { type LineOrigin, readRecords } from './origin.ts';
import { readSamples, type Sample, samplesJson } from './sample.ts';

/** How far each file of a source has been read; null forgets a file. Durable together with the rows it belongs to. */
export interface Checkpoint {
  source: string;
  files: Readonly<Record<string, FilePosition | null>>;
  /** Where a source that is no file was, in its own words. */
  cursor?: string;
}

export interface FilePosition {
  path: string;
  /** `device:inode`, which survives a rename. */
  inode: string;
  /** Everything before it is durable. */
  offset: number;
  /** The hash of the first `headLength` bytes, and of the last ones before `offset`: what the file is, not what it is called. */
  headLength: number;
  head: string;
  tail: string;
  /** In the middle of a line that was too long. */
  skipping: boolean;
  /** Of a compressed file: everything before this, in what it unpacks to, is durable. */
  unpacked?: number;
  /** What lines before it said of those behind it, where the format has such lines. */
  heading?: string;
}

/**
 * Rows on their way to the store. Lines of a file travel as the text they were, with what is needed to read them again: half
 * the bytes of the records they become, and no cost to write. A mark carries only a checkpoint.
 */
export type Batch =
  | { kind: 'checks'; rows: readonly CheckResult[] }
  | { kind: 'samples'; rows: readonly Sample[] }
  | { kind: 'logs'; rows: readonly LogRecord[] }
  | { kind: 'lines'; lines: readonly string[]; origin: LineOrigin; rows: readonly LogRecord[] }
  | { kind: 'mark' };

/** The head of a stored batch: small, JSON, readable without its body. */
export interface BatchHead {
  seq: number;
  token: string;
  kind: Batch['kind'];
  rows: number;
  origin?: LineOrigin;
  checkpoint?: Checkpoint;
}

export function bodyOf(batch: Batch): Buffer {
  if (batch.kind === 'mark') return Buffer.alloc(0);
  if (batch.kind === 'lines') return Buffer.from(batch.lines.join('\n'));
  return Buffer.from(batch.kind === 'samples' ? samplesJson(batch.rows) : JSON.stringify(batch.rows));
}

export const rowCount = (batch: Batch): number => (batch.kind === 'mark' ? 0 : batch.kind === 'lines' ? batch.lines.length : batch.rows.length);

/** The batch a head and its body stand for. */
export function readBatch(head: BatchHead, body: Buffer): Batch {
  if (head.kind === 'mark') return { kind: 'mark' };
  if (head.kind === 'samples') return { kind: 'samples', rows: readSamples(body.toString()) };
  if (head.kind !== 'lines') return { kind: head.kind, rows: JSON.parse(body.toString()) } as Batch;
  if (!head.origin) throw new Error('a batch of lines without its origin');
  const lines = body.toString().split('\n');
  return { kind: 'lines', lines, origin: head.origin, rows: readRecords(lines, head.origin).rows };
}

/** Batches of one kind as one, in their order; lines go on as the records they are. */
export function joinBatches(batches: readonly Batch[]): Batch {
  const [first = { kind: 'mark' } as const] = batches;
  if (batches.length <= 1 || first.kind === 'mark') return first;
  const rows: unknown[] = [];
  for (const batch of batches) if (batch.kind !== 'mark') for (const row of batch.rows) rows.push(row);
  return { kind: first.kind === 'lines' ? 'logs' : first.kind, rows } as Batch;
}
