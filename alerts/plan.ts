import type { DurationMs } from '#lib/time.ts';
import type { Inhibition } from './mute.ts';
import type { Route } from './route.ts';
import type { SenderPlan } from './senders/sender.ts';
import type { TimeInterval } from './time-interval.ts';

/** One channel of a receiver. */
export interface Integration {
  /** `ops/email/0`. */
  id: string;
  receiver: string;
  sendResolved: boolean;
  /** Null where only the decision matters, as in tests of a receiver without channels. */
  sender: SenderPlan | null;
}

/** The alerting section, ready: who is told what, when. */
export interface AlertingPlan {
  root: Route;
  /** By receiver name. */
  receivers: ReadonlyMap<string, readonly Integration[]>;
  inhibitions: readonly Inhibition[];
  intervals: ReadonlyMap<string, TimeInterval>;
  resolveTimeoutMs: DurationMs;
}

export const allIntegrations = (plan: AlertingPlan): Integration[] => [...plan.receivers.values()].flat();
