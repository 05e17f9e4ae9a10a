/** What the console asks of telemetry. Instants are UnixMs; every answer is bounded. */

import type { FailureKind, OutcomeKind } from '#collector/check.ts';
import type { Shape } from '#collector/patterns.ts';
import type { Heat, Lines, Ranking, Reading, Span } from '#lib/series.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';

export interface LogSearch {
  span: Span;
  q: string;
  service: string;
  level: string;
  status: string;
  outcome: string;
  source: string;
  limit: number;
  /** Continue below this record of the page before. */
  before: string;
}
export interface LogShapes {
  total: number;
  sampled: number;
  /** One of so many lines was looked at. */
  every: number;
  /** False where there were more shapes than are answered: the rarest are missing. */
  whole: boolean;
  shapes: readonly Shape[];
}
export interface LogPage {
  total: number;
  histogram: Lines;
  facets: readonly { name: string; values: readonly { value: string; count: number }[] }[];
  records: readonly { at: UnixMs; service: string; source: string; level: string; body: string; attributes: Record<string, string> }[];
  next: string | null;
}

export interface ProbeMinutes {
  probe: string;
  /** 60 letters, one a minute, oldest first: o passed, s slow, d failed, u nothing known. */
  strip: string;
}
export interface ProbeDay {
  probe: string;
  vantage: string;
  good: number;
  known: number;
  total: number;
  /** Minutes in which something was known. */
  minutes: number;
  /** First minute seen in the span; the span's start when it was there before. */
  since: UnixMs;
}
export interface ProbeSpeed {
  probe: string;
  p50: number | null;
  p95: number | null;
  samples: number;
}
export interface RecentCheck {
  probe: string;
  vantage: string;
  at: UnixMs;
  durationMs: number;
  outcome: OutcomeKind;
  failureKind: FailureKind | null;
  reason: string | null;
  /** Seen in a planned window. */
  maintenance: boolean;
}
export interface CheckRecord extends RecentCheck {
  phases: Partial<Record<'dns' | 'connect' | 'tls' | 'firstByte' | 'body', number>>;
  evidence: Record<string, unknown>;
  attempt: number;
}

export type LineBy = 'all' | 'route' | 'probe' | 'vantage' | 'reason';
/** Restricts a question; an empty list means everything. */
export interface Scope {
  services?: readonly string[];
  routes?: readonly string[];
  probes?: readonly string[];
}
export interface LineQuestion {
  span: Span;
  now: UnixMs;
  scope: Scope;
}

/** Questions about telemetry, each one bounded: at most ten lines of at most 400 points. */
export interface Questions {
  errorRatioNow(question: { now: UnixMs; zone: string; scope: Scope }): Promise<Reading>;
  latencyNow(question: { now: UnixMs; zone: string; scope: Scope }): Promise<Reading>;
  loginFailureNow(question: { now: UnixMs; zone: string; scope: Scope }): Promise<Reading>;
  /** Share of scheduled checks that passed or were slow, unknown left out, over 24 hours. */
  availabilityNow(question: { now: UnixMs; zone: string; scope: Scope }): Promise<Reading>;
  probeMinutes(question: { now: UnixMs; scope: Scope }): Promise<readonly ProbeMinutes[]>;
  probeDays(question: { now: UnixMs; scope: Scope }): Promise<readonly ProbeDay[]>;
  probeSpeeds(question: { scope: Scope; span: Span }): Promise<readonly ProbeSpeed[]>;
  /** Newest first, at most `each` of one probe (and vantage, when asked so). */
  recentChecks(question: { span: Span; scope: Scope; each: number; by: 'probe' | 'vantage' }): Promise<readonly RecentCheck[]>;
  /** By route over the last minutes: for component rows. */
  routeFigures(question: { now: UnixMs; scope: Scope }): Promise<readonly { service: string; route: string; total: number; errors: number }[]>;
  loginFigures(question: { now: UnixMs; scope: Scope }): Promise<readonly { service: string; attempts: number; failed: number }[]>;

  checkRecords(question: { span: Span; probe: string; failuresOnly: boolean; limit: number }): Promise<readonly CheckRecord[]>;
  phaseTimes(question: { span: Span; probe: string }): Promise<readonly { phase: string; p50Ms: number; p95Ms: number }[]>;
  checkHeatmap(question: LineQuestion): Promise<Heat>;
  checkLatency(question: LineQuestion & { by: LineBy; quantiles: readonly number[] }): Promise<Lines>;
  checkFailureRatio(question: LineQuestion & { by: LineBy }): Promise<Lines>;
  /** Worst state of each probe in each step: letters as in `ProbeMinutes`. */
  checkStates(question: LineQuestion): Promise<{ times: readonly UnixMs[]; stepMs: DurationMs; rows: readonly { key: string; cells: string }[]; sql: string }>;
  failureKinds(question: LineQuestion): Promise<Ranking>;

  requestLatency(question: LineQuestion & { by: LineBy; quantiles: readonly number[] }): Promise<Lines>;
  requestHeatmap(question: LineQuestion): Promise<Heat>;
  requestErrorRatio(question: LineQuestion & { by: LineBy }): Promise<Lines>;
  /** Requests, client errors and server errors a minute. */
  requestRate(question: LineQuestion): Promise<Lines>;
  slowRoutes(question: LineQuestion & { limit: number }): Promise<Ranking>;
  errorRoutes(question: LineQuestion & { limit: number }): Promise<Ranking>;
  errorStatuses(question: LineQuestion & { limit: number }): Promise<Ranking>;

  loginFailureRatio(question: LineQuestion): Promise<Lines>;
  loginFailures(question: LineQuestion): Promise<Lines>;
  loginReasons(question: LineQuestion & { limit: number }): Promise<Ranking>;
  loginClients(question: LineQuestion & { limit: number }): Promise<Ranking>;

  logs(question: LogSearch & { now: UnixMs }): Promise<LogPage>;
  /** Of the lines that match, or an even sample of them, those alike once masked. */
  logShapes(question: { search: LogSearch; since: UnixMs; masks: readonly (readonly [pattern: string, as: string])[] }): Promise<LogShapes>;
  alertMarks(question: { span: Span; limit: number }): Promise<readonly { at: UnixMs; rule: string; fingerprint: string; to: string }[]>;
  newest(question: { now: UnixMs }): Promise<{ checks: UnixMs | null; logs: UnixMs | null }>;
  /** One read-only statement over the documented views, bounded in time, memory and rows. */
  sql(question: { statement: string; signal?: AbortSignal }): Promise<SqlAnswer>;
}
export type SqlAnswer =
  | { ok: true; meta: { name: string; type: string }[]; data: Record<string, unknown>[]; rows: number }
  | { ok: false; code: 'refused' | 'failed' | 'limit' | 'unavailable'; message: string };
