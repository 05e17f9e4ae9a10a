import type { Labels } from '#lib/labels.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';

export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What one rule says about one label set now. */
export type Finding = { labels: Labels; value: number | null; samples: number; why: Bilingual } & (
  | { says: 'breach' }
  | { says: 'clear' }
  | { says: 'between' }
  | { says: 'noData' }
  | { says: 'error' }
);
// `between`: no longer bad enough to start an alert, not yet good enough to end one (recovery threshold).

export const resolvedReasons = ['clear', 'noData', 'missingSeries', 'ruleRemoved', 'ended', 'timeout'] as const;
/** Why an alert ended; everything but `clear` and `ended` is said in the message. */
export type ResolvedBecause = (typeof resolvedReasons)[number];

export type AlertProgress =
  | { state: 'pending'; activeAt: UnixMs }
  /** `clearSince` is set while only keep_firing_for (or flapping) holds it. */
  | { state: 'firing'; activeAt: UnixMs; firedAt: UnixMs; clearSince: UnixMs | null }
  | { state: 'resolved'; activeAt: UnixMs; firedAt: UnixMs; resolvedAt: UnixMs; because: ResolvedBecause };

/** Who took it, when: a fact beside the alert, not a state; it ends with the episode. */
export interface Acknowledgement {
  by: string;
  at: UnixMs;
  through: 'console' | 'link' | 'api';
  note: string;
}

export type Alert = AlertProgress & {
  /** Of `labels`: the identity. */
  fingerprint: string;
  /** One id for each time it goes from quiet to pending; notifications and acknowledgements belong to an episode. */
  episode: string;
  /** The rule's name (`alertname`); null for alerts posted from outside. */
  rule: string | null;
  labels: Labels;
  annotations: Labels;
  value: number | null;
  why: Bilingual;
  /** Normal, or what the last evaluation could not see. */
  sight: 'ok' | 'noData' | 'error';
  flapping: boolean;
  /** What a person reads instead of the rule's name. */
  title: Bilingual;
  /** What the next evaluation must remember about earlier ones. */
  memory: AlertMemory;
  /** Only for alerts posted from outside. */
  outside: { endsAt: UnixMs; explicitEnd: boolean; generatorUrl: string } | null;
  acknowledgement: Acknowledgement | null;
  evaluatedAt: UnixMs;
};

export interface AlertMemory {
  /** Since when its label set is missing among others that are still there. */
  missingSince: UnixMs | null;
  /** When it last went to firing or resolved, oldest first; flapping is counted from these. */
  flips: readonly UnixMs[];
}

/** A change of state, as it was committed. */
export interface AlertTransition {
  fingerprint: string;
  episode: string;
  from: Alert['state'] | 'inactive';
  to: Alert['state'] | 'inactive';
  at: UnixMs;
  alert: Alert;
}

export interface AlertTopics {
  alertsChanged: { transitions: readonly AlertTransition[] };
  acknowledged: { alert: Alert };
  notificationsChanged: { receivers: readonly string[] };
}
