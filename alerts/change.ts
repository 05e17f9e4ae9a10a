import type { UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import type { DispatchOutcome } from './dispatcher.ts';
import type { AlertChange, AlertState } from './ports.ts';

export const emptyState: AlertState = { version: 0, aliveAt: null, alerts: new Map(), groups: new Map(), silences: new Map() };

export const noChange: AlertChange = { alerts: [], forgotten: [], transitions: [], groups: [], closedGroups: [], silences: [], notifications: [], decisions: [], audit: [], aliveAt: null };

export const withDispatch = (change: AlertChange, said: DispatchOutcome): AlertChange => ({
  ...change,
  groups: [...change.groups, ...said.groups],
  closedGroups: [...change.closedGroups, ...said.closedGroups],
  notifications: [...change.notifications, ...said.notifications],
  decisions: [...change.decisions, ...said.decisions],
});

/** The state after a change; maps that did not change are kept as they are. */
export function applyChange(state: AlertState, change: AlertChange, version: number): AlertState {
  return {
    version,
    aliveAt: change.aliveAt ?? state.aliveAt,
    alerts: amended(state.alerts, { put: change.alerts.map((alert) => [alert.episode, alert]), remove: change.forgotten }),
    groups: amended(state.groups, { put: change.groups.map((group) => [group.key, group]), remove: change.closedGroups }),
    silences: amended(state.silences, { put: change.silences.map((silence) => [silence.id, silence]), remove: [] }),
  };
}

function amended<Value>(map: ReadonlyMap<string, Value>, { put, remove }: { put: readonly [string, Value][]; remove: readonly string[] }): ReadonlyMap<string, Value> {
  if (put.length === 0 && remove.length === 0) return map;
  const next = new Map(map);
  for (const [key, value] of put) next.set(key, value);
  for (const key of remove) next.delete(key);
  return next;
}

/**
 * What of a change must be kept. A value that moved while the state did not is only remembered in memory: it is measured
 * again at the next evaluation anyway.
 */
export function worthKeeping(state: AlertState, change: AlertChange): AlertChange {
  return { ...change, alerts: change.alerts.filter((alert) => isMaterial(state.alerts.get(alert.episode), alert)) };
}

export function isEmpty(change: AlertChange): boolean {
  const { aliveAt, ...lists } = change;
  return aliveAt === null && Object.values(lists).every((list) => list.length === 0);
}

function isMaterial(before: Alert | undefined, now: Alert): boolean {
  return !before || essence(before) !== essence(now);
}

function essence(alert: Alert): string {
  const { value: _value, why: _why, evaluatedAt: _at, annotations: _annotations, ...rest } = alert;
  return JSON.stringify(rest);
}

/** Ended alerts that are remembered long enough and that nobody is owed a word about. */
export function forgettable(state: AlertState, now: UnixMs, keptMs: number): string[] {
  const old = [...state.alerts.values()].filter((alert) => alert.state === 'resolved' && now - alert.resolvedAt > keptMs);
  if (old.length === 0) return [];
  const owed = new Set([...state.groups.values()].flatMap((group) => Object.values(group.told).flatMap((told) => told.episodes)));
  return old.filter((alert) => !owed.has(alert.episode)).map((alert) => alert.episode);
}
