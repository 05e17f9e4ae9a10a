import { describe, expect, it, vi } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { alerts, bus, errorRule, eventually, mailbox, start, store, world } from './test-alerts.ts';

describe('from a fault to a mail', () => {
  it('sends exactly one first and one resolved mail in the same thread, in Chinese, with links', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    world.errors = 0;
    await eventually(() => expect(mailbox.mails).toHaveLength(2));
    const [first, last] = mailbox.mails.map((one) => one.mail);
    expect(first?.subject).toBe('[告警] 发票查询：错误率过高');
    expect(last?.subject).toBe('[恢复] 发票查询：错误率过高');
    expect(first?.text).toContain('错误率 38%（高于 5%），最近 1 分钟 100 次请求');
    expect(first?.text).toMatch(/http:\/\/127\.0\.0\.1:8600\/ack\/\S+/);
    expect(first?.html).toContain('http://127.0.0.1:8600/runbooks/errors');
    expect(last?.inReplyTo).toBe(first?.messageId);
    expect(last?.references).toBe(first?.messageId);
    expect(first?.inReplyTo).toBeUndefined();
    expect(first?.from?.text).toContain('烽火');
    expect(last?.text).not.toContain('/ack/');
  });

  it('a receiver that reads English is told in English', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com', language: 'en' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    expect(mailbox.mails[0]?.mail.subject).toBe('[ALERT] Invoice query: Too many errors');
    expect(mailbox.mails[0]?.mail.text).toContain('error ratio 38% (above 5%), 100 requests in the last 1 min');
  });

  it('hands a stored failing result to SMTP at once and not at its next interval', async () => {
    await start({ rules: [{ alert: 'HomeDown', kind: 'probe', probes: ['home'], interval: '10s' }], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    await eventually(() => expect(alerts.health().find((loop) => loop.name === 'evaluator of probe rules')?.runs).toBeGreaterThan(0));
    const at = unixMs(Date.now());
    const failure = { kind: 'status', reason: 'HTTP 500' } as const;
    const result: CheckResult = { probeId: 'home', service: 'invoice', vantage: 'bj', at, durationMs: durationMs(5), outcome: { kind: 'fail', failure }, phases: {}, evidence: {}, attempt: 0 };
    world.checks = [{ probeId: 'home', service: 'invoice', vantage: 'bj', at, durationMs: durationMs(5), outcome: 'fail', failureKind: 'status', reason: 'HTTP 500', attempt: 0 }];
    const toldAt = performance.now();
    bus.emit('checksStored', { results: [result] });
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    // The rule is asked every 10 s; how fast "at once" is stands in bench/fault-to-mail.ts.
    expect((mailbox.mails[0]?.at ?? 0) - toldAt).toBeLessThan(9_000);
  });

  it('tries again after a passing refusal, and it is the same mail', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    mailbox.refuse.push(451);
    world.errors = 38;
    await vi.waitFor(() => expect(mailbox.refused).toHaveLength(1), { timeout: 5_000 });
    const [entry] = await alerts.desk.entries({ state: 'active', now: unixMs(Date.now()) });
    expect(entry?.deliveries[0]?.state).toBe('retrying');
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(1), { timeout: 45_000 });
    expect(mailbox.mails[0]?.mail.messageId).toBe(mailbox.refused[0]?.messageId);
  }, 60_000);

  it('gives up on a final refusal and says so', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    mailbox.refuse.push(550);
    world.errors = 38;
    await eventually(() => expect(mailbox.refuse).toEqual([]));
    const fingerprint = () => alerts.active()[0]?.fingerprint ?? '';
    await vi.waitFor(
      async () =>
        expect((await alerts.desk.entry({ fingerprint: fingerprint(), now: unixMs(Date.now()) }))?.deliveries[0]).toMatchObject({
          state: 'failed',
          detail: expect.stringContaining('not now') as string,
        }),
      { timeout: 5_000 },
    );
    expect(mailbox.mails).toEqual([]);
  });

  it('acknowledges by the link in the mail: reading shows, acting acknowledges once', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    const token = /\/ack\/(\S+)/.exec(mailbox.mails[0]?.mail.text ?? '')?.[1] ?? '';
    const now = unixMs(Date.now());
    expect(await alerts.desk.peekLink({ token, now })).toMatchObject({ ok: true, value: { receiver: 'a@example.com', alert: { acknowledgement: null } } });
    const heard: string[] = [];
    bus.on('acknowledged', ({ alert }) => void heard.push(alert.acknowledgement?.by ?? ''));
    expect(await alerts.desk.acknowledgeByLink({ token, now })).toMatchObject({ ok: true, value: { alert: { acknowledgement: { by: 'a@example.com', through: 'link' } } } });
    await alerts.desk.acknowledgeByLink({ token, now });
    expect(heard).toEqual(['a@example.com']);
    expect(alerts.active()[0]?.acknowledgement?.by).toBe('a@example.com');
    expect(await alerts.desk.peekLink({ token: `${token}x`, now })).toMatchObject({ ok: false, code: 'forbidden' });
  });

  it('a silence by hand holds the mail back, and the desk says so', async () => {
    await start({ rules: [errorRule], route: { group_wait: '150ms' }, receiver: { email_configs: [{ to: 'a@example.com' }] } });
    const actor = { kind: 'person', id: 'p', name: '王工' } as const;
    const now = unixMs(Date.now());
    const silenced = await alerts.desk.silence({ matchers: ['service="invoice"'], startsAt: now, endsAt: unixMs(now + 60_000), comment: '升级', actor, now });
    expect(silenced).toMatchObject({ ok: true });
    world.errors = 38;
    await eventually(() => expect(alerts.active()[0]?.state).toBe('firing'));
    await vi.waitFor(async () => expect(await store.decisions({ groupKeys: [...(await store.load()).groups.keys()], limit: 5 })).toMatchObject([{ stage: 'mute', reason: 'silence' }]), {
      timeout: 3_000,
    });
    const [entry] = await alerts.desk.entries({ state: 'active', now: unixMs(Date.now()) });
    expect(entry?.mutedBy.map((reason) => reason.text['zh-CN'])).toEqual(['已被 王工 静默：升级']);
    expect(entry?.next?.text['zh-CN']).toContain('暂不通知');
    expect(mailbox.mails).toEqual([]);
  });
});

describe('a restart', () => {
  it('neither repeats a message nor ends an alert, and still tells the end', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    await alerts.stop();
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    await eventually(() => expect(alerts.health().find((loop) => loop.name === 'evaluator')?.runs).toBeGreaterThan(3));
    expect(mailbox.mails).toHaveLength(1);
    world.errors = 0;
    await eventually(() => expect(mailbox.mails).toHaveLength(2));
    expect(mailbox.mails[1]?.mail.inReplyTo).toBe(mailbox.mails[0]?.mail.messageId);
  });

  it('a rule that is gone ends its alerts with that reason', async () => {
    await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    await alerts.stop();
    await start({ rules: [], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    await eventually(() => expect(mailbox.mails).toHaveLength(2));
    expect(mailbox.mails[1]?.mail.text).toContain('规则已删除');
  });
});
