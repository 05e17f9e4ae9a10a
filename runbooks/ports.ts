import type { Alert } from '#alerts/alert.ts';
import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Incident } from './incident.ts';
import type { NoticeDraft } from './notice-template.ts';
import type { Run, RunEntry, RunStart } from './run.ts';
import type { TimelineEntry, TimelineLine } from './timeline.ts';

/** Everything that changes together: the incident, its story, its run and who did it. */
export interface IncidentCommit {
  /** As it shall be; a new one has the number ''. */
  incident: Incident;
  isNew: boolean;
  /** The year in the site's zone, for the number of a new one. */
  year: number;
  timeline: readonly TimelineLine[];
  /** A run that begins with this change. */
  newRun: RunStart | null;
  /** Entries that follow the run's head; refused when someone else wrote in between. */
  entries: { runId: string; entries: readonly RunEntry[] } | null;
  /** Null when only the system kept its books. */
  audit: { actor: Actor; action: string; before: object | null; after: object | null } | null;
  at: UnixMs;
}

/** Someone else changed it first: read again and decide again. */
export class StaleIncident extends Error {
  constructor(what: string) {
    super(`${what} was changed by someone else meanwhile`);
    this.name = 'StaleIncident';
  }
}

export interface IncidentStore {
  /** All or nothing. Throws `StaleIncident` on a conflict, also when the service has an open incident already. */
  commit(change: IncidentCommit): Promise<Incident>;
  /** Newest first. `open` are declared and mitigated, `active` also resolved ones whose run is not over, `all` every one. */
  incidents(question: { state: 'open' | 'active' | 'all'; limit: number }): Promise<readonly Incident[]>;
  incident(id: string): Promise<Incident | null>;
  /** Which of these alert episodes an incident answers already. */
  answered(episodes: readonly string[]): Promise<ReadonlySet<string>>;
  timeline(incidentId: string): Promise<readonly TimelineEntry[]>;
  run(id: string): Promise<Run | null>;
  /** When each runbook was last run, live or drilled. */
  lastRuns(): Promise<ReadonlyMap<string, UnixMs>>;
}

/** The alerts as they are now. */
export interface AlertsNow {
  active(): Promise<readonly Alert[]> | readonly Alert[];
}

/** Puts words on the public page; the same key publishes once. */
export interface NoticePublisher {
  publish(ask: {
    draft: NoticeDraft;
    incidentId: string;
    key: string;
    actor: Actor;
    now: UnixMs;
  }): Promise<{ ok: true; noticeId: string } | { ok: false; code: 'invalid' | 'conflict' | 'not-found' | 'forbidden'; message: Bilingual }>;
}

/** What the panels beside a step show at an instant, as JSON to keep. */
export interface EvidenceSource {
  freeze(question: { panels: readonly string[]; service: string; now: UnixMs }): Promise<unknown>;
}

export interface RunbookTopics {
  incidentsChanged: { id: string };
  runsChanged: { id: string; incidentId: string };
}
