import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { day, durationMs, hour, unixMs } from '#lib/time.ts';
import type { AlertStore } from './ports.ts';

/** Messages, their attempts, changes and reasons of an alert that is over are kept so long; the copies for analysis stay. */
export const keptMs = durationMs(90 * day);
const everyMs = hour;
/** Few enough that whoever waits for the same rows does not notice. */
const atOnce = 2_000;

export interface Pruner extends Loop {
  /** Rows taken out since it started. */
  pruned(): number;
}

/** Takes out what is over, so that the store of a site that alerts for years stays as large as a quarter of a year. */
export function startPruner({ store, clock, onError }: { store: Pick<AlertStore, 'prune'>; clock: Clock; onError(error: unknown): void }): Pruner {
  let total = 0;
  const loop = startLoop({
    name: 'alert history',
    everyMs,
    clock,
    onError,
    async run(now) {
      const counts = Object.values(await store.prune({ before: unixMs(now - keptMs), limit: atOnce }));
      total += counts.reduce((sum, count) => sum + count, 0);
      return counts.includes(atOnce) ? { backlog: atOnce, nextInMs: durationMs(1_000) } : { backlog: 0 };
    },
  });
  return { ...loop, pruned: () => total };
}
