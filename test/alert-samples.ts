import type { Alert, AlertTransition } from '#alerts/alert.ts';
import type { AlertGroup } from '#alerts/group.ts';
import type { Delivery, Notification } from '#alerts/notification.ts';
import type { Silence } from '#alerts/silence.ts';
import { fingerprint } from '#lib/labels.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';

/** One of each thing an alert store keeps, every instant counted from `now`. */

export const now = unixMs(1_764_000_000_000);
export const at = (seconds: number): UnixMs => unixMs(now + seconds * 1_000);

export function firing(name: string, episode = `episode of ${name}`): Alert {
  const labels = { alertname: name, service: '发票' };
  const rest = {
    value: 0.31,
    why: { 'zh-CN': '高', en: 'high' },
    sight: 'ok',
    flapping: false,
    title: { 'zh-CN': name, en: name },
    memory: { missingSince: null, flips: [now] },
    outside: null,
    acknowledgement: null,
  } as const;
  return {
    ...rest,
    state: 'firing',
    activeAt: now,
    firedAt: at(1),
    clearSince: null,
    fingerprint: fingerprint(labels),
    episode,
    rule: name,
    labels,
    annotations: { runbook: 'errors' },
    evaluatedAt: at(2),
  };
}
export const fires = (alert: Alert): AlertTransition => ({ fingerprint: alert.fingerprint, episode: alert.episode, from: 'pending', to: 'firing', at: at(1), alert });
export const group: AlertGroup = {
  key: 'g',
  routeKey: 'r',
  receiver: 'ops',
  labels: { service: '发票' },
  thread: 't',
  createdAt: now,
  nextFlushAt: at(5),
  told: { 'ops/email/0': { at: now, episodes: ['e'], sequence: 1 } },
  heldBack: {},
};
export const silence: Silence = { id: 's', matchers: [{ name: 'a', operator: '=~', value: 'b|c' }], startsAt: now, endsAt: at(60), createdBy: '李值班', comment: '演练', updatedAt: now };
export function owed(thread: string, sequence: number, rest: Partial<Notification> = {}): Notification {
  const integration = rest.integration ?? 'ops/email/0';
  const base = { mode: 'live', reason: 'first', status: 'firing', receiver: 'ops', integration, groupKey: 'g', groupLabels: {}, thread, sequence, at: now, alerts: [firing('Errors')] } as const;
  return { ...base, id: `${thread}:${integration}:${sequence}`, ...rest };
}
export function attemptOf(notification: Notification, rest: Partial<Delivery> = {}): Delivery {
  return {
    notification: notification.id,
    receiver: 'ops',
    integration: notification.integration,
    sender: 'email',
    to: 'a@example.test',
    attempt: 1,
    at: at(1),
    durationMs: 12.5,
    state: 'sent',
    detail: '250 ok',
    ...rest,
  };
}
