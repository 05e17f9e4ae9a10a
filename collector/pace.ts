import { type DurationMs, durationMs, second, type UnixMs, unixMs } from '#lib/time.ts';

/**
 * How long rows nobody waits for are gathered into one batch. A batch costs the store the same whether it brings three rows
 * or three hundred, so at rest few batches are most of what rest costs.
 */
export type Pace = () => DurationMs;

/** While somebody watches or something is wrong. */
export const watchedPace: DurationMs = second;
export const calmPace = durationMs(5_000);

/** When what is gathered goes on: on beats common to all who gather, so that one sync, one round of inserts and one round of rules serve all. */
export function nextBeat(lastAt: UnixMs, every: DurationMs): UnixMs {
  return unixMs((Math.floor(lastAt / every) + 1) * every);
}
