import type { Alert } from '#alerts/alert.ts';
import type { Actor } from '#lib/people.ts';
import type { DurationMs, UnixMs } from '#lib/time.ts';
import type { ComponentStatus } from './component.ts';
import type { Notice, NoticeUpdate } from './notice.ts';

/** Words and statuses that go public together. */
export interface NoticeCommit {
  notice: Omit<Notice, 'updates'>;
  isNew: boolean;
  update: Omit<NoticeUpdate, 'prevHash' | 'hash'>;
  /** The same key publishes once; null when nothing is retried. */
  key: string | null;
  statuses: readonly { component: string; status: ComponentStatus }[];
  actor: Actor;
  at: UnixMs;
}

/** Someone else published first: read again and decide again. */
export class StaleNotice extends Error {
  constructor(id: string) {
    super(`notice ${id} was updated by someone else meanwhile`);
    this.name = 'StaleNotice';
  }
}

export interface SetStatus {
  status: ComponentStatus;
  at: UnixMs;
  by: Actor;
}

export interface NoticeStore {
  /** All or nothing. Throws `StaleNotice` when another update took its place. */
  commit(change: NoticeCommit): Promise<Notice>;
  /** Newest first. */
  notices(question: { limit: number }): Promise<readonly Notice[]>;
  notice(id: string): Promise<Notice | null>;
  /** The notice an earlier attempt with this key published. */
  published(key: string): Promise<string | null>;
  openOfIncident(incidentId: string): Promise<Notice | null>;
  statuses(): Promise<ReadonlyMap<string, SetStatus>>;
  setStatus(change: { component: string; status: ComponentStatus; actor: Actor; at: UnixMs }): Promise<void>;
}

/** What was seen of one probe on one day of the site's zone. */
export interface ProbeDay {
  probe: string;
  /** `2026-11-24` */
  day: string;
  /** Checks with a known outcome, and those of them that failed or were slow. */
  known: number;
  failed: number;
  slow: number;
  /** Time for which something is known. */
  knownMs: DurationMs;
  firstAt: UnixMs;
}
export interface UptimeSource {
  /** Days that hold nothing are left out. */
  days(question: { probes: readonly string[]; from: UnixMs; until: UnixMs; zone: string }): Promise<readonly ProbeDay[]>;
}

export interface AlertsNow {
  active(): Promise<readonly Alert[]> | readonly Alert[];
}

export interface NoticeTopics {
  noticesChanged: { id: string };
  componentsChanged: { id: string };
}
