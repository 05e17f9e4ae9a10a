import { describe, expect, it } from 'vitest';
import type { Notification } from './notification.ts';
import type { Integration } from './plan.ts';
import { bundle } from './storm.ts';
import { channel, firing, s } from './test-dispatch.ts';

describe('a storm', () => {
  const limited: Integration = channel({
    sender: { kind: 'email', real: true, sendResolved: true, perMinute: 3, to: 'a@b.example', open: () => ({ send: async () => ({ outcome: 'delivered', detail: '' }), close: async () => {} }) },
  });
  const many = (count: number) =>
    Array.from(
      { length: count },
      (_, index): Notification => ({
        id: `t${index}`,
        mode: 'live',
        reason: 'first',
        status: 'firing',
        receiver: 'ops',
        integration: 'ops/email/0',
        groupKey: `g${index}`,
        groupLabels: {},
        thread: `t${index}`,
        sequence: 1,
        at: s(1),
        alerts: [firing({ alertname: 'R', job: String(index) }, 1)],
      }),
    );
  const integrations = new Map([['ops/email/0', limited]]);

  it('is told in one bundle over the limit, and nothing of it is lost', () => {
    const { notifications, decisions } = bundle(many(10), integrations, { recent: new Map(), now: s(1) });
    expect(notifications).toHaveLength(3);
    expect(notifications.flatMap((one) => one.alerts)).toHaveLength(10);
    expect(decisions).toHaveLength(8);
  });
  it('leaves room again after a minute', () => {
    const first = bundle(many(3), integrations, { recent: new Map(), now: s(1) });
    expect(bundle(many(2), integrations, { recent: first.recent, now: s(2) }).notifications).toHaveLength(1);
    expect(bundle(many(2), integrations, { recent: first.recent, now: s(62) }).notifications).toHaveLength(2);
  });
  it('does not touch channels that programs read', () => {
    expect(bundle(many(500), new Map([['ops/email/0', channel()]]), { recent: new Map(), now: s(1) }).notifications).toHaveLength(500);
  });
});
