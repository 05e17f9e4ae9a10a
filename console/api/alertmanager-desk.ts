import type { Alert } from '#alerts/alert.ts';
import type { Silence, SilenceAnswer, SilenceWish } from '#alerts/silence.ts';
import type { Labels } from '#lib/labels.ts';
import type { Actor } from '#lib/people.ts';
import type { UnixMs } from '#lib/time.ts';

/** An alert another program says it has; the merging of repeated posts and the time-out are the alerting side's. */
export interface PostedAlert {
  labels: Labels;
  annotations: Labels;
  startsAt: UnixMs | null;
  endsAt: UnixMs | null;
  generatorUrl: string;
}

/** A firing alert, where it goes, and what keeps it from being told. */
export interface SeenAlert {
  alert: Alert;
  receivers: readonly string[];
  /** Ids of silences. */
  silencedBy: readonly string[];
  /** Fingerprints of the alerts that inhibit it. */
  inhibitedBy: readonly string[];
  /** Names of time intervals. */
  mutedBy: readonly string[];
}

export interface SeenGroup {
  labels: Labels;
  receiver: string;
  fingerprints: readonly string[];
}

/** What programs that speak Alertmanager's API v2 ask and tell. */
export interface OutsideDesk {
  post(ask: { alerts: readonly PostedAlert[]; actor: Actor; now: UnixMs }): Promise<void>;
  alerts(question: { now: UnixMs }): Promise<readonly SeenAlert[]>;
  groups(question: { now: UnixMs }): Promise<readonly SeenGroup[]>;
  silences(question: { now: UnixMs }): Promise<readonly Silence[]>;
  putSilence(ask: { wish: SilenceWish; actor: Actor; now: UnixMs }): Promise<SilenceAnswer>;
  expireSilence(ask: { id: string; actor: Actor; now: UnixMs }): Promise<SilenceAnswer>;
  receivers(): readonly string[];
  /** The `alerting` section in use as YAML, secrets as •••. */
  configYaml(): string;
  readonly startedAt: UnixMs;
  readonly version: string;
}
