import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import { type Bus, createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { Secret } from '#lib/secret.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { AlertTopics } from './alert.ts';
import { alertLinks } from './links.ts';
import { memoryAlertStore } from './memory-store.ts';
import type { AlertStore, CheckFact, Facts } from './ports.ts';
import { alertingSection, rulesSection } from './settings.ts';
import { type Alerts, startAlerts } from './start.ts';

const secretKey = new Secret('test key');
const signing = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** A mailbox behind a real SMTP server; the next answers can be made refusals. */
interface Mailbox {
  url: string;
  mails: { mail: ParsedMail; at: number }[];
  refuse: number[];
  /** What was refused. */
  refused: ParsedMail[];
  close(): Promise<void>;
}

async function openMailbox(): Promise<Mailbox> {
  const mails: Mailbox['mails'] = [];
  const refuse: number[] = [];
  const refused: ParsedMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    onData(stream, _session, done) {
      void simpleParser(stream).then((mail) => {
        const code = refuse.shift();
        if (code !== undefined) refused.push(mail);
        if (code !== undefined) return done(Object.assign(new Error('not now'), { responseCode: code }));
        mails.push({ mail, at: performance.now() });
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, mails, refuse, refused, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

interface Hook {
  url: string;
  calls: { headers: IncomingMessage['headers']; body: string; at: number }[];
  answers: { status: number; headers?: Record<string, string> }[];
  close(): Promise<void>;
}

async function openHook(): Promise<Hook> {
  const calls: Hook['calls'] = [];
  const answers: Hook['answers'] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      calls.push({ headers: request.headers, body, at: performance.now() });
      const { status, headers } = answers.shift() ?? { status: 200 };
      response.writeHead(status, headers).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, calls, answers, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** Telemetry a test can turn: the share of errors, and the results of the probe. */
class World {
  errors = 0;
  checks: CheckFact[] = [];
  facts: Facts = {
    recentChecks: async ({ limit }) => this.checks.slice(0, limit),
    ratio: async () => [{ labels: { service: 'invoice' }, of: this.errors, over: 100 }],
    metric: async () => [],
  };
}

let mailbox: Mailbox;
let hook: Hook;
let world: World;
let alerts: Alerts;
let bus: Bus<CollectorTopics & AlertTopics>;
let store: AlertStore;
const errors: unknown[] = [];

async function start(config: { rules: unknown[]; route?: object; receiver: object }): Promise<Alerts> {
  const rules = rulesSection.parse(config.rules);
  const alerting = alertingSection.parse({
    route: { receiver: 'ops', group_by: ['alertname', 'service'], group_wait: '0s', group_interval: '200ms', repeat_interval: '1h', ...config.route },
    receivers: [{ name: 'ops', ...config.receiver }],
  });
  return startAlerts({
    settings: {
      rules,
      alerting,
      smtp: { url: mailbox.url, from: '烽火 <alerts@fenghuo.example>' },
      probes: [{ id: 'home', service: 'invoice', intervalMs: durationMs(10_000), confirm: { times: 0 }, vantages: ['bj'] }],
    },
    place: {
      siteName: { 'zh-CN': '发票查询', en: 'Invoice query' },
      zone: 'Asia/Shanghai',
      language: 'zh-CN',
      serviceName: (id) => (id === 'invoice' ? { 'zh-CN': '发票查询', en: 'Invoice query' } : { 'zh-CN': id, en: id }),
    },
    facts: world.facts,
    store,
    copies: { insert: async () => {} },
    bus,
    clock: systemClock,
    links: alertLinks({ secretKey, publicUrl: 'http://127.0.0.1:8600' }),
    secretKey,
    version: 'test',
    configYaml: () => '',
    evaluates: true,
    onError: (error) => void errors.push(error),
  });
}

const errorRule = {
  alert: 'ErrorRatio',
  kind: 'ratio',
  of: 'request.errors',
  over: 'request.total',
  by: ['service'],
  above: 0.05,
  window: '1m',
  interval: '100ms',
  title: { 'zh-CN': '错误率过高', en: 'Too many errors' },
  labels: { severity: 'critical' },
  annotations: { runbook: 'errors' },
};
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

beforeEach(async () => {
  [mailbox, hook] = await Promise.all([openMailbox(), openHook()]);
  world = new World();
  store = memoryAlertStore();
  bus = createBus((error) => void errors.push(error));
  errors.length = 0;
});
afterEach(async () => {
  await alerts?.stop();
  await Promise.all([mailbox.close(), hook.close()]);
  expect(errors).toEqual([]);
});

describe('from a fault to a mail', () => {
  it('sends exactly one first and one resolved mail in the same thread, in Chinese, with links', async () => {
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
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
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com', language: 'en' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    expect(mailbox.mails[0]?.mail.subject).toBe('[ALERT] Invoice query: Too many errors');
    expect(mailbox.mails[0]?.mail.text).toContain('error ratio 38% (above 5%), 100 requests in the last 1 min');
  });

  it('hands a stored failing result to SMTP at once and not at its next interval', async () => {
    alerts = await start({ rules: [{ alert: 'HomeDown', kind: 'probe', probes: ['home'], interval: '10s' }], receiver: { email_configs: [{ to: 'a@example.com' }] } });
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
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    mailbox.refuse.push(451);
    world.errors = 38;
    await vi.waitFor(() => expect(mailbox.refused).toHaveLength(1), { timeout: 5_000 });
    const [entry] = await alerts.desk.entries({ state: 'active', now: unixMs(Date.now()) });
    expect(entry?.deliveries[0]?.state).toBe('retrying');
    await vi.waitFor(() => expect(mailbox.mails).toHaveLength(1), { timeout: 45_000 });
    expect(mailbox.mails[0]?.mail.messageId).toBe(mailbox.refused[0]?.messageId);
  }, 60_000);

  it('gives up on a final refusal and says so', async () => {
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
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
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
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
    alerts = await start({ rules: [errorRule], route: { group_wait: '150ms' }, receiver: { email_configs: [{ to: 'a@example.com' }] } });
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

describe('from a fault to a webhook', () => {
  it("carries Alertmanager's payload, signed, and survives 500 and 429 with their patience", async () => {
    hook.answers.push({ status: 500 }, { status: 429, headers: { 'retry-after': '1' } });
    alerts = await start({ rules: [errorRule], receiver: { webhook_configs: [{ url: hook.url, secret: signing }] } });
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
    alerts = await start({ rules: [errorRule], receiver: { webhook_configs: [{ url: hook.url, send_resolved: false }] } });
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

describe('a restart', () => {
  it('neither repeats a message nor ends an alert, and still tells the end', async () => {
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    await alerts.stop();
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    await eventually(() => expect(alerts.health().find((loop) => loop.name === 'evaluator')?.runs).toBeGreaterThan(3));
    expect(mailbox.mails).toHaveLength(1);
    world.errors = 0;
    await eventually(() => expect(mailbox.mails).toHaveLength(2));
    expect(mailbox.mails[1]?.mail.inReplyTo).toBe(mailbox.mails[0]?.mail.messageId);
  });

  it('a rule that is gone ends its alerts with that reason', async () => {
    alerts = await start({ rules: [errorRule], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    world.errors = 38;
    await eventually(() => expect(mailbox.mails).toHaveLength(1));
    await alerts.stop();
    alerts = await start({ rules: [], receiver: { email_configs: [{ to: 'a@example.com' }] } });
    await eventually(() => expect(mailbox.mails).toHaveLength(2));
    expect(mailbox.mails[1]?.mail.text).toContain('规则已删除');
  });
});
