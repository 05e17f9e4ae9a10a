import { type UnixMs, unixMs } from '#lib/time.ts';
import type { AlertTransition } from './alert.ts';
import { applyChange, emptyState } from './change.ts';
import type { Decision, Delivery, OutboxEntry } from './notification.ts';
import type { AlertChange, AlertState, AlertStore, Claim, Pruned } from './ports.ts';

interface Kept {
  state: AlertState;
  /** By notification id, in the order they were decided. */
  outbox: Map<string, OutboxEntry & { leasedUntil: UnixMs | null }>;
  deliveries: Delivery[];
  transitions: AlertTransition[];
  decisions: Decision[];
  audit: AlertChange['audit'][number][];
  copied: { transitions: number; deliveries: number };
}

/** Everything in memory: for tests of rules and as the yardstick the real store is held against. Values are copied in and out as a database would. */
export function memoryAlertStore(): AlertStore & { audit(): readonly AlertChange['audit'][number][] } {
  const kept: Kept = { state: emptyState, outbox: new Map(), deliveries: [], transitions: [], decisions: [], audit: [], copied: { transitions: 0, deliveries: 0 } };
  return { ...writing(kept), ...reading(kept), ...leading(), prune: async (question) => prune(kept, question), audit: () => kept.audit };
}

function writing(kept: Kept): Pick<AlertStore, 'commit' | 'claim' | 'releaseClaims' | 'record' | 'markCopied'> {
  return {
    async commit(change, version) {
      if (version !== kept.state.version) return { ok: false };
      const copy = structuredClone(change);
      kept.state = applyChange(kept.state, copy, version + 1);
      kept.transitions.push(...copy.transitions);
      kept.decisions.push(...copy.decisions);
      kept.audit.push(...copy.audit);
      for (const notification of copy.notifications) {
        if (!kept.outbox.has(notification.id)) kept.outbox.set(notification.id, { notification, state: 'queued', attempts: 0, dueAt: notification.at, detail: '', settledAt: null, leasedUntil: null });
      }
      return { ok: true, version: version + 1 };
    },
    claim: async (question) => claim(kept, question),
    async releaseClaims() {
      for (const entry of kept.outbox.values()) entry.leasedUntil = null;
    },
    record: async (delivery, retryAt) => record(kept, delivery, retryAt),
    async markCopied(token) {
      const [transitions = 0, deliveries = 0] = token.split('/').map(Number);
      kept.copied = { transitions, deliveries };
    },
  };
}

function reading(kept: Kept): Omit<AlertStore, 'commit' | 'claim' | 'releaseClaims' | 'record' | 'markCopied' | 'lead' | 'prune'> {
  return {
    load: async () => structuredClone(kept.state),
    version: async () => kept.state.version,
    async nextDueAt() {
      const lanes = new Map<string, OutboxEntry & { leasedUntil: UnixMs | null }>();
      for (const entry of kept.outbox.values()) if (isWaiting(entry) && !lanes.has(laneOf(entry))) lanes.set(laneOf(entry), entry);
      const due = [...lanes.values()].map((entry) => entry.leasedUntil ?? entry.dueAt);
      return due.length === 0 ? null : unixMs(Math.min(...due));
    },
    async outbox({ episodes, limit }) {
      const speaking = [...kept.outbox.values()].filter((entry) => entry.notification.alerts.some((alert) => episodes.includes(alert.episode)));
      return structuredClone(
        speaking
          .reverse()
          .slice(0, limit)
          .map(({ leasedUntil: _lease, ...entry }) => entry),
      );
    },
    deliveries: async ({ notifications }) => kept.deliveries.filter((delivery) => notifications.includes(delivery.notification)),
    history: async ({ fingerprint, limit }) =>
      newest(
        kept.transitions.filter((transition) => transition.fingerprint === fingerprint),
        limit,
      ),
    decisions: async ({ groupKeys, limit }) =>
      newest(
        kept.decisions.filter((decision) => groupKeys.includes(decision.groupKey)),
        limit,
      ),
    async uncopied(limit) {
      const transitions = kept.transitions.slice(kept.copied.transitions, kept.copied.transitions + limit);
      const deliveries = kept.deliveries.slice(kept.copied.deliveries, kept.copied.deliveries + limit);
      return { token: `${kept.copied.transitions + transitions.length}/${kept.copied.deliveries + deliveries.length}`, transitions, deliveries };
    },
  };
}

const newest = <Row>(rows: readonly Row[], limit: number): Row[] => [...rows].reverse().slice(0, limit);

function leading(): Pick<AlertStore, 'lead'> {
  let leader: symbol | null = null;
  const waiting: (() => void)[] = [];
  return {
    async lead({ signal }) {
      const me = Symbol('leader');
      while (leader !== null) {
        await new Promise<void>((resolve) => waiting.push(resolve));
        signal.throwIfAborted();
      }
      leader = me;
      return async () => {
        if (leader === me) leader = null;
        for (const wake of waiting.splice(0)) wake();
      };
    },
  };
}

/** What was copied comes first in its list, so that how much was copied falls with what is taken out. */
function prune(kept: Kept, { before, limit }: Parameters<AlertStore['prune']>[0]): Pruned {
  const isKnown = (episode: string): boolean => kept.state.alerts.has(episode);
  const settled = [...kept.outbox.values()]
    .filter(({ settledAt, notification }) => settledAt !== null && settledAt < before && !notification.alerts.some(({ episode }) => isKnown(episode)))
    .slice(0, limit);
  for (const { notification } of settled) kept.outbox.delete(notification.id);
  const without = <Row extends { at: UnixMs }>(rows: readonly Row[], isOver: (row: Row, index: number) => boolean): Row[] => {
    const over = new Set(rows.filter((row, index) => row.at < before && isOver(row, index)).slice(0, limit));
    return rows.filter((row) => !over.has(row));
  };
  const deliveries = without(kept.deliveries, ({ notification }, index) => index < kept.copied.deliveries && !kept.outbox.has(notification));
  const transitions = without(kept.transitions, ({ episode }, index) => index < kept.copied.transitions && !isKnown(episode));
  const decisions = without(kept.decisions, () => true);
  const counts = { deliveries: kept.deliveries.length - deliveries.length, transitions: kept.transitions.length - transitions.length, decisions: kept.decisions.length - decisions.length };
  kept.copied = { deliveries: kept.copied.deliveries - counts.deliveries, transitions: kept.copied.transitions - counts.transitions };
  Object.assign(kept, { deliveries, transitions, decisions });
  return { notifications: settled.length, ...counts };
}

const laneOf = ({ notification }: OutboxEntry): string => `${notification.thread} ${notification.integration}`;
const isWaiting = (entry: OutboxEntry): boolean => entry.settledAt === null;

function claim(kept: Kept, { now, limit, leaseMs, except }: Parameters<AlertStore['claim']>[0]): Claim[] {
  const claims: Claim[] = [];
  const busy = new Set<string>();
  for (const entry of kept.outbox.values()) {
    if (!isWaiting(entry)) continue;
    const lane = laneOf(entry);
    const first = !busy.has(lane);
    busy.add(lane);
    if (!first || claims.length >= limit || except.includes(entry.notification.integration) || entry.dueAt > now || (entry.leasedUntil !== null && entry.leasedUntil > now)) continue;
    entry.leasedUntil = unixMs(now + leaseMs);
    entry.attempts++;
    claims.push({ notification: structuredClone(entry.notification), attempt: entry.attempts });
  }
  return claims;
}

function record(kept: Kept, delivery: Delivery, retryAt: UnixMs | null): void {
  kept.deliveries.push(delivery);
  const entry = kept.outbox.get(delivery.notification);
  if (!entry) return;
  entry.leasedUntil = null;
  entry.state = delivery.state;
  entry.detail = delivery.detail;
  if (retryAt === null) entry.settledAt = delivery.at;
  else entry.dueAt = retryAt;
}
