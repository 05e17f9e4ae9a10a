import type { Clock } from '#lib/clock.ts';
import type { Secret } from '#lib/secret.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import type { DurationMs } from '#lib/time.ts';
import type { Notification } from '../notification.ts';
import type { AlertLinks } from '../ports.ts';

/** What came of one attempt. `rejected` will never succeed; `retry` may. */
export type SendResult = { outcome: 'delivered'; detail: string } | { outcome: 'retry'; reason: string; afterMs: DurationMs | null } | { outcome: 'rejected'; reason: string };

/** What `global` says for every receiver of a file. */
export interface SenderContext {
  smarthost: string | null;
  from: string | null;
  username: string | null;
  password: Secret | null;
  requireTls: boolean;
}

/** An open channel. */
export interface Sender {
  send(notification: Notification, signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}

/** What every channel is opened with. */
export interface SenderWorld {
  clock: Clock;
  links: AlertLinks;
  /** What a service is called; the id itself in both languages when it is not known. */
  serviceName(id: string): Bilingual;
  /** The language of receivers that name none. */
  language: Language;
  siteName: Bilingual;
  zone: string;
  /** Where mail goes when the receiver does not say. */
  smtp: SmtpSettings | null;
  /** Whether webhooks may call loopback and private addresses. */
  privateAddresses: 'allowed' | 'refused';
}

export interface SmtpSettings {
  /** `smtp://user:password@host:port`. */
  url: string;
  from: string;
}

/** A configured channel that is not open yet. */
export interface SenderPlan {
  kind: string;
  /** Real channels reach people; they are refused to anything that is not live. */
  real: boolean;
  sendResolved: boolean;
  /** More than this in a minute is bundled; null for channels that programs read. */
  perMinute: number | null;
  /** Where it goes, without secrets. */
  to: string;
  open(world: SenderWorld): Sender;
}
