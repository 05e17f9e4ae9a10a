import type { Labels } from '#lib/labels.ts';
import { after, type DurationMs, type UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';
import type { NotificationReason } from './notification.ts';
import type { Route } from './route.ts';

/** What one integration of a group was told: the notification log. */
export interface Told {
  /** The tick of the last message. */
  at: UnixMs;
  /** Episodes told as firing and not yet told as ended. */
  episodes: readonly string[];
  sequence: number;
}

/** Alerts that share a route and its group labels, with the group's timers and log. */
export interface AlertGroup {
  key: string;
  routeKey: string;
  receiver: string;
  labels: Labels;
  /** One id from the first alert until the group is empty. */
  thread: string;
  createdAt: UnixMs;
  /** The group's only clock: everything is noticed at its ticks. */
  nextFlushAt: UnixMs;
  told: Readonly<Record<string, Told>>;
  /** Why episodes are held back, so that each suppression is recorded once and not at every tick. */
  heldBack: Readonly<Record<string, string>>;
}

export function openGroup(parts: { key: string; route: Route; labels: Labels; first: Alert; now: UnixMs; thread: string }): AlertGroup {
  const { key, route, labels, first, now, thread } = parts;
  const startedAt = first.state === 'pending' ? now : first.firedAt;
  // An alert older than group_wait is told at once: it has waited elsewhere already.
  const nextFlushAt = after(startedAt, route.groupWaitMs) <= now ? now : after(now, route.groupWaitMs);
  return { key, routeKey: route.key, receiver: route.receiver, labels, thread, createdAt: now, nextFlushAt, told: {}, heldBack: {} };
}

export const dueGroups = (groups: Iterable<AlertGroup>, now: UnixMs): AlertGroup[] => [...groups].filter((group) => group.nextFlushAt <= now);

/** The tick that is being served: its planned instant, unless it was missed by a whole interval. */
export const tickOf = (group: AlertGroup, intervalMs: DurationMs, now: UnixMs): UnixMs => (after(group.nextFlushAt, intervalMs) <= now ? now : group.nextFlushAt);

/** What the group looks like to one integration at a tick. */
export interface Members {
  /** Firing and not muted. */
  visible: readonly Alert[];
  /** Firing, muted ones included. */
  firing: readonly Alert[];
  /** Ended ones by episode. */
  ended: ReadonlyMap<string, Alert>;
}

export interface ToldDecision {
  /** Null when nothing is to be sent. */
  reason: NotificationReason | null;
  alerts: readonly Alert[];
  told: Told | null;
  /** Ended episodes nobody is told about because the integration does not want to hear of ends. */
  unsaid: readonly string[];
}

/**
 * Compares the group with what the integration was told. A told alert that ends is told as ended also when it is muted by then;
 * one that was never told is not told as ended; a new episode of the same labels is news.
 */
export function compare(log: Told | undefined, members: Members, terms: { tick: UnixMs; repeatMs: DurationMs; sendResolved: boolean }): ToldDecision {
  const known = new Set(log?.episodes ?? []);
  const firing = new Set(members.firing.map((alert) => alert.episode));
  const firingPrints = new Set(members.firing.map((alert) => alert.fingerprint));
  const over = [...known].filter((episode) => !firing.has(episode));
  const fresh = members.visible.filter((alert) => !known.has(alert.episode));
  const ended = over.flatMap((episode) => members.ended.get(episode) ?? []).filter((alert) => !firingPrints.has(alert.fingerprint));
  const sayEnded = terms.sendResolved ? ended : [];
  const reason = reasonOf({ log, fresh: fresh.length, ended: sayEnded.length, visible: members.visible.length, taken: members.visible.every((alert) => alert.acknowledgement !== null) }, terms);
  const episodes = [...[...known].filter((episode) => firing.has(episode)), ...(reason === null ? [] : fresh.map((alert) => alert.episode))];
  const unsaid = terms.sendResolved ? [] : ended.map((alert) => alert.episode);
  if (reason === null && over.length === 0) return { reason, alerts: [], told: log ?? null, unsaid };
  const told: Told = { at: reason === null ? (log?.at ?? terms.tick) : terms.tick, episodes, sequence: (log?.sequence ?? 0) + (reason === null ? 0 : 1) };
  return { reason, alerts: reason === null ? [] : [...members.visible, ...sayEnded], told, unsaid };
}

function reasonOf(counts: { log: Told | undefined; fresh: number; ended: number; visible: number; taken: boolean }, terms: { tick: UnixMs; repeatMs: DurationMs }): NotificationReason | null {
  const { log, fresh, ended, visible } = counts;
  if (!log || log.sequence === 0) return fresh > 0 ? 'first' : null;
  if (fresh > 0) return 'newAlerts';
  if (ended > 0) return 'resolved';
  // Whoever has taken it needs no reminder; a new alert in the group is told all the same.
  if (counts.taken) return null;
  // Not strictly later: with an exact multiple of the interval the repeat must not slip one tick.
  return visible > 0 && terms.tick - log.at >= terms.repeatMs ? 'repeat' : null;
}
