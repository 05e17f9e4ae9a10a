import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { CollectorTopics } from '#collector/ports.ts';
import { type Bus, createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { Secret } from '#lib/secret.ts';
import { durationMs } from '#lib/time.ts';
import type { AlertTopics } from './alert.ts';
import { alertLinks } from './links.ts';
import { memoryAlertStore } from './memory-store.ts';
import type { AlertStore, CheckFact, Facts } from './ports.ts';
import { alertingSection, rulesSection } from './settings.ts';
import { type Alerts, startAlerts } from './start.ts';

/** For tests: each has a mailbox, a webhook, telemetry and alerts over them, begun by `start`; importing this file opens and closes them. */

const secretKey = new Secret('test key');

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

export let mailbox: Mailbox;
export let hook: Hook;
export let world: World;
export let alerts: Alerts;
export let bus: Bus<CollectorTopics & AlertTopics>;
export let store: AlertStore;
const errors: unknown[] = [];

export async function start(config: { rules: unknown[]; route?: object; receiver: object }): Promise<void> {
  const rules = rulesSection.parse(config.rules);
  const alerting = alertingSection.parse({
    route: { receiver: 'ops', group_by: ['alertname', 'service'], group_wait: '0s', group_interval: '200ms', repeat_interval: '1h', ...config.route },
    receivers: [{ name: 'ops', ...config.receiver }],
  });
  alerts = await startAlerts({
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

export const errorRule = {
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
export const eventually = (check: () => void) => vi.waitFor(check, { timeout: 5_000, interval: 10 });

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
