import type { Labels } from '#lib/labels.ts';
import type { UnixMs } from '#lib/time.ts';

/** One value of one series; durations in seconds here only. */
export interface Sample {
  /** Dotted, as in OpenTelemetry: `probe.check.duration`. */
  metric: string;
  labels: Labels;
  at: UnixMs;
  value: number;
}
