import type { Checkpoint, FilePosition } from '#collector/batch.ts';
import type { LogRecord } from '#collector/log.ts';
import { joinerFor, type LineOrigin, readRecords } from '#collector/origin.ts';
import { nextBeat, type Pace, watchedPace } from '#collector/pace.ts';
import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import { between, type UnixMs, unixMs } from '#lib/time.ts';
import type { SourceCounters } from './source-counters.ts';

/**
 * Gathers the lines of a source's files into batches of up to a beat or 10,000 rows, each with the positions that go with it.
 * The first lines after a quiet beat do not wait, and what a rule may be waiting for waits a second at most.
 */
export interface LineGatherer {
  add(lines: readonly string[], from: LinesFrom): Promise<void>;
  /** This is where a file is known to be, without new lines; null forgets it. */
  reached(key: string, position: FilePosition | null): void;
  /** Hands on what is due. */
  flush(): Promise<void>;
  /** Waits until what was handed on is on disk or given up: only then are the positions final. */
  settled(): Promise<unknown>;
}

export interface LinesFrom {
  key: string;
  /** Behind these lines: kept in the same record as they are. */
  position: FilePosition;
  writtenAt: UnixMs;
}

export interface GathererOptions {
  origin: Pick<LineOrigin, 'source' | 'service' | 'format'>;
  spool: Spool;
  clock: Clock;
  counters: SourceCounters;
  signal: AbortSignal;
  pace: Pace;
}

const mostRows = 10_000;
const dayMs = 86_400_000;
const markEveryMs = 5_000;

export function createGatherer({ origin, spool, clock, counters, signal, pace }: GathererOptions): LineGatherer {
  let batch: { origin: LineOrigin; lines: string[]; rows: LogRecord[] } | undefined;
  let hurried = false;
  let reached: Record<string, FilePosition | null> = {};
  let lastAt = unixMs(0);
  let underWay: Promise<unknown> = Promise.resolve();
  const joiner = joinerFor(origin.format);

  /** One batch may be on its way to the disk while the next is read; a second one has to wait, and reading with it. */
  const send = async (): Promise<void> => {
    await underWay;
    const checkpoint: Checkpoint = { source: origin.source, files: reached };
    const ready = batch;
    batch = undefined;
    hurried = false;
    reached = {};
    lastAt = clock.now();
    underWay = spool.append(ready ? { kind: 'lines', ...ready } : { kind: 'mark' }, { checkpoint, signal });
  };

  return {
    async add(lines, { key, position, writtenAt }) {
      const filled = lines.filter((line) => !isBlank(line));
      const events = joiner ? joiner.join(filled).map(({ text }) => text) : filled;
      counters.add({ lines: lines.length, blank: lines.length - filled.length });
      if (filled.length === 0) {
        reached[key] = position;
        return;
      }
      const now = clock.now();
      // Lines of an old file are dated by it; those of a living one by the moment they are read.
      const nearAt = between(writtenAt, now) > dayMs ? writtenAt : now;
      if (batch && Math.abs(between(batch.origin.nearAt, nearAt)) > dayMs) await send();
      batch ??= { origin: { ...origin, observedAt: now, nearAt }, lines: [], rows: [] };
      const { rows, malformed } = readRecords(events, batch.origin);
      counters.add({ events: rows.length - malformed, malformed });
      for (const line of events) batch.lines.push(line);
      for (const row of rows) batch.rows.push(row);
      hurried ||= rows.some(tellsOfTrouble);
      reached[key] = position;
      if (batch.lines.length >= mostRows) await send();
    },
    reached(key, position) {
      reached[key] = position;
    },
    async flush() {
      const now = clock.now();
      const due = batch ? nextBeat(lastAt, hurried ? watchedPace : pace()) <= now : Object.keys(reached).length > 0 && between(lastAt, now) >= markEveryMs;
      if (due) await send();
    },
    settled: () => underWay,
  };
}

const slowSeconds = 1;
const errorSeverity = 17;

/** What alert rules count: errors, failed logins, slow answers. */
const tellsOfTrouble = ({ severityNumber, attributes }: LogRecord): boolean =>
  severityNumber >= errorSeverity || attributes.outcome === 'error' || attributes['login.outcome'] === 'failed' || Number(attributes['http.server.request.duration'] ?? 0) >= slowSeconds;

const isBlank = (line: string): boolean => line.length === 0 || (line.charCodeAt(0) <= 32 && line.trim() === '');
