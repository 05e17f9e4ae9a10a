import { fingerprint, type Labels } from '#lib/labels.ts';
import { durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { dispatch } from './dispatcher.ts';
import type { AlertGroup } from './group.ts';
import { parseMatchers } from './matcher.ts';
import type { Decision, Notification } from './notification.ts';
import type { AlertingPlan, Integration } from './plan.ts';
import { buildRoute } from './route.ts';
import type { Silence } from './silence.ts';

/** For tests: alerts, plans and silences in a few words, and a life of them played second by second. */

export const s = (seconds: number): UnixMs => unixMs(seconds * 1_000);
export const matchers = (text: string) => {
  const parsed = parseMatchers(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.matchers;
};

export function firing(labels: Labels, firedAt: number): Alert & { state: 'firing' } {
  return {
    state: 'firing',
    activeAt: s(firedAt),
    firedAt: s(firedAt),
    clearSince: null,
    fingerprint: fingerprint(labels),
    episode: `${fingerprint(labels)}-${firedAt}`,
    rule: 'R',
    labels,
    annotations: {},
    value: 1,
    why: { 'zh-CN': '', en: '' },
    sight: 'ok',
    flapping: false,
    title: { 'zh-CN': 'R', en: 'R' },
    memory: { missingSince: null, flips: [] },
    outside: null,
    acknowledgement: null,
    evaluatedAt: s(firedAt),
  };
}
export const ended = (alert: Alert & { state: 'firing' }, at: number): Alert => ({ ...alert, state: 'resolved', resolvedAt: s(at), because: 'clear' });

export const channel = (more: Partial<Integration> = {}): Integration => ({ id: 'ops/email/0', receiver: 'ops', sendResolved: true, sender: null, ...more });
export function planOf(more: Partial<AlertingPlan> = {}, timers: { wait?: number; interval?: number; repeat?: number } = {}): AlertingPlan {
  const root = buildRoute({
    matchers: [],
    receiver: 'ops',
    groupBy: ['alertname'],
    groupWaitMs: durationMs((timers.wait ?? 0) * 1_000),
    groupIntervalMs: durationMs((timers.interval ?? 2) * 1_000),
    repeatIntervalMs: durationMs((timers.repeat ?? 3_600) * 1_000),
    muteIntervals: [],
    activeIntervals: [],
    continues: false,
    children: [],
  });
  return { root, receivers: new Map([['ops', [channel()]]]), inhibitions: [], intervals: new Map(), resolveTimeoutMs: durationMs(300_000), ...more };
}

/** Dispatches every half second; `happen` changes the alerts and silences at its second. */
export function play(
  plan: AlertingPlan,
  until: number,
  happen: Record<number, (world: { alerts: Map<string, Alert>; silences: Map<string, Silence> }) => void>,
): { said: string[]; notifications: Notification[]; decisions: Decision[]; groups: Map<string, AlertGroup> } {
  const world = { alerts: new Map<string, Alert>(), silences: new Map<string, Silence>() };
  const groups = new Map<string, AlertGroup>();
  const notifications: Notification[] = [];
  const decisions: Decision[] = [];
  for (let now = 0; now <= until; now += 0.5) {
    happen[now]?.(world);
    const outcome = dispatch({ ...world, groups }, plan, s(now));
    for (const group of outcome.groups) groups.set(group.key, group);
    for (const key of outcome.closedGroups) groups.delete(key);
    notifications.push(...outcome.notifications);
    decisions.push(...outcome.decisions);
  }
  return { said: notifications.map((one) => `${one.at / 1_000}s ${one.reason} ${one.alerts.map((alert) => `${alert.labels.job}:${alert.state}`).join(' ')}`), notifications, decisions, groups };
}

export const put =
  (...alerts: Alert[]) =>
  (world: { alerts: Map<string, Alert> }) => {
    for (const alert of alerts) world.alerts.set(alert.episode, alert);
  };
export function silence(id: string, text: string, [from, to]: [number, number]) {
  return (world: { silences: Map<string, Silence> }) =>
    void world.silences.set(id, { id, matchers: matchers(text), startsAt: s(from), endsAt: s(to), createdBy: 'x', comment: 'y', updatedAt: s(from) });
}
