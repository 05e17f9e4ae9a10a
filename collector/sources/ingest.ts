import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Batch } from '#collector/batch.ts';
import { createTurns } from '#collector/probes/turns.ts';
import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';

/** What a program hands in over HTTP, its body as it came. */
export interface IngestRequest {
  contentType: string;
  /** Content-Encoding; empty when there is none. */
  encoding: string;
  /** X-Prometheus-Remote-Write-Version, where it was said. */
  version?: string;
  body: Uint8Array;
}

export interface IngestAnswer {
  status: number;
  contentType: string;
  body: string | Uint8Array<ArrayBuffer>;
  /** Worth trying again after so long. */
  retryAfterSeconds?: number;
}

/** Why a request is refused; `status` as HTTP has it. */
export class IngestError extends Error {
  readonly status: 400 | 413 | 415 | 503;
  constructor(status: 400 | 413 | 415 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

/** Bytes of a body, and again of what it unpacks to. */
export const largestBody = 64 * 1024 * 1024;
/** A request is kept whole or not at all, so it must fit one record of the spool. */
export const mostRows = 50_000;
export const retryAfterSeconds = 5;
const roomMs = durationMs(2_000);

const unzip = promisify(gunzip);
/** A few bytes can become very many: two at a time do. */
const unpacking = createTurns(2);
const never = new AbortController().signal;
/** Each piece waits for its turn in a busy process: a large body in small ones takes minutes there. */
const [smallestPiece, largestPiece] = [16 * 1024, 1024 * 1024];

export async function unpacked({ encoding, body }: IngestRequest): Promise<Uint8Array> {
  if (encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip') throw new IngestError(415, `content-encoding ${encoding.slice(0, 40)} is not understood: send gzip or none`);
  const giveBack = await unpacking.take(never);
  try {
    return await unzip(body, { maxOutputLength: largestBody, chunkSize: Math.min(largestPiece, Math.max(smallestPiece, body.length * 4)) });
  } catch (error) {
    if (error instanceof RangeError) throw new IngestError(413, `unpacks to more than ${largestBody} bytes`);
    throw new IngestError(400, `not gzip: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    giveBack?.();
  }
}

/** Resolves once the rows are on disk; a spool without room is waited for a moment, then the sender has to come back. */
export async function keep(batch: Batch, { spool, clock }: { spool: Spool; clock: Clock }): Promise<void> {
  const patience = new AbortController();
  const cancel = clock.after(roomMs, () => patience.abort());
  try {
    if ((await spool.append(batch, { signal: patience.signal })) === 'dropped') throw new IngestError(503, 'the disk buffer has no room: send it again later');
  } finally {
    cancel();
  }
}

export const mediaType = (contentType: string): string => (contentType.split(';')[0] ?? '').trim().toLowerCase();

/** Two bytes can stand for a whole value: so many are read of one body, however small it is. */
const mostValues = 5_000_000;
const [opensMap, opensList, comma] = [123, 91, 44];

function countValues(bytes: Uint8Array): void {
  let values = 0;
  for (const byte of bytes) if (byte === comma || byte === opensList || byte === opensMap) values++;
  if (values > mostValues) throw new IngestError(413, `more than ${mostValues} values`);
}

export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > mostValues) countValues(bytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new IngestError(400, `not JSON: ${error instanceof Error ? error.message.slice(0, 200) : String(error)}`);
  }
}

/** Answers in plain text; anything but a refusal is a bug and goes on. */
export function refusal(error: unknown): IngestAnswer {
  if (!(error instanceof IngestError)) throw error;
  return { status: error.status, contentType: 'text/plain; charset=utf-8', body: `${error.message}\n`, ...(error.status === 503 && { retryAfterSeconds }) };
}
