import type { Clock } from '#lib/clock.ts';
import { between, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import type { Sample } from './sample.ts';
import type { Spool } from './spool.ts';

/** Gathers what the collector sees into batches for the spool. Each call resolves once its rows are on disk, or were dropped because it is full. */
export interface Recorder {
  /** A result that is no pass goes on at once, and so does any result after a quiet second. */
  checks(results: readonly CheckResult[]): Promise<void>;
  samples(rows: readonly Sample[]): Promise<void>;
  logs(rows: readonly LogRecord[]): Promise<void>;
}

const gatherMs = durationMs(1_000);
const urgentGatherMs = durationMs(25);
const mostRows = 10_000;

export function createRecorder({ spool, clock }: { spool: Spool; clock: Clock }): Recorder {
  const checks = gather<CheckResult>(clock, (rows) => spool.append({ kind: 'checks', rows }, { whenFull: 'drop' }));
  const samples = gather<Sample>(clock, (rows) => spool.append({ kind: 'samples', rows }, { whenFull: 'drop' }));
  const logs = gather<LogRecord>(clock, (rows) => spool.append({ kind: 'logs', rows }));
  return {
    checks: (results) =>
      checks(
        results,
        results.some(({ outcome }) => outcome.kind !== 'pass'),
      ),
    samples: (rows) => samples(rows, false),
    logs: (rows) => logs(rows, false),
  };
}

/** Writes at once when the last write lies long enough back, else when it will: few rows are quick, many rows are few writes. */
function gather<Row>(clock: Clock, write: (rows: readonly Row[]) => Promise<unknown>): (rows: readonly Row[], urgent: boolean) => Promise<void> {
  let waiting: Row[] = [];
  let written: Promise<void> | undefined;
  let lastAt: UnixMs = unixMs(Number.NEGATIVE_INFINITY);
  let cancel = (): void => {};
  let start = (): void => {};

  const flush = (): void => {
    cancel();
    const rows = waiting;
    waiting = [];
    written = undefined;
    lastAt = clock.now();
    if (rows.length > 0) start();
  };

  return (rows, urgent) => {
    if (rows.length === 0) return Promise.resolve();
    waiting.push(...rows);
    const batch = waiting;
    written ??= new Promise<void>((resolve, reject) => {
      start = () => void write(batch).then(() => resolve(), reject);
    });
    const mine = written;
    const wait = (urgent ? urgentGatherMs : gatherMs) - between(lastAt, clock.now());
    cancel();
    if (wait <= 0 || waiting.length >= mostRows) flush();
    else cancel = clock.after(durationMs(wait), flush);
    return mine;
  };
}
