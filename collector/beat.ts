import type { Secret } from '#lib/secret.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';

export const beatStatuses = ['up', 'down'] as const;

/** A sign of life someone sent us; a job's own verdict and words may come with it. */
export interface Beat {
  at: UnixMs;
  status: (typeof beatStatuses)[number];
  message: string;
  /** How long the sender says its work took. */
  tookMs: DurationMs | null;
}

/** How often a beat must come, and the word that proves whose it is. */
export interface BeatExpectation {
  token: Secret;
  everyMs: DurationMs;
  graceMs: DurationMs;
}

export interface BeatSeen {
  last: Beat | null;
  /** Since when somebody listens without a break: silence before that says nothing. */
  since: UnixMs;
}
