import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import type { LogBlock } from './log-block.ts';
import type { Sample } from './sample.ts';

/** What the collector needs of a telemetry store. Resolves only when the rows are durable; the same token twice stores once. */
export interface TelemetrySink {
  insertChecks(token: string, rows: readonly CheckResult[]): Promise<void>;
  insertLogs(token: string, rows: readonly LogRecord[]): Promise<void>;
  insertSamples(token: string, rows: readonly Sample[]): Promise<void>;
  /** Log records by columns, for a store that takes them so. */
  insertBlocks?(token: string, blocks: readonly LogBlock[]): Promise<void>;
}

/** What the collector tells the rest once it is stored. */
export interface CollectorTopics {
  /** An answer is pending past `slow_after`: provisional, not stored; the result that follows is the fact. */
  checkSlow: { result: CheckResult };
  /** A result that counts was handed over: it is on disk, or a full spool dropped and counted it. Whoever must act on it need not wait for the store. */
  checkKept: { result: CheckResult };
  checksStored: { results: readonly CheckResult[] };
  logsStored: { services: readonly string[]; count: number };
  samplesStored: { metrics: readonly string[]; count: number };
}
