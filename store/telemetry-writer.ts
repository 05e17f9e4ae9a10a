import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseError } from '@clickhouse/client';
import type { AlertTransition } from '#alerts/alert.ts';
import type { Delivery } from '#alerts/notification.ts';
import type { LogBlock } from '#collector/log-block.ts';
import type { TelemetrySink } from '#collector/ports.ts';
import type { Clock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { isUnreachable, type Telemetry } from './clickhouse.ts';
import { handOverHeader } from './embedded/spill.ts';
import { encodeLogs, logColumns } from './log-columns.ts';
import { RowBinaryWriter } from './rowbinary.ts';
import { checkShape, deliveryShape, logShape, type RowShape, sampleShape, transitionShape } from './telemetry-rows.ts';

interface Insert {
  table: string;
  columns: string;
  format: 'RowBinary' | 'Native';
  token: string;
}

export interface TelemetryWriter extends TelemetrySink {
  insertBlocks(token: string, blocks: readonly LogBlock[]): Promise<void>;
  /** Copies of what Postgres already holds, for analysis. */
  insertTransitions(token: string, rows: readonly AlertTransition[]): Promise<void>;
  insertDeliveries(token: string, rows: readonly Delivery[]): Promise<void>;
  /** How many inserts wait for the store to answer again. */
  backlog(): number;
  /** Ends all waiting; what was not acknowledged rejects and stays with its owner. */
  stop(): void;
}

export interface TelemetryWriterOptions {
  telemetry: Telemetry;
  clock: Clock;
  /** Told of every attempt that failed and will be repeated. */
  onRetry?(table: string, reason: string): void;
}

/** The batch itself can never be stored: repeating it is useless, parting it may save the rest. */
export class RefusedBatch extends Error {
  readonly permanent = true;
}

/** Codes that speak of the rows and not of the store's condition: cannot parse, out of range, too large, wrong type. */
const refusals = new Set(['6', '26', '27', '32', '33', '38', '41', '53', '69', '70', '72', '117', '131', '349', '441']);
const longestWaitMs = 5_000;

/**
 * Writes batches until the store has acknowledged them. The token makes a repeated batch count once, in the table and in
 * every rollup behind it, so an acknowledgement that was lost costs nothing.
 */
export function createTelemetryWriter({ telemetry, clock, onRetry }: TelemetryWriterOptions): TelemetryWriter {
  const stopping = new AbortController();
  let waiting = 0;

  /** Sends until it is stored. The token makes a repeated batch count once. */
  async function insert({ table, columns, format, token }: Insert, body: readonly Buffer[]): Promise<void> {
    const insertion = await layDown(telemetry, body);
    waiting++;
    try {
      for (let wait = 50; ; wait = Math.min(longestWaitMs, wait * 2)) {
        stopping.signal.throwIfAborted();
        const error = await send(telemetry, { sql: `INSERT INTO ${table} (${columns}) FORMAT ${format}`, token, ...insertion, signal: stopping.signal }).then(
          () => undefined,
          (reason: Error) => reason,
        );
        if (!error) return;
        stopping.signal.throwIfAborted();
        if (error instanceof ClickHouseError && refusals.has(error.code) && !isUnreachable(error)) throw new RefusedBatch(`${table}: ${error.message}`, { cause: error });
        onRetry?.(table, error.message);
        await clock.sleep(durationMs(wait * (0.75 + clock.chance() / 2)), stopping.signal);
      }
    } finally {
      waiting--;
      await insertion.takeUp();
    }
  }

  const insertRows = async <Row>(shape: RowShape<Row>, token: string, rows: readonly Row[]): Promise<void> => {
    if (rows.length > 0) await insert({ ...shape, format: 'RowBinary', token }, [encode(shape, rows)]);
  };
  const insertBlocks = async (token: string, blocks: readonly LogBlock[]): Promise<void> => {
    if (blocks.some(({ count }) => count > 0)) await insert({ table: 'logs', columns: logColumns, format: 'Native', token }, encodeLogs(blocks));
  };
  return {
    insertChecks: (token, rows) => insertRows(checkShape, token, rows),
    insertLogs: (token, rows) => insertRows(logShape, token, rows),
    insertBlocks,
    insertSamples: (token, rows) => insertRows(sampleShape, token, rows),
    insertTransitions: (token, rows) => insertRows(transitionShape, token, rows),
    insertDeliveries: (token, rows) => insertRows(deliveryShape, token, rows),
    backlog: () => waiting,
    stop: () => stopping.abort(new Error('the telemetry writer was stopped')),
  };
}

/** Bytes a row took lately, by table: a buffer of the right size from the start spares copying it as it grows. */
const rowBytes = new Map<string, number>();

function encode<Row>(shape: RowShape<Row>, rows: readonly Row[]): Buffer {
  const writer = new RowBinaryWriter(Math.ceil(rows.length * (rowBytes.get(shape.table) ?? 256) * 1.1));
  for (const row of rows) shape.write(writer, row);
  rowBytes.set(shape.table, writer.length / rows.length);
  return writer.finish();
}

/** Smaller bodies are not worth a file. */
const leastLaidDown = 262_144;

interface Insertion {
  values: Buffer;
  http_headers?: Record<string, string>;
  takeUp(): Promise<void>;
}

/** The body of a request, or, for an engine of our own, the name of the file it reads it from. */
async function layDown({ handOver }: Telemetry, body: readonly Buffer[]): Promise<Insertion> {
  const size = body.reduce((sum, { length }) => sum + length, 0);
  if (!handOver || size < leastLaidDown) return { values: body.length === 1 ? (body[0] as Buffer) : Buffer.concat(body), takeUp: () => Promise.resolve() };
  const path = handOver.path(size);
  const takeUp = (): Promise<void> => handOver.remove(path);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      const { bytesWritten } = await file.writev(body);
      if (bytesWritten < size) throw new Error(`the disk took ${bytesWritten} of ${size} bytes`);
    } finally {
      await file.close();
    }
  } catch (error) {
    await takeUp();
    throw error;
  }
  return { values: Buffer.alloc(0), http_headers: { [handOverHeader]: path }, takeUp };
}

async function send(telemetry: Telemetry, { sql, token, values, http_headers = {}, signal }: { sql: string; token: string; signal: AbortSignal } & Omit<Insertion, 'takeUp'>): Promise<void> {
  const { stream } = await telemetry.client.exec({
    query: sql,
    values: Readable.from([values], { objectMode: false }),
    http_headers,
    // A store that hangs must not hold up a stop; the batch is sent again under its token.
    abort_signal: signal,
    clickhouse_settings: {
      insert_deduplication_token: token,
      insert_deduplicate: 1,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      // The answer must mean "stored".
      async_insert: 0,
      wait_end_of_query: 1,
      // A batch filled in from old files touches many days.
      max_partitions_per_insert_block: '0',
      // The same rows must always make the same block, or the token would not recognise them.
      max_insert_threads: '1',
      input_format_parallel_parsing: 0,
      // The search index over bodies is the dearest part of an insert; merges build it, and until then small parts are simply read.
      materialize_skip_indexes_on_insert: 0,
    },
  });
  stream.resume();
  await finished(stream);
}
