import type { Facts } from '#alerts/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Perform } from './action.ts';
import type { GateProgress, GateScope } from './gate-reading.ts';
import type { IncidentPolicy } from './incident.ts';
import type { AlertsNow, EvidenceSource, IncidentStore, NoticePublisher, RunbookTopics } from './ports.ts';
import type { Runbook } from './runbook.ts';

/** What the loop and the people's desk share: the stores, what is known of gates, and whose turn it is. */
export interface Ward {
  store: IncidentStore;
  facts: Facts;
  alerts: AlertsNow;
  publisher: NoticePublisher;
  evidence: EvidenceSource | null;
  perform: Perform;
  clock: Clock;
  bus: Bus<RunbookTopics>;
  zone: string;
  policy: IncidentPolicy;
  /** As configured now; both languages joined. */
  runbooks(): readonly Runbook[];
  params: Readonly<Record<string, string>>;
  probes(): GateScope['probes'];
  /** By run and step: since when the gate has held. Lost with the process, so a gate must hold anew after a start. */
  gates: Map<string, GateProgress>;
  /** Calls under way here; a run that says "running" without one here was cut off. */
  underway: Set<string>;
  /** One change after the other: what was read is still true when it is written. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
}

export const gateKey = (runId: string, stepId: string): string => `${runId}/${stepId}`;

export const armKey = (runId: string, stepId: string, armId: string): string => `${runId}/${stepId}/${armId}`;

/** Runs tasks in the order they came; a failed one does not hold up the next. */
export function createTurns(): Ward['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task, task);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** The year in the site's zone, which an incident's number begins with. */
export const yearIn = (zone: string, at: UnixMs): number => Number(new Intl.DateTimeFormat('en-US', { timeZone: zone, year: 'numeric' }).format(at));
