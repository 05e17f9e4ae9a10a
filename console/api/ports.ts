/** What the console is handed: it asks and tells through these, and knows no store. Instants are UnixMs here; the answers of the API turn them into ISO 8601. */
import type { Alert } from '#alerts/alert.ts';
import type { ArtifactShelf } from '#collector/artifacts.ts';
import type { CheckResult } from '#collector/check.ts';
import type { LetterNote } from '#collector/dead-letters.ts';
import type { FarPlan } from '#collector/far-link.ts';
import type { LogRecord } from '#collector/log.ts';
import type { Sample } from '#collector/sample.ts';
import type { IngestAnswer, IngestRequest } from '#collector/sources/ingest.ts';
import type { SourceHealth } from '#collector/sources/source.ts';
import type { SpoolHealth } from '#collector/spool.ts';
import type { Done } from '#lib/done.ts';
import type { LoopHealth } from '#lib/loop.ts';
import type { Actor, Person, TokenScope } from '#lib/people.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';
import type { OutsideDesk } from './alertmanager-desk.ts';
import type { EditingDesk } from './editing.ts';
import type { Questions } from './questions.ts';
import type { DeliveryView, GateView, HealthView, IncidentRow, IncidentView, NoticeDraft, NoticeView, RunbookView, StepView, TimelineRow } from './views.ts';

export interface Site {
  name: Bilingual;
  zone: string;
  languages: Language[];
  publicUrl: string;
  demo: boolean;
  version: string;
  /** Share of checks that must pass, for the availability figure. */
  availabilityTarget: number;
}

export interface CatalogueProbe {
  id: string;
  kind: string;
  service: string;
  target: string;
  intervalMs: DurationMs;
  vantages: readonly string[];
  /** The configuration as YAML, secrets as •••. */
  yaml: string;
}
export interface CatalogueComponent {
  id: string;
  name: Bilingual;
  service: string;
  probes: readonly string[];
  /** Routes of the access log that belong to it; a trailing * matches the rest. */
  routes?: readonly string[];
  /** Login attempts of the service belong to it. */
  logins?: boolean;
}
/** What is configured now; asked on every request, so a reload shows at once. */
export interface Catalogue {
  services: readonly { id: string; name: Bilingual }[];
  components: readonly CatalogueComponent[];
  probes: readonly CatalogueProbe[];
  vantages: readonly { id: string; region: string; carrier: string; far?: boolean | undefined }[];
}

export interface People {
  /** Who the request's cookie stands for. */
  session(headers: Headers): Promise<Person | null>;
  /** Answers with the cookie to set. */
  signIn(attempt: { email: string; password: string; from: string; now: UnixMs }): Promise<Done<{ person: Person; cookie: string }>>;
  signInByLink(attempt: { token: string; from: string; now: UnixMs }): Promise<Done<{ person: Person; cookie: string }>>;
  signOut(headers: Headers): Promise<{ cookie: string }>;
  /** A bearer token's name and scopes. */
  token(bearer: string, now: UnixMs): Promise<{ name: string; scopes: readonly TokenScope[] } | null>;
}
export interface AuditTrail {
  append(entry: { at: UnixMs; actor: Actor; action: string; subject: string; detail: Record<string, unknown> }): Promise<void>;
}

export interface MutedByText {
  by: 'silence' | 'inhibition' | 'maintenance' | 'interval';
  text: Bilingual;
  until: UnixMs | null;
}
export interface AlertEntry {
  alert: Alert;
  mutedBy: readonly MutedByText[];
  deliveries: readonly (Omit<DeliveryView, 'at'> & { at: UnixMs })[];
  next: { text: Bilingual; at: UnixMs | null } | null;
}
export interface RuleEntry {
  name: string;
  /** What people call it. */
  title: Bilingual;
  kind: string;
  /** What it looks at: `request.errors/request.total`, `login.failed/login.attempts`, `request.duration:p95`; null when it is no measure we draw. */
  measure: string | null;
  above: number | null;
  below: number | null;
  severity: string;
  runbook: string | null;
  probes: readonly string[];
  yaml: string;
}
export interface SilenceAsk {
  matchers: readonly string[];
  startsAt: UnixMs;
  endsAt: UnixMs;
  comment: string;
  actor: Actor;
}
export interface AlertDesk {
  entries(question: { state: 'active' | 'all'; now: UnixMs }): Promise<readonly AlertEntry[]>;
  entry(question: { fingerprint: string; now: UnixMs }): Promise<AlertEntry | null>;
  history(fingerprint: string): Promise<readonly { at: UnixMs; from: string; to: string; value: number | null }[]>;
  acknowledge(ask: { fingerprint: string; note: string; actor: Actor; now: UnixMs }): Promise<Done>;
  silences(question: {
    now: UnixMs;
  }): Promise<readonly { id: string; matchers: readonly string[]; startsAt: UnixMs; endsAt: UnixMs; createdBy: string; comment: string; state: 'pending' | 'active' | 'expired' }[]>;
  silence(ask: SilenceAsk & { now: UnixMs }): Promise<Done<{ id: string }>>;
  expireSilence(ask: { id: string; actor: Actor; now: UnixMs }): Promise<Done>;
  /** What a signed acknowledgement link stands for; refused when forged, too old or over. */
  peekLink(ask: { token: string; now: UnixMs }): Promise<Done<{ alert: Alert; receiver: string }>>;
  acknowledgeByLink(ask: { token: string; now: UnixMs }): Promise<Done<{ alert: Alert; receiver: string }>>;
  rules(): readonly RuleEntry[];
  nextEvaluationAt(): UnixMs | null;
}

export type IncidentEntry = Omit<IncidentRow, 'openedAt' | 'endedAt' | 'runbook'> & {
  openedAt: UnixMs;
  endedAt: UnixMs | null;
  runbook: (Omit<NonNullable<IncidentRow['runbook']>, 'dueAt'> & { dueAt: UnixMs | null }) | null;
  /** Fingerprints of the alerts it answers. */
  alerts: readonly string[];
};
export type StepEntry = Omit<StepView, 'openedAt' | 'closedAt' | 'dueAt' | 'panels' | 'evidence' | 'gate' | 'draft'> & {
  openedAt: UnixMs | null;
  closedAt: UnixMs | null;
  dueAt: UnixMs | null;
  /** Ids of the panels to show beside it. */
  panels: readonly string[];
  gate: GateView | null;
  /** As it was handed over when the step closed. */
  evidence: { at: UnixMs; text: Bilingual; panels: unknown } | null;
  draft: NoticeDraft | null;
};
export interface IncidentRoom {
  incident: IncidentEntry;
  runId: string | null;
  mode: IncidentView['mode'];
  roles: IncidentView['roles'];
  nextUpdateDueAt: UnixMs | null;
  timeline: readonly (Omit<TimelineRow, 'at'> & { at: UnixMs })[];
  steps: readonly StepEntry[];
  runbookVersion: string | null;
}
interface StepAsk {
  runId: string;
  stepId: string;
  actor: Actor;
  now: UnixMs;
}
export interface IncidentDesk {
  list(question: { state: 'open' | 'all' }): Promise<readonly IncidentEntry[]>;
  room(question: { id: string; now: UnixMs }): Promise<IncidentRoom | null>;
  open(ask: { fingerprint: string; actor: Actor; now: UnixMs }): Promise<Done<{ id: string }>>;
  /** An incident begun by hand to walk a runbook. */
  start(ask: { runbook: string; actor: Actor; now: UnixMs }): Promise<Done<{ id: string }>>;
  addNote(ask: { id: string; text: string; actor: Actor; now: UnixMs }): Promise<Done>;
  setRole(ask: { id: string; role: string; person: string; actor: Actor; now: UnixMs }): Promise<Done>;
  setLevel(ask: { id: string; level: IncidentRow['level']; actor: Actor; now: UnixMs }): Promise<Done>;
  close(ask: { id: string; reason: string; actor: Actor; now: UnixMs }): Promise<Done>;
  closeStep(ask: StepAsk & { note: string; choice: string | null; evidence: { panels: unknown } | null }): Promise<Done>;
  skipStep(ask: StepAsk & { reason: string }): Promise<Done>;
  actStep(ask: StepAsk): Promise<Done>;
  undoStep(ask: StepAsk): Promise<Done>;
  publishStep(ask: StepAsk & { draft: NoticeDraft }): Promise<Done>;
}
export interface RunbookShelf {
  list(): Promise<readonly RunbookView['runbook'][]>;
  view(id: string): Promise<RunbookView | null>;
}
export type NoticeEntry = Omit<NoticeView, 'startedAt' | 'resolvedAt' | 'nextUpdateAt' | 'updates'> & {
  startedAt: UnixMs;
  resolvedAt: UnixMs | null;
  nextUpdateAt: UnixMs | null;
  updates: readonly (Omit<NoticeView['updates'][number], 'at'> & { at: UnixMs })[];
};
export const componentStatuses = ['operational', 'degraded_performance', 'partial_outage', 'major_outage', 'under_maintenance'] as const;
export type ComponentStatus = (typeof componentStatuses)[number];
export interface NoticeDesk {
  list(): Promise<readonly NoticeEntry[]>;
  components(): Promise<readonly { id: string; name: Bilingual; suggested: ComponentStatus; status: ComponentStatus }[]>;
  publish(ask: { draft: NoticeDraft; incidentId: string | null; actor: Actor; now: UnixMs }): Promise<Done<{ id: string }>>;
  update(ask: { id: string; draft: NoticeDraft; actor: Actor; now: UnixMs }): Promise<Done>;
  setStatus(ask: { component: string; status: ComponentStatus; actor: Actor; now: UnixMs }): Promise<Done>;
  /** The public page and its feeds, from memory; null when the path is none of them. */
  statusAnswer(ask: {
    method: string;
    path: string;
    headers: Readonly<Record<string, string | undefined>>;
  }): { status: number; headers: Record<string, string>; body: Uint8Array | string | null } | null;
}

export interface ProbeRunner {
  /** One check now, from the vantage that is named or else the probe's first; null when there is no such probe. */
  run(ask: { id: string; vantage: string | null; now: UnixMs }): Promise<CheckResult | null>;
}
/** Who hears the beats of push probes. */
export interface BeatTaker {
  /** True once the beat is kept; false when nobody knows the token. */
  take(ask: { token: string; status: 'up' | 'down'; message: string; tookMs: DurationMs | null; now: UnixMs }): Promise<boolean>;
}
export interface HealthSource {
  loops(): readonly LoopHealth[];
  sources(): readonly SourceHealth[];
  /** What lies between sources and store; null where nothing is collected. */
  spool(): SpoolHealth | null;
  /** Rows the store refused, newest first. */
  letters(limit: number): Promise<readonly LetterNote[]>;
  counters(): HealthView['counters'];
  /** Reasons why data cannot be taken and kept now; empty when it can. */
  unready(): Promise<readonly { part: string; reason: string }[]>;
}
/** What a far vantage hands in. */
export type FarBatch = { vantage: string; version: string; token: string } & (
  | { kind: 'checks'; rows: readonly CheckResult[] }
  | { kind: 'samples'; rows: readonly Sample[] }
  | { kind: 'logs'; rows: readonly LogRecord[] }
);
export interface FarDesk {
  /** Whether we understand each other. */
  speaks(version: string): boolean;
  /** Null when it is no far vantage of ours. */
  plan(ask: { vantage: string; version: string; backlog: number; offsetMs: number; now: UnixMs }): FarPlan | null;
  /** True once it is stored, false when it cannot be now. */
  store(batch: FarBatch & { now: UnixMs }): Promise<boolean>;
  list(): readonly { id: string; region: string; carrier: string; lastSeenAt: UnixMs | null; version: string | null; offsetMs: number | null; backlog: number | null; rows: number }[];
}
/** Takes what programs hand in; answers once it is on disk. */
export interface IngestDesk {
  /** Null when there is no such source. */
  lines(source: string, request: IngestRequest): Promise<IngestAnswer | null>;
  logs(request: IngestRequest): Promise<IngestAnswer>;
  metrics(request: IngestRequest): Promise<IngestAnswer>;
  loki(request: IngestRequest): Promise<IngestAnswer>;
  /** Prometheus' remote write. */
  write(request: IngestRequest): Promise<IngestAnswer>;
}
/** What programs sign in with. */
export interface TokenDesk {
  list(): Promise<readonly { id: string; name: string; scopes: TokenScope[]; createdAt: UnixMs; lastUsedAt: UnixMs | null; revokedAt: UnixMs | null }[]>;
  /** The token is told here and never again. */
  add(ask: { name: string; scopes: readonly TokenScope[]; actor: Actor; now: UnixMs }): Promise<Done<{ id: string; token: string }>>;
  revoke(ask: { id: string; actor: Actor; now: UnixMs }): Promise<Done>;
}
export interface DemoSwitches {
  faults(): Promise<readonly { name: string; label: Bilingual; on: boolean; until: UnixMs | null }[]>;
  setFault(ask: { name: string; on: boolean; forMs: DurationMs | null }): Promise<Done>;
  inbox(): Promise<readonly { id: string; at: UnixMs; from: string; to: string[]; subject: string; text: string; html: string; headers: Record<string, string> }[]>;
}

export interface ConsolePorts {
  site(): Site;
  catalogue(): Catalogue;
  questions: Questions;
  people: People;
  tokens: TokenDesk;
  /** Who is on call now, when anyone knows. */
  onCall(now: UnixMs): Promise<{ name: string; until: UnixMs | null } | null>;
  audit: AuditTrail;
  alerts: AlertDesk;
  incidents: IncidentDesk;
  runbooks: RunbookShelf;
  notices: NoticeDesk;
  probes: ProbeRunner;
  /** Null where no collector runs beside the console. */
  beats: BeatTaker | null;
  /** Absent where no collector runs beside the console. */
  artifacts?: Pick<ArtifactShelf, 'read'> | undefined;
  health: HealthSource;
  /** Null where no collector runs beside the console. */
  ingest: IngestDesk | null;
  /** Null where nothing may be handed in. */
  far: FarDesk | null;
  /** Alertmanager's API on the same alert path. */
  outside: OutsideDesk | null;
  /** Null where the configuration cannot be changed from here. */
  editing: EditingDesk | null;
  /** Only in demo mode. */
  demo: DemoSwitches | null;
}
