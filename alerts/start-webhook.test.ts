import { Webhook } from 'standardwebhooks';
import { describe, expect, it, vi } from 'vitest';
import { alerts, errorRule, eventually, hook, start, store, world } from './test-alerts.ts';

const signing = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

describe('from a fault to a webhook', () => {
  it("carries Alertmanager's payload, signed, and survives 500 and 429 with their patience", async () => {
    hook.answers.push({ status: 500 }, { status: 429, headers: { 'retry-after': '1' } });
    await start({ rules: [errorRule], receiver: { webhook_configs: [{ url: hook.url, secret: signing }] } });
    world.errors = 38;
    await vi.waitFor(() => expect(hook.calls).toHaveLength(3), { timeout: 10_000 });
    const [one, two, three] = hook.calls;
    expect(new Set(hook.calls.map((call) => call.headers['webhook-id'])).size).toBe(1);
    expect((three?.at ?? 0) - (two?.at ?? 0)).toBeGreaterThan(950);
    const payload = new Webhook(signing).verify(one?.body ?? '', one?.headers as Record<string, string>) as Record<string, unknown>;
    expect(payload).toMatchObject({
      version: '4',
      status: 'firing',
      receiver: 'ops',
      truncatedAlerts: 0,
      groupLabels: { alertname: 'ErrorRatio', service: 'invoice' },
      commonLabels: { severity: 'critical' },
      commonAnnotations: { runbook: 'errors' },
      externalURL: 'http://127.0.0.1:8600',
    });
    expect((payload.alerts as object[])[0]).toMatchObject({ status: 'firing', endsAt: '0001-01-01T00:00:00Z', labels: { alertname: 'ErrorRatio', service: 'invoice', severity: 'critical' } });
    world.errors = 0;
    await eventually(() => expect(hook.calls).toHaveLength(4));
    expect(JSON.parse(hook.calls[3]?.body ?? '{}')).toMatchObject({ status: 'resolved' });
  }, 15_000);

  it('says nothing of the end to a receiver that does not want it, and tells the next alert all the same', async () => {
    await start({ rules: [errorRule], receiver: { webhook_configs: [{ url: hook.url, send_resolved: false }] } });
    world.errors = 38;
    await eventually(() => expect(hook.calls).toHaveLength(1));
    world.errors = 0;
    await eventually(() => expect(alerts.active()).toEqual([]));
    await vi.waitFor(async () => expect((await store.load()).groups.size).toBe(0), { timeout: 3_000 });
    world.errors = 38;
    await eventually(() => expect(hook.calls).toHaveLength(2));
    expect(hook.calls.map((call) => (JSON.parse(call.body) as { status: string }).status)).toEqual(['firing', 'firing']);
  });
});
