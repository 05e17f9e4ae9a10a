import { lineBreak } from '#collector/formats/line-break.ts';
import type { LogRecord } from '#collector/log.ts';
import { maskText } from '#collector/mask.ts';
import { type LineOrigin, readRecords } from '#collector/origin.ts';
import type { SourceContext, SourceHealth } from './source.ts';
import { createCounters } from './source-counters.ts';

/** Messages of one syslog source on their way to the disk. */
export interface SyslogInbox {
  /** Takes messages; what it answers, if anything, is to be waited for by whoever can. */
  take(messages: readonly Buffer[], peer: string): Promise<void> | undefined;
  /** So many messages were cut to a line's length. */
  cut(count: number): void;
  fail(error: unknown): void;
  health(open: number): SourceHealth;
  /** Resolves when what was taken is on disk, or cannot be. */
  stop(): Promise<void>;
}

const batchRows = 10_000;
/** Beyond it senders are slowed down, and what cannot be slowed down is dropped. */
const waitingRows = 20_000;
const mostRows = 50_000;

export function createInbox(origin: Pick<LineOrigin, 'source' | 'service' | 'format'>, { spool, clock }: SourceContext, whenFull: 'wait' | 'drop'): SyslogInbox {
  const counters = createCounters({ id: origin.source, kind: 'syslog', clock });
  const stopping = new AbortController();
  let waiting: LogRecord[] = [];
  let writing: Promise<void> | undefined;

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const rows = waiting.slice(0, batchRows);
      waiting = waiting.slice(batchRows);
      if ((await spool.append({ kind: 'logs', rows }, { signal: stopping.signal, whenFull })) === 'dropped') counters.add({ dropped: rows.length });
    }
    writing = undefined;
  };

  return {
    take(messages, peer) {
      const now = clock.now();
      const lines = messages.map((message) => {
        const { text, count } = maskText(message.toString('utf8').replaceAll('\0', '').trimEnd());
        counters.add({ masked: count, undecodable: text.includes('\uFFFD') ? 1 : 0 });
        return text.replaceAll('\n', lineBreak);
      });
      const filled = lines.filter((line) => line !== '');
      const { rows, malformed } = readRecords(filled, { ...origin, observedAt: now, nearAt: now });
      counters.add({ lines: lines.length, blank: lines.length - filled.length, events: rows.length - malformed, malformed });
      const fitting = rows.slice(0, mostRows - waiting.length);
      counters.add({ dropped: rows.length - fitting.length });
      for (const row of fitting) waiting.push({ ...row, attributes: { 'host.name': peer, ...row.attributes, 'network.peer.address': peer } });
      if (fitting.length > 0) counters.recovered();
      if (waiting.length > 0) writing ??= write();
      return waiting.length > waitingRows ? writing : undefined;
    },
    cut: (count) => counters.add({ longLines: count }),
    fail: counters.fail,
    health: (open) => counters.health({ open, lagMs: 0 }),
    async stop() {
      // A spool without room must not hold up the stop: what waits then is lost, and counted.
      if (spool.health().full) stopping.abort();
      await writing;
    },
  };
}
