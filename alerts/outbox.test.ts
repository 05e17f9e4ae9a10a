import { afterEach, describe, expect, it, test } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { noChange } from './change.ts';
import { memoryAlertStore } from './memory-store.ts';
import type { Delivery, Mode, Notification } from './notification.ts';
import { nextAttempt, type OpenIntegration, type Outbox, startOutbox } from './outbox.ts';
import type { SendResult } from './senders/sender.ts';
import { isRefused, judgeAnswer } from './senders/webhook.ts';

const notification = (sequence: number, mode: Mode = 'live'): Notification => ({
  id: `t:ops/email/0:first:${sequence}`,
  mode,
  reason: 'first',
  status: 'firing',
  receiver: 'ops',
  integration: 'ops/email/0',
  groupKey: 'g',
  groupLabels: {},
  thread: 't',
  sequence,
  at: unixMs(0),
  alerts: [],
});

let outbox: Outbox | undefined;
afterEach(() => outbox?.stop());

/** Runs the outbox on a virtual clock; the channel answers as told, one answer for each attempt, then delivers. */
async function run(notifications: Notification[], answers: SendResult[], seconds: number): Promise<{ sent: string[]; deliveries: Delivery[] }> {
  const clock = virtualClock();
  const store = memoryAlertStore();
  const sent: string[] = [];
  const deliveries: Delivery[] = [];
  await store.commit({ ...noChange, notifications }, 0);
  const channel: OpenIntegration = {
    plan: { kind: 'email', real: true, sendResolved: true, perMinute: null, to: 'a@b.example', open: () => channel.sender },
    sender: {
      close: async () => {},
      send: async ({ sequence }) => {
        sent.push(`${Math.floor(clock.now() / 1_000)}s #${sequence}`);
        return answers.shift() ?? { outcome: 'delivered', detail: 'ok' };
      },
    },
  };
  outbox = startOutbox({ store, clock, channel: () => channel, onDelivery: (delivery) => void deliveries.push(delivery), onError: (error) => expect(error).toBeUndefined() });
  for (let second = 0; second < seconds; second++) await clock.advance(durationMs(1_000));
  return { sent, deliveries };
}
const later: SendResult = { outcome: 'retry', reason: 'HTTP 503', afterMs: null };

describe('the outbox', () => {
  it('tries again with growing patience, and the next message of the thread waits', async () => {
    const { sent, deliveries } = await run([notification(1), notification(2)], [later, later], 20);
    expect(sent.map((each) => each.slice(-2))).toEqual(['#1', '#1', '#1', '#2']);
    expect(deliveries.map(({ attempt, state }) => `${attempt} ${state}`)).toEqual(['1 retrying', '2 retrying', '3 sent', '1 sent']);
  });

  it('waits as long as the receiver asks', async () => {
    const { sent } = await run([notification(1)], [{ ...later, afterMs: durationMs(30_000) }], 40);
    expect(sent).toHaveLength(2);
    expect(Number.parseInt(sent[1] ?? '', 10)).toBeGreaterThanOrEqual(30);
  });

  it('a final refusal is the end of that message only', async () => {
    const { deliveries } = await run([notification(1), notification(2)], [{ outcome: 'rejected', reason: '550 no such user' }], 5);
    expect(deliveries.map(({ state, detail }) => `${state} ${detail}`)).toEqual(['failed 550 no such user', 'sent ok']);
  });

  test.each(['drill', 'patrol', 'maintenance'] as const)('a real channel takes nothing of mode %s', async (mode) => {
    const { sent, deliveries } = await run([notification(1, mode)], [], 3);
    expect(sent).toEqual([]);
    expect(deliveries).toMatchObject([{ state: 'failed', detail: `a real channel takes nothing of mode ${mode}` }]);
  });

  it('what a leader that died had taken is sent by the next one at once', async () => {
    const store = memoryAlertStore();
    await store.commit({ ...noChange, notifications: [notification(1)] }, 0);
    const question = { now: unixMs(0), limit: 5, leaseMs: durationMs(60_000), except: [] };
    expect(await store.claim(question)).toHaveLength(1);
    expect(await store.claim(question)).toHaveLength(0);
    await store.releaseClaims();
    expect(await store.claim(question)).toMatchObject([{ attempt: 2 }]);
  });

  it('gives up after a day', () => {
    const facts = { attempt: 30, since: unixMs(0), chance: 0.5 };
    expect(nextAttempt({ afterMs: null }, { ...facts, now: unixMs(86_399_999) })).toBe(86_399_999 + 300_000);
    expect(nextAttempt({ afterMs: null }, { ...facts, now: unixMs(86_400_000) })).toBeNull();
  });
});

describe('what a webhook answers', () => {
  const now = unixMs(Date.parse('2026-07-27T00:00:00Z'));
  test.each([
    { status: 200, retryAfter: undefined, result: { outcome: 'delivered' } },
    { status: 204, retryAfter: undefined, result: { outcome: 'delivered' } },
    { status: 302, retryAfter: undefined, result: { outcome: 'rejected' } },
    { status: 400, retryAfter: undefined, result: { outcome: 'rejected' } },
    { status: 410, retryAfter: undefined, result: { outcome: 'rejected' } },
    { status: 429, retryAfter: '7', result: { outcome: 'retry', afterMs: 7_000 } },
    { status: 503, retryAfter: 'Mon, 27 Jul 2026 00:01:00 GMT', result: { outcome: 'retry', afterMs: 60_000 } },
    { status: 500, retryAfter: undefined, result: { outcome: 'retry', afterMs: null } },
  ])('$status with Retry-After $retryAfter', ({ status, retryAfter, result }) => {
    expect(judgeAnswer({ status, retryAfter, text: '' }, now)).toMatchObject(result);
  });

  test.each([
    { address: '127.0.0.1', allowed: false, refused: true },
    { address: '10.1.2.3', allowed: false, refused: true },
    { address: '::1', allowed: false, refused: true },
    { address: '::ffff:192.168.0.1', allowed: false, refused: true },
    { address: '93.184.216.34', allowed: false, refused: false },
    { address: '169.254.169.254', allowed: true, refused: true },
    { address: 'fe80::1%eth0', allowed: true, refused: true },
  ])('an address such as $address', ({ address, allowed, refused }) => {
    expect([isRefused(address, 'allowed'), isRefused(address, 'refused')]).toEqual([allowed, refused]);
  });
});
