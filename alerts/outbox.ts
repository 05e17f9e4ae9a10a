import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { after, type DurationMs, day, durationMs, hour, minute, type UnixMs } from '#lib/time.ts';
import type { Delivery } from './notification.ts';
import type { AlertStore, Claim } from './ports.ts';
import type { Sender, SenderPlan, SendResult } from './senders/sender.ts';

/** An open channel with what was said about it. */
export interface OpenIntegration {
  plan: SenderPlan;
  sender: Sender;
}

export interface OutboxParts {
  store: AlertStore;
  clock: Clock;
  /** By integration id; asked anew for every notification, so that a reload takes effect at once. */
  channel(integration: string): OpenIntegration | undefined;
  onDelivery(delivery: Delivery): void;
  onError(error: unknown): void;
}

export interface Outbox extends Loop {
  /** Stops claiming, and gives what is under way a few seconds to end. */
  stop(): Promise<void>;
}

const leaseMs = durationMs(2 * minute);
const atOnce = 64;
/** One slow receiver must not take every place. */
const atOncePerChannel = 16;
const longestBackoffMs = durationMs(5 * minute);
/** After a day a message is history; the alert itself goes on being repeated while it fires. */
const giveUpAfterMs = day;

/** Takes what is due and hands it over, many at once, never two of one thread and channel. */
export function startOutbox(parts: OutboxParts): Outbox {
  const { store, clock, onError } = parts;
  const underWay = new Map<Promise<void>, string>();
  const stopping = new AbortController();
  const loop: Loop = startLoop({ name: 'outbox', everyMs: durationMs(5_000), clock, onError, run });

  async function run(now: UnixMs): Promise<{ backlog: number; nextInMs?: DurationMs }> {
    const room = atOnce - underWay.size;
    const claims = room <= 0 ? [] : await store.claim({ now, limit: room, leaseMs, except: busyChannels([...underWay.values()]) });
    for (const claim of claims) begin(claim);
    if (claims.length > 0) return { backlog: underWay.size, nextInMs: durationMs(0) };
    const next = await store.nextDueAt();
    // What is claimed or crowded out is looked at when a place becomes free.
    const wait = next === null ? 5_000 : Math.min(5_000, Math.max(50, next - clock.now()));
    return { backlog: underWay.size, nextInMs: durationMs(underWay.size > 0 ? 5_000 : wait) };
  }

  function begin(claim: Claim): void {
    const work = deliver(claim, parts, stopping.signal)
      .catch(onError)
      .then(() => {
        underWay.delete(work);
        if (!stopping.signal.aborted) loop.nudge();
      });
    underWay.set(work, claim.notification.integration);
  }

  return {
    health: () => loop.health(),
    nudge: () => loop.nudge(),
    async stop() {
      await loop.stop();
      const cancel = clock.after(durationMs(4_000), () => stopping.abort(new Error('stopping')));
      await Promise.all(underWay.keys());
      cancel();
    },
  };
}

function busyChannels(integrations: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const id of integrations) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= atOncePerChannel).map(([id]) => id);
}

async function deliver({ notification, attempt }: Claim, parts: OutboxParts, signal: AbortSignal): Promise<void> {
  const { store, clock, channel, onDelivery } = parts;
  const open = channel(notification.integration);
  const startedAt = clock.elapsed();
  const result = await attemptSend({ notification, attempt }, open, signal);
  const at = clock.now();
  const retryAt = result.outcome === 'retry' ? nextAttempt(result, { attempt, now: at, since: notification.at, chance: clock.chance() }) : null;
  const state = result.outcome === 'delivered' ? 'sent' : retryAt === null ? 'failed' : 'retrying';
  const delivery: Delivery = {
    notification: notification.id,
    receiver: notification.receiver,
    integration: notification.integration,
    sender: open?.plan.kind ?? 'none',
    to: open?.plan.to ?? '',
    attempt,
    at,
    durationMs: clock.elapsed() - startedAt,
    state,
    detail: result.outcome === 'delivered' ? result.detail : result.reason,
  };
  await store.record(delivery, retryAt);
  onDelivery(delivery);
}

/** Refuses what must not go out; everything else is the channel's own affair. */
async function attemptSend({ notification }: Claim, open: OpenIntegration | undefined, signal: AbortSignal): Promise<SendResult> {
  if (!open) return { outcome: 'rejected', reason: 'this channel is no longer configured' };
  if (notification.mode !== 'live' && open.plan.real) return { outcome: 'rejected', reason: `a real channel takes nothing of mode ${notification.mode}` };
  try {
    return await open.sender.send(notification, signal);
  } catch (error) {
    return { outcome: 'retry', reason: error instanceof Error ? error.message : String(error), afterMs: null };
  }
}

/** 1 s, 2 s, 4 s … 5 min with jitter, never before the receiver asked; null when it is time to give up. */
export function nextAttempt(result: { afterMs: DurationMs | null }, facts: { attempt: number; now: UnixMs; since: UnixMs; chance: number }): UnixMs | null {
  const { attempt, now, since, chance } = facts;
  if (now - since >= giveUpAfterMs) return null;
  const backoff = Math.min(longestBackoffMs, 1_000 * 2 ** Math.min(20, attempt - 1)) * (0.8 + 0.4 * chance);
  return after(now, durationMs(Math.round(Math.max(backoff, Math.min(result.afterMs ?? 0, hour)))));
}
