import type { DurationMs, UnixMs } from './time.ts';

/** Half-open: [from, until). */
export interface Span {
  from: UnixMs;
  until: UnixMs;
}

/** Lines over one grid of instants: every `values` is as long as `times`, null is a gap. `sql` is what was asked, for "show query". */
export interface Lines {
  times: readonly UnixMs[];
  stepMs: DurationMs;
  /** The last step was not over when it was read. */
  partial: boolean;
  lines: readonly { key: string; values: readonly (number | null)[]; samples: number }[];
  sql: string;
}

/** How many observations fell between two bounds in each step. */
export interface Heat {
  times: readonly UnixMs[];
  stepMs: DurationMs;
  /** Upper bound of each row, ascending. */
  bounds: readonly number[];
  /** [time index, row index, count] */
  cells: readonly (readonly [number, number, number])[];
  sql: string;
}

/** The largest few of many. */
export interface Ranking {
  rows: readonly { key: string; value: number }[];
  distinct: number;
  sql: string;
}

/** One number now, what it was on the same hour of other days and in the hour before, and minute by minute. */
export interface Reading {
  value: number | null;
  samples: number;
  /** Null when no earlier day holds this hour. */
  normal: number | null;
  /** Over the 50 minutes that ended ten minutes ago; null when nothing was seen then. */
  before: number | null;
  /** 60 points, oldest first; null is a gap. */
  spark: readonly (number | null)[];
}

/** The bits of Prometheus' staleness marker, one NaN among many: whatever computes with numbers may lose them. */
export const staleBits = 0x7ff0000000000002n;
