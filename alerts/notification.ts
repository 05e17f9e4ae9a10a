import type { Labels } from '#lib/labels.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Alert } from './alert.ts';

export const notificationReasons = ['first', 'newAlerts', 'resolved', 'repeat'] as const;
/** Why a receiver is told. */
export type NotificationReason = (typeof notificationReasons)[number];

export const modes = ['live', 'drill', 'patrol', 'maintenance'] as const;
/** Rides on every notification; the sender refuses real channels for anything not live. */
export type Mode = (typeof modes)[number];

/** A message owed to an operator: a snapshot of what was true when it was decided. */
export interface Notification {
  /** The idempotency key: group episode, integration, reason, sequence. */
  id: string;
  mode: Mode;
  reason: NotificationReason;
  status: 'firing' | 'resolved';
  receiver: string;
  /** One channel of the receiver, `ops/email/0`. */
  integration: string;
  groupKey: string;
  groupLabels: Labels;
  /** One id for a group from its first alert until it is empty; mails of one episode form one thread. */
  thread: string;
  /** From 1 in each thread and integration. */
  sequence: number;
  at: UnixMs;
  alerts: readonly Alert[];
}

export const deliveryStates = ['queued', 'sent', 'retrying', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One attempt to hand a notification over; "sent" never means "seen". */
export interface Delivery {
  notification: string;
  receiver: string;
  integration: string;
  sender: string;
  to: string;
  attempt: number;
  at: UnixMs;
  durationMs: number;
  state: DeliveryState;
  detail: string;
}

/** Where a notification stands: what the outbox row says. */
export interface OutboxEntry {
  notification: Notification;
  state: DeliveryState;
  attempts: number;
  /** Not before this instant. */
  dueAt: UnixMs;
  detail: string;
  settledAt: UnixMs | null;
}

/** An alert, or a message, that was held back, and why: the console can always say so. */
export interface Decision {
  at: UnixMs;
  groupKey: string;
  integration: string | null;
  episode: string | null;
  stage: 'route' | 'mute' | 'dedup' | 'bundle' | 'send';
  /** `silence`, `inhibition`, `interval`, `resolvedBeforeTold`, `sendResolvedOff`, `previousWaiting`, `bundled`, `notLive`. */
  reason: string;
  detail: string;
}

/** What a mail or a webhook is idempotent by. */
export function notificationId(parts: { thread: string; integration: string; reason: NotificationReason; sequence: number }): string {
  return `${parts.thread}:${parts.integration}:${parts.reason}:${parts.sequence}`;
}
