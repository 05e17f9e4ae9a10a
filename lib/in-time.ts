import type { Clock } from './clock.ts';
import type { DurationMs } from './time.ts';

/** Waits for `work`, but not longer than `limitMs`; `late` leaves it going. Leaves no timer behind. Rejects as `work` does. */
export function inTime(work: Promise<unknown>, { clock, limitMs }: { clock: Clock; limitMs: DurationMs }): Promise<'done' | 'late'> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => resolve('late'));
    work.then(() => resolve('done'), reject).finally(cancel);
  });
}
