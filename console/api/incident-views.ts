/**
 * Incidents, runs, runbooks and notices as the console reads and does them. The same rules as in `views.ts`:
 * instants ISO 8601 in UTC, durations milliseconds, null means "not known".
 */
import type { Bilingual } from '#lib/text.ts';
import type { AlertRow, PanelView, State } from './views.ts';

export interface IncidentRow {
  id: string;
  number: string;
  title: Bilingual;
  level: 'sev1' | 'sev2' | 'sev3' | 'sev4' | 'sev5';
  state: 'declared' | 'mitigated' | 'resolved' | 'closed';
  service: string;
  openedAt: string;
  endedAt: string | null;
  commander: string | null;
  runbook: { id: string; title: Bilingual; step: number; steps: number; stepTitle: Bilingual; dueAt: string | null } | null;
}

export type StepState = 'waiting' | 'open' | 'done' | 'skipped' | 'not_taken' | 'failed';

export interface GateView {
  text: Bilingual;
  held: boolean;
  value: number | null;
  unit: 'ratio' | 'seconds' | 'count';
  samples: number;
  vantages: number;
  heldMs: number;
  holdForMs: number;
  /** Why it does not hold now. */
  reason: Bilingual;
}

export interface StepView {
  id: string;
  number: number;
  kind: 'check' | 'act' | 'decide' | 'wait' | 'approve' | 'notify' | 'publish' | 'verify';
  title: Bilingual;
  /** Rendered from Markdown on the server, safe to show. */
  bodyHtml: Bilingual;
  role: string;
  accountable: string | null;
  state: StepState;
  /** Indented under a branch; "yes"/"no" arms. */
  arm: Bilingual | null;
  openedAt: string | null;
  closedAt: string | null;
  closedBy: string | null;
  note: string | null;
  dueAt: string | null;
  gate: GateView | null;
  choices: { id: string; label: Bilingual }[];
  action: { label: Bilingual; undo: Bilingual | null; state: 'ready' | 'done' | 'unknown' | 'failed'; detail: string | null } | null;
  panels: PanelView[];
  /** Frozen when the step closed. */
  evidence: { at: string; text: Bilingual; panels: PanelView[] } | null;
  /** For publish: the drafted notice. */
  draft: NoticeDraft | null;
}

export interface TimelineRow {
  id: string;
  at: string;
  actor: string;
  kind: string;
  tone: 'bad' | 'good' | 'plain' | 'act';
  text: Bilingual;
  link: string | null;
}

/** GET /api/v1/incidents?state=open|all → { incidents: IncidentRow[] } · GET /api/v1/incidents/:id → IncidentView.
 *  POST /api/v1/incidents/:id/notes {text} · /role {role,person} · /level {level} · /close {reason}
 *  POST /api/v1/runs/:runId/steps/:stepId/close {note,choice?} · /skip {reason} · /act {} · /undo {} · /publish {draft} */
export interface IncidentView {
  incident: IncidentRow;
  runId: string | null;
  mode: 'live' | 'drill' | 'patrol' | 'maintenance';
  roles: { role: string; label: Bilingual; person: string | null }[];
  figure: { label: Bilingual; value: number | null; unit: 'ratio' | 'seconds' | 'count'; state: State } | null;
  nextUpdateDueAt: string | null;
  timeline: TimelineRow[];
  steps: StepView[];
  runbookVersion: string | null;
  alerts: AlertRow[];
  notices: NoticeView[];
  evidence: PanelView[];
}

/** GET /api/v1/runbooks → { runbooks: RunbookRow[] } · GET /api/v1/runbooks/:id → RunbookView */
export interface RunbookRow {
  id: string;
  title: Bilingual;
  version: string;
  owner: string;
  steps: number;
  appliesWhen: string;
  lastRunAt: string | null;
}
export interface RunbookView {
  runbook: RunbookRow;
  html: Bilingual;
  steps: { number: number; kind: string; title: Bilingual; role: string }[];
}

export interface NoticeDraft {
  title: Bilingual;
  status: 'investigating' | 'identified' | 'monitoring' | 'resolved';
  impact: 'none' | 'minor' | 'major' | 'critical';
  body: Bilingual;
  /** What users can do now. */
  advice: Bilingual;
  components: string[];
  nextUpdateAt: string | null;
}

/** GET /api/v1/notices → { notices: NoticeView[]; components: {id,name,suggested,status}[] } · POST /api/v1/notices {draft,incidentId?} · POST /api/v1/notices/:id/updates {draft} · POST /api/v1/components/:id/status {status} */
export interface NoticeView {
  id: string;
  incidentId: string | null;
  title: Bilingual;
  status: NoticeDraft['status'];
  impact: NoticeDraft['impact'];
  components: string[];
  startedAt: string;
  resolvedAt: string | null;
  nextUpdateAt: string | null;
  updates: { at: string; by: string; status: NoticeDraft['status']; body: Bilingual; advice: Bilingual }[];
}
