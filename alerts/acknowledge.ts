import type { Actor } from '#lib/people.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Acknowledgement, Alert } from './alert.ts';
import type { AlertChange, AlertState } from './ports.ts';

/** The episode a fingerprint stands for now: the one that goes on, else the last one. */
export function currentAlert(state: AlertState, fingerprint: string): Alert | undefined {
  let found: Alert | undefined;
  for (const alert of state.alerts.values()) if (alert.fingerprint === fingerprint && (!found || found.activeAt <= alert.activeAt)) found = alert;
  return found;
}

/** Somebody takes alerts. The first acknowledgement of an episode stands; what has ended needs none. */
export function acknowledge(alerts: readonly Alert[], who: { by: string; through: Acknowledgement['through']; note: string; actor: Actor }, now: UnixMs): Pick<AlertChange, 'alerts' | 'audit'> {
  const { by, through, note, actor } = who;
  const open = alerts.filter((alert) => alert.state !== 'resolved' && alert.acknowledgement === null);
  return {
    alerts: open.map((alert) => ({ ...alert, acknowledgement: { by, at: now, through, note } })),
    audit: open.map((alert) => ({ at: now, actor, action: 'alert.acknowledge', target: `alert/${alert.episode}`, after: { rule: alert.rule, labels: alert.labels, through, note } })),
  };
}
