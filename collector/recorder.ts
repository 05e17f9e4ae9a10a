import type { Clock } from '#lib/clock.ts';
import { after, between, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { CheckResult } from './check.ts';
import type { LogRecord } from './log.ts';
import { nextBeat, watchedPace } from './pace.ts';
import type { Sample } from './sample.ts';
import type { Spool } from './spool.ts';

/** Gathers what the collector sees into batches for the spool. Each call resolves once its rows are on disk, or were dropped because it is full. */
export interface Recorder {
  /** A result that is no pass goes on at once, and so does any result after a quiet time. */
  checks(results: readonly CheckResult[]): Promise<void>;
  samples(rows: readonly Sample[]): Promise<void>;
  logs(rows: readonly LogRecord[]): Promise<void>;
  /** Writes what is being gathered, without waiting for more: before stopping. */
  flush(): Promise<void>;
}

const urgentGatherMs = durationMs(25);
const mostRows = 10_000;

export function createRecorder({ spool, clock }: { spool: Spool; clock: Clock }): Recorder {
  const checks = gather<CheckResult>(clock, (rows, hurried) => spool.append({ kind: 'checks', rows }, { whenFull: 'drop', hurried }));
  const samples = gather<Sample>(clock, (rows) => spool.append({ kind: 'samples', rows }, { whenFull: 'drop' }));
  const logs = gather<LogRecord>(clock, (rows) => spool.append({ kind: 'logs', rows }));
  return {
    checks: (results) =>
      checks.add(
        results,
        results.some(({ outcome }) => outcome.kind !== 'pass'),
      ),
    samples: (rows) => samples.add(rows, false),
    logs: (rows) => logs.add(rows, false),
    flush: async () => {
      await Promise.all([checks.flush(), samples.flush(), logs.flush()]);
    },
  };
}

interface Gathering<Row> {
  add(rows: readonly Row[], urgent: boolean): Promise<void>;
  flush(): Promise<void>;
}

/** Writes at once when the last write lies long enough back, else when it will: few rows are quick, many rows are few writes. */
function gather<Row>(clock: Clock, write: (rows: readonly Row[], hurried: boolean) => Promise<unknown>): Gathering<Row> {
  let waiting: { rows: Row[]; written: PromiseWithResolvers<void>; urgent: boolean } | undefined;
  let lastAt: UnixMs = unixMs(0);
  let cancel = (): void => {};

  const flush = (): Promise<void> => {
    cancel();
    if (!waiting) return Promise.resolve();
    const { rows, written, urgent } = waiting;
    waiting = undefined;
    lastAt = clock.now();
    write(rows, urgent).then(() => written.resolve(), written.reject);
    return written.promise;
  };

  return {
    flush,
    add(rows, urgent) {
      if (rows.length === 0) return Promise.resolve();
      waiting ??= { rows: [], written: Promise.withResolvers<void>(), urgent: false };
      waiting.rows.push(...rows);
      // What is not urgent never puts off what is.
      waiting.urgent ||= urgent;
      const wait = between(clock.now(), waiting.urgent ? after(lastAt, urgentGatherMs) : nextBeat(lastAt, watchedPace));
      if (wait <= 0 || waiting.rows.length >= mostRows) return flush();
      const { promise } = waiting.written;
      cancel();
      cancel = clock.after(durationMs(wait), () => void flush());
      return promise;
    },
  };
}
