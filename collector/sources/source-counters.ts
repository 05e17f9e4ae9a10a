import type { Clock } from '#lib/clock.ts';
import type { SourceHealth } from './source.ts';

type Counted = 'lines' | 'events' | 'malformed' | 'blank' | 'dropped' | 'duplicates' | 'longLines' | 'undecodable' | 'masked' | 'truncated';

/** The counters every source reports. */
export interface SourceCounters {
  add(counts: Partial<Record<Counted, number>>): void;
  fail(error: unknown): void;
  recovered(): void;
  health(now: { open: number; lagMs: number | null }): SourceHealth;
}

const slots = 60;

export function createCounters({ id, kind, clock }: { id: string; kind: string; clock: Clock }): SourceCounters {
  const counts: Record<Counted, number> = { lines: 0, events: 0, malformed: 0, blank: 0, dropped: 0, duplicates: 0, longLines: 0, undecodable: 0, masked: 0, truncated: 0 };
  /** Lines of each of the last 60 seconds, so the rate needs no timer. */
  const perSecond = new Float64Array(slots);
  let lastSecond = Math.floor(clock.now() / 1_000);
  let lastError: string | null = null;

  const turn = (): void => {
    const now = Math.floor(clock.now() / 1_000);
    for (let passed = Math.min(slots, now - lastSecond); passed > 0; passed--) perSecond[(now - passed + 1) % slots] = 0;
    lastSecond = Math.max(lastSecond, now);
  };

  return {
    add(more) {
      for (const [name, count] of Object.entries(more)) counts[name as Counted] += count;
      if (!more.lines) return;
      turn();
      perSecond[lastSecond % slots] = (perSecond[lastSecond % slots] ?? 0) + more.lines;
    },
    fail(error) {
      lastError = error instanceof Error ? error.message : String(error);
    },
    recovered() {
      lastError = null;
    },
    health({ open, lagMs }) {
      turn();
      return { id, kind, open, ...counts, linesPerMinute: perSecond.reduce((sum, lines) => sum + lines, 0), lagMs, lastError };
    },
  };
}
