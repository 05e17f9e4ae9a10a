import { type Checkpoint, type FilePosition, LineBatch } from '#collector/batch.ts';
import { isBlank, joinerFor, type LineOrigin } from '#collector/origin.ts';
import { nextBeat, type Pace, watchedPace } from '#collector/pace.ts';
import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import { between, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { SourceCounters } from './source-counters.ts';

/**
 * Gathers the lines of a source's files into batches of up to a beat or 10,000 rows, each with the positions that go with it.
 * The first lines after a quiet beat do not wait, and what a rule may be waiting for waits a second at most.
 */
export interface LineGatherer {
  /** Lines as texts, or as bytes, each ended by a line feed. */
  add(lines: Buffer | readonly string[], from: LinesFrom): Promise<void>;
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
const mostBytes = 8_000_000;
/** How long reading rests while it is ahead of the store. */
const aheadMs = durationMs(20);
const dayMs = 86_400_000;
const markEveryMs = 5_000;

export function createGatherer({ origin, spool, clock, counters, signal, pace }: GathererOptions): LineGatherer {
  let batch: LineBatch | undefined;
  let hurried = false;
  let reached: Record<string, FilePosition | null> = {};
  let lastAt = unixMs(0);
  let underWay: Promise<unknown> = Promise.resolve();
  const joiner = joinerFor(origin.format);

  /** Reads the events among these lines, and counts. */
  const read = (into: LineBatch, lines: Buffer | readonly string[]): void => {
    const before = into.count;
    if (!joiner) {
      const { malformed, blank } = into.add(lines);
      const added = into.count - before;
      counters.add({ lines: added + blank, blank, events: added - malformed, malformed });
      return;
    }
    const all = Buffer.isBuffer(lines) ? lines.toString().split('\n').slice(0, -1) : lines;
    const filled = all.filter((line) => !isBlank(line));
    const { malformed } = into.add(joiner.join(filled).map(({ text }) => text));
    counters.add({ lines: all.length, blank: all.length - filled.length, events: into.count - before - malformed, malformed });
  };

  /** One batch may be on its way to the disk while the next is read; a second one has to wait, and reading with it. */
  const send = async (): Promise<void> => {
    await underWay;
    while (spool.isAhead() && !signal.aborted) await clock.sleep(aheadMs);
    const checkpoint: Checkpoint = { source: origin.source, files: reached };
    const ready = batch;
    batch = undefined;
    hurried = false;
    reached = {};
    lastAt = clock.now();
    underWay = spool.append(ready ?? { kind: 'mark' }, { checkpoint, signal });
  };

  return {
    async add(lines, { key, position, writtenAt }) {
      const now = clock.now();
      // Lines of an old file are dated by it; those of a living one by the moment they are read.
      const nearAt = between(writtenAt, now) > dayMs ? writtenAt : now;
      if (batch && Math.abs(between(batch.origin.nearAt, nearAt)) > dayMs) await send();
      batch ??= new LineBatch({ ...origin, observedAt: now, nearAt });
      const before = batch.count;
      read(batch, lines);
      reached[key] = position;
      if (batch.count > before) hurried ||= batch.block.tellsOfTrouble(before);
      if (batch.count === 0) batch = undefined;
      if (batch && (batch.count >= mostRows || batch.bytes >= mostBytes)) await send();
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
