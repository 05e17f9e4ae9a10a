import type { OutcomeKind } from '#collector/check.ts';
import type { Labels } from '#lib/labels.ts';
import type { Actor } from '#lib/people.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';
import type { Alert, AlertTransition } from './alert.ts';
import type { AlertGroup } from './group.ts';
import type { Decision, Delivery, Notification, OutboxEntry } from './notification.ts';
import type { Silence } from './silence.ts';

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
  /** Both counts by labels; a label set with `over` = 0 is left out. `login.*` signals know the label `reason` only for failures: attempts are then counted over all reasons, and where nothing failed one answer without a reason stands for all. */
  ratio(question: { of: Signal; over: Signal; by: readonly string[]; where: Labels; window: Window }): Promise<readonly { labels: Labels; of: number; over: number }[]>;
  /** `metric` is `request.duration`, `check.duration` (seconds, percentiles from histograms) or any stored sample's name; by `'all'` every series answers for itself. */
  metric(question: { metric: string; agg: Aggregation; by: readonly string[] | 'all'; where: Labels; window: Window }): Promise<readonly { labels: Labels; value: number; samples: number }[]>;
}

/** Everything the alerting side knows, as it was last committed. */
export interface AlertState {
  /** Rises with every commit; a writer whose copy is older is told so and decides again. */
  version: number;
  /** When an evaluator last said it was at work; null before the first time. */
  aliveAt: UnixMs | null;
  /** By episode: the current ones and those that ended lately. */
  alerts: ReadonlyMap<string, Alert>;
  groups: ReadonlyMap<string, AlertGroup>;
  silences: ReadonlyMap<string, Silence>;
}

/** What is to be committed together. */
export interface AlertChange {
  alerts: readonly Alert[];
  /** Episodes that need not be kept any longer. */
  forgotten: readonly string[];
  transitions: readonly AlertTransition[];
  groups: readonly AlertGroup[];
  closedGroups: readonly string[];
  silences: readonly Silence[];
  notifications: readonly Notification[];
  decisions: readonly Decision[];
  audit: readonly AuditNote[];
  aliveAt: UnixMs | null;
}

export interface AuditNote {
  at: UnixMs;
  actor: Actor;
  action: string;
  target: string;
  after: Readonly<Record<string, unknown>>;
}

/** A notification taken for sending; nobody else gets it before the lease ends. */
export interface Claim {
  notification: Notification;
  /** From 1. */
  attempt: number;
}

/** How many rows of each were taken out. */
export interface Pruned {
  notifications: number;
  deliveries: number;
  transitions: number;
  decisions: number;
}

/** Where alerts, silences, the outbox and the deliveries are kept. */
export interface AlertStore {
  load(): Promise<AlertState>;
  /** The version of what is committed, to see cheaply whether somebody else wrote. */
  version(): Promise<number>;
  /** All or nothing; `false` when somebody else committed since `version`. */
  commit(change: AlertChange, version: number): Promise<{ ok: true; version: number } | { ok: false }>;
  /** Oldest first, one at a time for each thread and integration, so that a resolve never overtakes the alert it ends; none of the integrations in `except`. */
  claim(question: { now: UnixMs; limit: number; leaseMs: DurationMs; except: readonly string[] }): Promise<readonly Claim[]>;
  /** What a leader that died had taken is free again; for the new leader, before it begins. */
  releaseClaims(): Promise<void>;
  /** When the next waiting notification is due; null when none waits. */
  nextDueAt(): Promise<UnixMs | null>;
  /** Writes the attempt down and settles the notification, or puts it off until `retryAt`. */
  record(delivery: Delivery, retryAt: UnixMs | null): Promise<void>;
  /** The outbox rows that speak of these episodes, newest first. */
  outbox(question: { episodes: readonly string[]; limit: number }): Promise<readonly OutboxEntry[]>;
  deliveries(question: { notifications: readonly string[] }): Promise<readonly Delivery[]>;
  history(question: { fingerprint: string; limit: number }): Promise<readonly AlertTransition[]>;
  decisions(question: { groupKeys: readonly string[]; limit: number }): Promise<readonly Decision[]>;
  /** Resolves once this process is the only evaluator; `lost` is called when that ends. Returns how to give it up. */
  lead(options: { signal: AbortSignal; lost: () => void }): Promise<() => Promise<void>>;
  /** Transitions and deliveries not yet copied for analysis, oldest first, with a token that is the same for the same rows. */
  uncopied(limit: number): Promise<{ token: string; transitions: readonly AlertTransition[]; deliveries: readonly Delivery[] }>;
  markCopied(token: string): Promise<void>;
  /** Takes out what was settled before that moment, at most so many rows of each kind; nothing of an episode that is still known, nothing that was not copied. */
  prune(question: { before: UnixMs; limit: number }): Promise<Pruned>;
}

/** Keeps copies for analysis; the same token twice stores once. */
export interface AlertCopies {
  insert(token: string, rows: { transitions: readonly AlertTransition[]; deliveries: readonly Delivery[] }): Promise<void>;
}

/** Addresses in messages. */
export interface AlertLinks {
  /** `/alerts` → the whole address on the console. */
  console(path: string): string;
  /** A signed address that shows an acknowledgement page on GET and acknowledges on POST. */
  acknowledge(subject: { episodes: readonly string[]; by: string; expiresAt: UnixMs }): string;
}
