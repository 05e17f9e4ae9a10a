import { after, type DurationMs, durationMs, minute, type UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import { type AlertGroup, compare, dueGroups, openGroup, type Told, tickOf } from './group.ts';
import { intervalMute, type MuteWorld, mutedBy, muteWorld } from './mute.ts';
import { type Decision, type Notification, notificationId } from './notification.ts';
import type { AlertingPlan, Integration } from './plan.ts';
import { allRoutes, groupKey, groupLabels, type Route, routesFor } from './route.ts';
import type { Silence } from './silence.ts';

/** What dispatching looks at. */
export interface DispatchFacts {
  alerts: ReadonlyMap<string, Alert>;
  groups: ReadonlyMap<string, AlertGroup>;
  silences: ReadonlyMap<string, Silence>;
}

/** What it decided; a loop commits it. */
export interface DispatchOutcome {
  groups: AlertGroup[];
  closedGroups: string[];
  notifications: Notification[];
  decisions: Decision[];
}

/** Resolved alerts are kept this long so that a person, and a receiver that was down, still finds them. */
export const resolvedKeptMs = durationMs(15 * minute);

interface Round {
  facts: DispatchFacts;
  plan: AlertingPlan;
  now: UnixMs;
  mutes: MuteWorld;
  outcome: DispatchOutcome;
}

/** Route → group → mute → compare with what was told: everything that is to be said now, and what is held back and why. */
export function dispatch(facts: DispatchFacts, plan: AlertingPlan, now: UnixMs): DispatchOutcome {
  const outcome: DispatchOutcome = { groups: [], closedGroups: [], notifications: [], decisions: [] };
  const { groups, members } = gather(facts, plan, now);
  const due = dueGroups(groups.values(), now);
  const mutes = due.length === 0 ? { silences: [], inhibitions: [] } : muteWorld({ silences: facts.silences.values(), inhibitions: plan.inhibitions, alerts: facts.alerts.values() }, now);
  const routes = new Map(allRoutes(plan.root).map((route) => [route.key, route]));
  const flushed = new Set<string>();
  for (const group of due) {
    flushed.add(group.key);
    const route = routes.get(group.routeKey);
    if (!route) outcome.closedGroups.push(group.key);
    else flush({ facts, plan, now, mutes, outcome }, { group, route, members: members.get(group.key) ?? [] });
  }
  for (const group of groups.values()) if (!facts.groups.has(group.key) && !flushed.has(group.key)) outcome.groups.push(group);
  return outcome;
}

/** When dispatching next has something to look at; null when no group exists. */
export function nextFlushAt(groups: Iterable<AlertGroup>): UnixMs | null {
  let next: UnixMs | null = null;
  for (const group of groups) if (next === null || group.nextFlushAt < next) next = group.nextFlushAt;
  return next;
}

/** The groups an alert belongs to. */
export function placements(alert: Alert, plan: AlertingPlan): { route: Route; key: string }[] {
  return routesFor(plan.root, alert.labels).map((route) => ({ route, key: groupKey(route, groupLabels(route, alert.labels)) }));
}

function gather(facts: DispatchFacts, plan: AlertingPlan, now: UnixMs): { groups: Map<string, AlertGroup>; members: Map<string, Alert[]> } {
  const groups = new Map(facts.groups);
  const members = new Map<string, Alert[]>();
  for (const alert of facts.alerts.values()) {
    if (alert.state === 'pending') continue;
    for (const { route, key } of placements(alert, plan)) {
      if (!groups.has(key)) {
        if (alert.state !== 'firing') continue;
        groups.set(key, openGroup({ key, route, labels: groupLabels(route, alert.labels), first: alert, now, thread: `${alert.fingerprint}-${now.toString(36)}-${threadMark(key)}` }));
      }
      const list = members.get(key);
      if (list) list.push(alert);
      else members.set(key, [alert]);
    }
  }
  return { groups, members };
}

/** Tells the groups of one alert in different routes apart. */
function threadMark(key: string): string {
  let hash = 7;
  for (let at = 0; at < key.length; at++) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) >>> 0;
  return hash.toString(36);
}

function flush(round: Round, { group, route, members }: { group: AlertGroup; route: Route; members: readonly Alert[] }): void {
  const { plan, now, outcome } = round;
  const tick = tickOf(group, route.groupIntervalMs, now);
  const firing = members.filter((alert) => alert.state === 'firing');
  const quiet = intervalMute(route, plan.intervals, now);
  const held = quiet.length > 0 ? new Map(firing.map((alert) => [alert.episode, `interval ${quiet[0]?.id ?? ''}`])) : heldBack(round, firing);
  const told: Record<string, Told> = { ...group.told };
  for (const integration of quiet.length > 0 ? [] : (plan.receivers.get(route.receiver) ?? [])) {
    const next = tell(round, { group, route, integration, tick, firing, held, members });
    if (next) told[integration.id] = next;
  }
  recordHeld(round, group, held);
  const owed = Object.values(told).some((log) => log.episodes.length > 0);
  if (firing.length === 0 && !owed) {
    for (const alert of members)
      if (alert.state === 'resolved' && Object.keys(told).length === 0) outcome.decisions.push(decision(group, { now, episode: alert.episode, stage: 'dedup', reason: 'resolvedBeforeTold' }));
    outcome.closedGroups.push(group.key);
    return;
  }
  outcome.groups.push({ ...group, receiver: route.receiver, told, heldBack: Object.fromEntries(held), nextFlushAt: nextTick(tick, route.groupIntervalMs, now) });
}

function nextTick(tick: UnixMs, intervalMs: DurationMs, now: UnixMs): UnixMs {
  const next = after(tick, intervalMs);
  return next > now ? next : after(now, intervalMs);
}

function heldBack(round: Round, firing: readonly Alert[]): Map<string, string> {
  const held = new Map<string, string>();
  for (const alert of firing) {
    const [reason] = mutedBy(alert, round.mutes, round.now);
    if (reason) held.set(alert.episode, `${reason.by} ${reason.id}`);
  }
  return held;
}

interface Telling {
  group: AlertGroup;
  route: Route;
  integration: Integration;
  tick: UnixMs;
  firing: readonly Alert[];
  held: ReadonlyMap<string, string>;
  members: readonly Alert[];
}

function tell(round: Round, { group, route, integration, tick, firing, held, members }: Telling): Told | null {
  const { outcome, now } = round;
  const ended = new Map(members.filter((alert) => alert.state === 'resolved').map((alert) => [alert.episode, alert]));
  const visible = firing.filter((alert) => !held.has(alert.episode));
  const decided = compare(group.told[integration.id], { visible, firing, ended }, { tick, repeatMs: route.repeatIntervalMs, sendResolved: integration.sendResolved });
  for (const episode of decided.unsaid) outcome.decisions.push(decision(group, { now, episode, stage: 'dedup', reason: 'sendResolvedOff', integration: integration.id }));
  if (decided.reason !== null && decided.told !== null) {
    const id = notificationId({ thread: group.thread, integration: integration.id, reason: decided.reason, sequence: decided.told.sequence });
    outcome.notifications.push({
      id,
      mode: 'live',
      reason: decided.reason,
      status: decided.alerts.some((alert) => alert.state === 'firing') ? 'firing' : 'resolved',
      receiver: integration.receiver,
      integration: integration.id,
      groupKey: group.key,
      groupLabels: group.labels,
      thread: group.thread,
      sequence: decided.told.sequence,
      at: now,
      alerts: decided.alerts,
    });
  }
  return decided.told;
}

function recordHeld({ outcome, now }: Round, group: AlertGroup, held: ReadonlyMap<string, string>): void {
  for (const [episode, why] of held) {
    if (group.heldBack[episode] === why) continue;
    const [reason = '', ...detail] = why.split(' ');
    outcome.decisions.push(decision(group, { now, episode, stage: 'mute', reason, detail: detail.join(' ') }));
  }
}

function decision(group: AlertGroup, parts: { now: UnixMs; episode: string; stage: Decision['stage']; reason: string; integration?: string; detail?: string }): Decision {
  return { at: parts.now, groupKey: group.key, integration: parts.integration ?? null, episode: parts.episode, stage: parts.stage, reason: parts.reason, detail: parts.detail ?? '' };
}
