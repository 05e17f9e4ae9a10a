import { durationMs, minute, type UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { type Decision, type Notification, notificationId } from './notification.ts';
import type { Integration } from './plan.ts';

/** When an integration was last given something, oldest first. */
export type Recent = ReadonlyMap<string, readonly UnixMs[]>;

const spanMs = durationMs(minute);

/**
 * A storm must not bury a person in mails: what goes over an integration's limit for a minute is told in one bundle.
 * Nothing is lost; every bundled message is written down.
 */
export function bundle(
  notifications: readonly Notification[],
  integrations: ReadonlyMap<string, Integration>,
  { recent, now }: { recent: Recent; now: UnixMs },
): { notifications: Notification[]; decisions: Decision[]; recent: Recent } {
  const next = new Map(recent);
  const kept: Notification[] = [];
  const decisions: Decision[] = [];
  for (const [id, mine] of byIntegration(notifications)) {
    const limit = integrations.get(id)?.sender?.perMinute ?? null;
    const before = (recent.get(id) ?? []).filter((at) => now - at < spanMs);
    const room = limit === null ? mine.length : Math.max(0, limit - before.length);
    // With no more than one over the limit a bundle saves nothing.
    const free = mine.length <= room || (before.length === 0 && mine.length === room + 1) ? mine.length : Math.max(0, room - 1);
    kept.push(...mine.slice(0, free));
    const rest = mine.slice(free);
    if (rest.length > 0) kept.push(together(rest, now));
    for (const one of rest)
      decisions.push({ at: now, groupKey: one.groupKey, integration: id, episode: null, stage: 'bundle', reason: 'bundled', detail: `${one.reason} with ${rest.length - 1} others` });
    if (limit !== null) next.set(id, [...before, ...new Array<UnixMs>(free + (rest.length > 0 ? 1 : 0)).fill(now)]);
  }
  return { notifications: kept, decisions, recent: next };
}

function byIntegration(notifications: readonly Notification[]): Map<string, Notification[]> {
  const groups = new Map<string, Notification[]>();
  for (const one of notifications) groups.set(one.integration, [...(groups.get(one.integration) ?? []), one]);
  return groups;
}

function together(rest: readonly Notification[], now: UnixMs): Notification {
  const [first] = rest;
  if (!first) throw new Error('a bundle needs at least one message');
  const alerts = new Map<string, Alert>();
  for (const alert of rest.flatMap((one) => one.alerts)) alerts.set(alert.episode, alert);
  const thread = `bundle-${first.thread}-${now.toString(36)}`;
  const firingFirst = [...alerts.values()].sort((a, b) => Number(a.state === 'resolved') - Number(b.state === 'resolved'));
  return {
    ...first,
    id: notificationId({ thread, integration: first.integration, reason: 'first', sequence: 1 }),
    reason: 'first',
    status: rest.some((one) => one.status === 'firing') ? 'firing' : 'resolved',
    groupKey: 'bundle',
    groupLabels: {},
    thread,
    sequence: 1,
    at: now,
    alerts: firingFirst,
  };
}
