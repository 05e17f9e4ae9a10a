import type { Bilingual } from '#lib/text.ts';
import { after, durationMs, formatDuration, type UnixMs, unixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { placements } from './dispatcher.ts';
import type { AlertGroup, Told } from './group.ts';
import { intervalMute, type MuteReason, type MuteWorld, mutedBy } from './mute.ts';
import type { AlertingPlan, Integration } from './plan.ts';
import type { AlertState } from './ports.ts';
import type { Rule } from './rules/rule.ts';

/** Why an alert is quiet, and what happens to it next. */
export interface Explanation {
  mutedBy: MuteReason[];
  next: { text: Bilingual; at: UnixMs | null } | null;
  receivers: string[];
}

export interface ExplainWorld {
  state: AlertState;
  plan: AlertingPlan;
  mutes: MuteWorld;
  rule(name: string): Rule | undefined;
}

/** Why, why not, and when next: read from the same facts that dispatching decides by. */
export function explain(alert: Alert, world: ExplainWorld, now: UnixMs): Explanation {
  const places = placements(alert, world.plan);
  const receivers = [...new Set(places.map(({ route }) => route.receiver))].filter((name) => name !== '');
  const reasons = alert.state === 'resolved' ? [] : [...mutedBy(alert, world.mutes, now), ...places.flatMap(({ route }) => intervalMute(route, world.plan.intervals, now))];
  return { mutedBy: reasons, receivers, next: nextOf(alert, { world, reasons, now }) };
}

function nextOf(alert: Alert, { world, reasons, now }: { world: ExplainWorld; reasons: readonly MuteReason[]; now: UnixMs }): Explanation['next'] {
  if (alert.state === 'pending') return pendingNext(alert, world.rule(alert.rule ?? ''));
  const told = placements(alert, world.plan).flatMap(({ key, route }) => {
    const group = world.state.groups.get(key);
    return group ? (world.plan.receivers.get(route.receiver) ?? []).map((integration) => ({ group, integration, repeatMs: route.repeatIntervalMs, intervalMs: route.groupIntervalMs })) : [];
  });
  if (alert.state === 'resolved') return resolvedNext(alert, told);
  if (told.length === 0) return { text: { 'zh-CN': '没有接收人：没有路由指向它', en: 'nobody is told: no route leads to a channel' }, at: null };
  const [muted] = reasons;
  if (muted) return { text: { 'zh-CN': `暂不通知：${muted.text['zh-CN']}`, en: `not told now: ${muted.text.en}` }, at: muted.until };
  const waiting = told.find(({ group, integration }) => !group.told[integration.id]?.episodes.includes(alert.episode));
  if (waiting) return firstNext(waiting.group, now);
  if (alert.acknowledgement) return { text: { 'zh-CN': `${alert.acknowledgement.by} 已确认，不再重复提醒`, en: `taken by ${alert.acknowledgement.by}; no more reminders` }, at: null };
  const repeats = told.flatMap(({ group, integration, repeatMs, intervalMs }) => {
    const log = group.told[integration.id];
    return log ? [repeatAt({ group, log, repeatMs, intervalMs })] : [];
  });
  const at = repeats.length === 0 ? null : unixMs(Math.min(...repeats));
  return { text: { 'zh-CN': '若仍未恢复，将再次提醒', en: 'will be repeated unless it recovers' }, at };
}

function pendingNext(alert: Alert & { state: 'pending' }, rule: Rule | undefined): Explanation['next'] {
  const forMs = rule?.terms.forMs ?? durationMs(0);
  const text = formatDuration(forMs);
  return { text: { 'zh-CN': `持续满 ${text} 后告警`, en: `fires once it has lasted ${text}` }, at: after(alert.activeAt, forMs) };
}

function firstNext(group: AlertGroup, now: UnixMs): Explanation['next'] {
  const first = Object.keys(group.told).length === 0;
  const at = group.nextFlushAt > now ? group.nextFlushAt : now;
  return {
    text: first
      ? { 'zh-CN': '等待同组告警合并后首次通知（group_wait）', en: 'held by group_wait, then told for the first time' }
      : { 'zh-CN': '随本组下一次通知发出（group_interval）', en: "told at the group's next tick (group_interval)" },
    at,
  };
}

function resolvedNext(alert: Alert & { state: 'resolved' }, told: readonly { group: AlertGroup; integration: Integration }[]): Explanation['next'] {
  const owed = told.find(({ group, integration }) => integration.sendResolved && group.told[integration.id]?.episodes.includes(alert.episode));
  return owed ? { text: { 'zh-CN': '将发送恢复通知', en: 'the end will be told' }, at: owed.group.nextFlushAt } : null;
}

/** Repeats are noticed at the group's ticks only. */
function repeatAt({ group, log, repeatMs, intervalMs }: { group: AlertGroup; log: Told; repeatMs: number; intervalMs: number }): UnixMs {
  const wanted = log.at + repeatMs;
  const ticks = Math.max(0, Math.ceil((wanted - group.nextFlushAt) / intervalMs));
  return after(group.nextFlushAt, durationMs(ticks * intervalMs));
}
