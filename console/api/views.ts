/**
 * What the console reads and does: the shapes of `/api/v1` and of the live socket. The browser imports these types only.
 * Instants are ISO 8601 in UTC; durations milliseconds; ratios 0…1; null means "not known", never zero.
 */
import type { OutcomeKind } from '#collector/check.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import type { IncidentRow } from './incident-views.ts';

export type { GateView, IncidentRow, IncidentView, NoticeDraft, NoticeView, RunbookRow, RunbookView, StepView, TimelineRow } from './incident-views.ts';
// The browser reads every view from this one file.
export type { CheckView, ProbeRow, ProbeView, StripCell } from './probe-views.ts';

export const states = ['ok', 'slow', 'down', 'unknown', 'maintenance'] as const;
/** How a thing is, with a shape, a word and a colour. */
export type State = (typeof states)[number];

/** GET /api/v1/session → who is looking; 401 when nobody is signed in. POST /api/v1/sign-in {email,password}; POST /api/v1/sign-in/link {token}; POST /api/v1/sign-out. */
export interface SessionView {
  person: { id: string; name: string; email: string; role: 'viewer' | 'responder' | 'publisher' | 'admin' };
  site: { name: Bilingual; zone: string; languages: Language[]; publicUrl: string };
  demo: boolean;
  version: string;
  /** Counts for the rail: only where a person must act. */
  badges: { alerts: number; incidents: number; notices: number };
  onCall: { name: string; until: string | null } | null;
}

/** A figure with its unit, what is normal for this hour, and how many observations stand behind it. */
export interface Figure {
  value: number | null;
  unit: 'ratio' | 'seconds' | 'count';
  samples: number;
  /** Same hour on the days before; null when there is not enough history. */
  normal: number | null;
  state: State;
  /** One point a minute for the last 60 minutes, oldest first; null is a gap. */
  spark: (number | null)[];
}

/** The sentence every page opens with, in both languages, and what to click. */
export interface Sentence {
  state: State;
  text: Bilingual;
  detail: Bilingual;
  incidentId: string | null;
}

export interface ComponentRow {
  id: string;
  name: Bilingual;
  service: string;
  state: State;
  availability24h: number | null;
  coverage24h: number;
  p95Seconds: number | null;
  errorRatio: number | null;
  loginFailureRatio: number | null;
  /** 60 cells, one a minute, oldest first. */
  strip: State[];
}

export interface VantageCell {
  vantage: string;
  region: string;
  carrier: string;
  state: State;
  p50Ms: number | null;
  failing: number;
  of: number;
}

/** GET /api/v1/overview */
export interface OverviewView {
  at: string;
  sentence: Sentence;
  availability: Figure & { target: number; coverage: number };
  latencyP95: Figure;
  errorRatio: Figure;
  loginFailureRatio: Figure;
  components: ComponentRow[];
  vantages: VantageCell[];
  alerts: AlertRow[];
  incidents: IncidentRow[];
  /** What happened in the last day, newest first. */
  recent: Mark[];
  next: { what: 'noticeUpdate' | 'escalation' | 'gate' | 'maintenance' | 'notification'; label: Bilingual; at: string | null; text: Bilingual | null }[];
}

/** Aligned series: every `values` has the length of `times`; null is a gap. */
export interface SeriesView {
  times: string[];
  stepMs: number;
  unit: 'ratio' | 'seconds' | 'count' | 'perMinute';
  series: { key: string; label: Bilingual; values: (number | null)[]; samples: number }[];
  /** The last step is not over yet. */
  partial: boolean;
}

export interface HeatmapView {
  times: string[];
  stepMs: number;
  /** Upper bound of each row, seconds, ascending. */
  bounds: number[];
  /** [time index, row index, count] */
  cells: [number, number, number][];
}

export interface TopView {
  rows: { key: string; label: Bilingual; value: number }[];
  distinct: number;
}

export interface Mark {
  at: string;
  kind: 'alert' | 'incident' | 'notice' | 'deploy';
  label: Bilingual;
  link: string;
}

export interface Threshold {
  value: number;
  label: Bilingual;
}

export type PanelData =
  | ({ type: 'series' } & SeriesView)
  | ({ type: 'heatmap' } & HeatmapView)
  | ({ type: 'top' } & TopView)
  | { type: 'states'; times: string[]; stepMs: number; rows: { key: string; label: Bilingual; cells: State[] }[] }
  | ({ type: 'stat' } & Figure);

export interface PanelView {
  id: string;
  title: Bilingual;
  subtitle: Bilingual;
  /** Columns of 12. */
  span: number;
  data: PanelData;
  thresholds: Threshold[];
  /** The SQL behind it, for "show query". */
  query: string;
  ageMs: number;
  error: string | null;
}

/** GET /api/v1/boards → { boards: {id,title}[] } · GET /api/v1/boards/:id?from&to&compare=none|week */
export interface BoardView {
  id: 'latency' | 'errors' | 'logins' | string;
  title: Bilingual;
  sentence: Sentence;
  from: string;
  to: string;
  panels: PanelView[];
  marks: Mark[];
}

export interface DeliveryView {
  channel: string;
  receiver: string;
  to: string;
  at: string;
  state: 'queued' | 'sent' | 'delivered' | 'read' | 'retrying' | 'failed';
  detail: string | null;
}

/** GET /api/v1/alerts?state=active|all → { alerts: AlertRow[]; nextEvaluationAt }. POST /api/v1/alerts/:fingerprint/acknowledge {note} · POST /api/v1/silences {matchers,minutes,comment} · POST /api/v1/incidents {alert}. */
export interface AlertRow {
  fingerprint: string;
  episode: string;
  rule: string | null;
  labels: Record<string, string>;
  state: 'pending' | 'firing' | 'resolved';
  severity: 'info' | 'warning' | 'critical';
  service: string;
  serviceName: Bilingual;
  since: string;
  resolvedAt: string | null;
  value: number | null;
  why: Bilingual;
  summary: Bilingual;
  runbook: string | null;
  runbookTitle: Bilingual | null;
  acknowledgement: { by: string; at: string } | null;
  mutedBy: { by: 'silence' | 'inhibition' | 'maintenance' | 'interval'; text: Bilingual; until: string | null }[];
  deliveries: DeliveryView[];
  /** "will send again in 3 min", "held by group_wait until …". */
  next: { text: Bilingual; at: string | null } | null;
  incidentId: string | null;
}

/** GET /api/v1/alerts/:fingerprint */
export interface AlertView {
  alert: AlertRow;
  history: { at: string; from: string; to: string; value: number | null }[];
  ruleYaml: string | null;
  series: SeriesView | null;
  thresholds: Threshold[];
}

/** GET /api/v1/logs?from&to&q&service&level&status&outcome&source&limit&before → LogsView */
export interface LogsView {
  total: number;
  histogram: SeriesView;
  facets: { name: string; values: { value: string; count: number }[] }[];
  records: { at: string; service: string; source: string; level: string; body: string; attributes: Record<string, string> }[];
  /** Pass as `before` for the next page; null when this is the last. */
  next: string | null;
}

/** GET /api/v1/health-report → loops, queues, sources, engine and database as they are. */
export interface HealthView {
  loops: { name: string; lastRunAt: string | null; lastDurationMs: number | null; runs: number; failures: Record<string, number>; backlog: number }[];
  sources: { id: string; kind: string; linesPerMinute: number; lagMs: number | null; malformed: number; dropped: number; lastError: string | null }[];
  counters: { name: string; value: number; help: Bilingual }[];
}

/** Demo mode only. GET /api/v1/demo/faults → { faults: FaultView[] } · PUT /api/v1/demo/faults/:name {on, for?} · GET /api/v1/demo/inbox → { mails: MailView[] } */
export interface FaultView {
  name: string;
  label: Bilingual;
  on: boolean;
  until: string | null;
}
export interface MailView {
  id: string;
  at: string;
  from: string;
  to: string[];
  subject: string;
  text: string;
  html: string;
  headers: Record<string, string>;
}

/** GET /api/v1/search?q → { hits } for the palette. */
export interface SearchHit {
  kind: 'page' | 'probe' | 'alert' | 'incident' | 'runbook' | 'notice';
  label: Bilingual;
  link: string;
}

/** Every error answer of `/api/v1`. */
export interface ErrorView {
  error: { code: string; message: Bilingual; problems?: { path: string; message: string; hint: string }[] };
}

/** Socket.IO, namespace `/`, websocket only, signed-in cookie. Hints for operational state, values only for append-only telemetry. */
export interface ServerToConsole {
  /** Something of this topic changed: ask again. */
  hint(fact: { topic: 'alerts' | 'incidents' | 'notices' | 'components' | 'probes' | 'faults' | 'inbox' | 'config'; id: string | null; at: string }): void;
  /** Newly stored check results, at most one message a second. */
  checks(fact: { at: string; results: { probe: string; vantage: string; at: string; durationMs: number; outcome: OutcomeKind }[] }): void;
  /** Once a second: the server's time and the newest stored instant of each telemetry, for "数据 42 秒前". */
  pulse(fact: { at: string; newest: { checks: string | null; logs: string | null } }): void;
}
export type ConsoleToServer = Record<string, never>;
