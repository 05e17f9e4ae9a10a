import type { OutcomeKind } from '#collector/check.ts';
import type { Labels } from '#lib/labels.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';

/** Half-open: [from, until). */
export interface Window {
  from: UnixMs;
  until: UnixMs;
}

/** Countable things the store keeps; ratios divide one by another. */
export const signals = ['request.total', 'request.errors', 'login.attempts', 'login.failed', 'check.total', 'check.failed', 'check.slow'] as const;
export type Signal = (typeof signals)[number];

export const aggregations = ['last', 'min', 'max', 'avg', 'sum', 'count', 'p50', 'p90', 'p95', 'p99'] as const;
export type Aggregation = (typeof aggregations)[number];

export interface CheckFact {
  probeId: string;
  service: string;
  vantage: string;
  at: UnixMs;
  durationMs: DurationMs;
  outcome: OutcomeKind;
  failureKind: string;
  reason: string;
  attempt: number;
}

/** What rules may ask of telemetry. Every answer lists only label sets that exist; "nothing" is an empty list, never zero. */
export interface Facts {
  /** The last `limit` results of each probe and vantage inside the window, newest first. */
  recentChecks(question: { probeIds: readonly string[]; limit: number; window: Window }): Promise<readonly CheckFact[]>;
  /** Both counts by labels; a label set with `over` = 0 is left out. `login.*` signals know the label `reason` only for failures: attempts are then counted over all reasons. */
  ratio(question: { of: Signal; over: Signal; by: readonly string[]; where: Labels; window: Window }): Promise<readonly { labels: Labels; of: number; over: number }[]>;
  /** `metric` is `request.duration`, `check.duration` (seconds, percentiles from histograms) or any stored sample's name. */
  metric(question: { metric: string; agg: Aggregation; by: readonly string[]; where: Labels; window: Window }): Promise<readonly { labels: Labels; value: number; samples: number }[]>;
}
