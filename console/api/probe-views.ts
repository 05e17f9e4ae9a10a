/** What the console says of probes; the browser reads these through `views.ts`. */
import type { FailureKind, OutcomeKind } from '#collector/check.ts';
import type { Bilingual } from '#lib/text.ts';
import type { HeatmapView, SeriesView, State } from './views.ts';

/** How a check ended, or that it was planned to count for nothing. */
export type StripCell = OutcomeKind | 'maintenance';

/** GET /api/v1/probes → { probes: ProbeRow[] } */
export interface ProbeRow {
  id: string;
  /** Its component's name when it watches one alone, else its id. */
  name: Bilingual;
  kind: string;
  service: string;
  target: string;
  intervalMs: number;
  state: State;
  /** Up and down again and again within its last checks. */
  flapping: boolean;
  lastAt: string | null;
  lastReason: string | null;
  failureKind: FailureKind | null;
  p50Ms: number | null;
  p95Ms: number | null;
  availability24h: number | null;
  coverage24h: number;
  vantages: string[];
  /** The last 60 checks, oldest first. */
  strip: StripCell[];
}

export interface CheckView {
  at: string;
  vantage: string;
  durationMs: number;
  outcome: OutcomeKind;
  failureKind: FailureKind | null;
  reason: string | null;
  phases: Partial<Record<'dns' | 'connect' | 'tls' | 'firstByte' | 'body', number>>;
  evidence: Record<string, unknown>;
  attempt: number;
  /** Seen in a planned window. */
  maintenance: boolean;
}

/** GET /api/v1/probes/:id?from&to · POST /api/v1/probes/:id/run → CheckView */
export interface ProbeView {
  probe: ProbeRow;
  /** The configuration as YAML, secrets shown as •••. */
  yaml: string;
  latency: SeriesView;
  heatmap: HeatmapView;
  failures: CheckView[];
  recent: CheckView[];
  /** Median of each phase over the range, milliseconds. */
  waterfall: { phase: string; p50Ms: number; p95Ms: number }[];
  rules: { name: string; title: Bilingual; state: string }[];
  /** The vantages it can be looked at from at once: those of this machine. */
  runsFrom: { id: string; name: string }[];
  /** When what it sees runs out. */
  expiries: { what: 'certificate' | 'domain'; at: string }[];
}
