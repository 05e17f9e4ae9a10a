import { giveBack, newBlock } from './block-pool.ts';
import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import type { LogBlock } from './log-block.ts';
import { isBlank, keepsLines, type LineOrigin, readInto, type Seen } from './origin.ts';
import { readSamples, type Sample, samplesJson } from './sample.ts';
import { textsOf } from './text-column.ts';

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
 * Rows on their way to the store. Lines travel as the text they were, with what is needed to read them again: half
 * the bytes of the records they become, and no cost to write. A mark carries only a checkpoint.
 */
export type Batch =
  | { kind: 'checks'; rows: readonly CheckResult[] }
  | { kind: 'samples'; rows: readonly Sample[] }
  | { kind: 'logs'; rows: readonly LogRecord[] }
  | LineBatch
  | BlockBatch
  | { kind: 'mark' };

/** Lines of one origin, read into columns. */
export class LineBatch {
  readonly kind = 'lines';
  readonly origin: LineOrigin;
  readonly block = newBlock();
  /** The lines as they came, where the records do not hold them whole. */
  readonly #lines: string[] | undefined;

  constructor(origin: LineOrigin) {
    this.origin = origin;
    this.#lines = keepsLines(origin.format) ? undefined : [];
  }

  /** Reads more lines; answers how many were not well-formed, and how many blank. */
  add(lines: Buffer | readonly string[]): Seen {
    if (this.#lines) {
      const texts = Buffer.isBuffer(lines) ? lines.toString().split('\n') : lines;
      for (const text of texts) if (!isBlank(text)) this.#lines.push(text);
    }
    return readInto(this.block, lines, this.origin);
  }

  get count(): number {
    return this.block.count;
  }

  get bytes(): number {
    return this.block.body.length;
  }

  get rows(): LogRecord[] {
    return this.block.records();
  }

  get lines(): readonly string[] {
    return this.#lines ?? this.block.body.texts();
  }

  /** What is stored: the lines as text, or each with its length in front. */
  body(): { layout: Layout; bytes: Buffer } {
    return this.#lines ? { layout: 'text', bytes: Buffer.from(this.#lines.join('\n')) } : { layout: 'counted', bytes: this.block.body.bytes };
  }
}

/** Log records of several batches on their way together. */
export class BlockBatch {
  readonly kind = 'logs';
  readonly blocks: readonly LogBlock[];

  constructor(blocks: readonly LogBlock[]) {
    this.blocks = blocks;
  }

  get rows(): LogRecord[] {
    return this.blocks.flatMap((block) => block.records());
  }
}

export type Layout = 'text' | 'counted';

/** The head of a stored batch: small, JSON, readable without its body. */
export interface BatchHead {
  seq: number;
  token: string;
  kind: Batch['kind'];
  rows: number;
  origin?: LineOrigin;
  /** How lines lie in the body; text, one a line, where nothing is said. */
  layout?: Layout;
  checkpoint?: Checkpoint;
}

/** What of a batch goes to disk: the part of its head that tells how to read it, and its body. */
export function stored(batch: Batch): { head: Pick<BatchHead, 'kind' | 'rows' | 'origin' | 'layout'>; body: Buffer } {
  if (batch.kind === 'mark') return { head: { kind: 'mark', rows: 0 }, body: Buffer.alloc(0) };
  if (batch.kind !== 'lines') return { head: { kind: batch.kind, rows: batch.rows.length }, body: Buffer.from(batch.kind === 'samples' ? samplesJson(batch.rows) : JSON.stringify(batch.rows)) };
  const { layout, bytes } = batch.body();
  return { head: { kind: 'lines', rows: batch.count, origin: batch.origin, layout }, body: bytes };
}

export const rowCount = (batch: Batch): number =>
  batch.kind === 'mark' ? 0 : batch instanceof BlockBatch ? batch.blocks.reduce((sum, { count }) => sum + count, 0) : batch.kind === 'lines' ? batch.count : batch.rows.length;

/** The batch a head and its body stand for. */
export function readBatch(head: BatchHead, body: Buffer): Batch {
  if (head.kind === 'mark') return { kind: 'mark' };
  if (head.kind === 'samples') return { kind: 'samples', rows: readSamples(body.toString()) };
  if (head.kind !== 'lines') return { kind: head.kind, rows: JSON.parse(body.toString()) } as Batch;
  if (!head.origin) throw new Error('a batch of lines without its origin');
  const batch = new LineBatch(head.origin);
  batch.add(head.layout === 'counted' ? textsOf(body) : body.toString().split('\n'));
  return batch;
}

/** Batches of one kind as one, in their order; lines go on as the columns they are. */
export function joinBatches(batches: readonly Batch[]): Batch {
  const [first = { kind: 'mark' } as const] = batches;
  if (batches.length <= 1 || first.kind === 'mark') return first;
  if (first.kind === 'lines' || first.kind === 'logs') return new BlockBatch(batches.flatMap(blocksOf));
  const rows: unknown[] = [];
  for (const batch of batches) if (batch.kind === first.kind) for (const row of batch.rows) rows.push(row);
  return { kind: first.kind, rows } as Batch;
}

/** The columns of log records, if it has any. */
export function blocksOf(batch: Batch): readonly LogBlock[] {
  if (batch.kind === 'lines') return [batch.block];
  if (batch instanceof BlockBatch) return batch.blocks;
  if (batch.kind !== 'logs') return [];
  const block = newBlock();
  for (const row of batch.rows) block.add(row);
  return [block];
}

/** Nobody reads the batch any more: the memory of its columns serves the next one. */
export function recycle(batch: Batch): void {
  if (batch instanceof LineBatch || batch instanceof BlockBatch) for (const block of blocksOf(batch)) giveBack(block);
}
