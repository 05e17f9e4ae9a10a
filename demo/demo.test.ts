import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { CheckResult } from '#collector/check.ts';
import { runCheck } from '#collector/run-check.ts';
import { shape } from '#collector/settings.ts';
import { parseConfig } from '#config';
import { systemClock } from '#lib/clock.ts';
import { type Demo, startDemo } from './demo.ts';
import type { FaultName } from './faults.ts';

let dataDir: string;
let demo: Demo;
let settings: { probes: z.output<typeof shape.probes>; vantages: z.output<typeof shape.vantages> };
const errors: unknown[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'demo-'));
  demo = await startDemo({ dataDir, host: '127.0.0.1', port: 0, clock: systemClock, onError: (error) => errors.push(error) });
  const raw = parse(demo.configYaml) as Record<string, unknown>;
  settings = z.object({ probes: shape.probes, vantages: shape.vantages }).parse(raw);
});
afterAll(async () => {
  await demo.stop();
  await rm(dataDir, { recursive: true, force: true });
  expect(errors).toEqual([]);
});

async function look(id: string, vantageId = 'bj-telecom'): Promise<CheckResult> {
  const probe = settings.probes.find((candidate) => candidate.id === id);
  const vantage = settings.vantages.find((candidate) => candidate.id === vantageId);
  if (!probe || !vantage) throw new Error(`no ${id} from ${vantageId}`);
  return runCheck({ probe, vantage, attempt: 0, clock: systemClock });
}
const says = ({ outcome }: CheckResult) => (outcome.kind === 'fail' ? outcome.failure.kind : outcome.kind);
const put = (name: string, body: unknown) => fetch(`${demo.url}/_demo/faults/${name}`, { method: 'PUT', body: typeof body === 'string' ? body : JSON.stringify(body) });

async function during<Value>(name: FaultName, task: () => Promise<Value>): Promise<Value> {
  expect((await put(name, { on: true, for: '1m' })).status).toBe(200);
  try {
    return await task();
  } finally {
    await put(name, { on: false });
  }
}

describe('the demo service', () => {
  it('passes every probe of its own configuration', async () => {
    const results = await Promise.all(settings.probes.map(({ id }) => look(id)));
    expect(results.map((result) => [result.probeId, says(result)])).toEqual(settings.probes.map(({ id }) => [id, 'pass']));
  });

  it.each<{ fault: FaultName; expected: Record<string, string> }>([
    { fault: 'errors', expected: { 'invoice-home': 'status', 'invoice-captcha': 'status', 'invoice-login': 'status', 'invoice-journey': 'status', 'invoice-verify': 'status' } },
    { fault: 'wrong-answer', expected: { 'invoice-home': 'pass', 'invoice-login': 'pass', 'invoice-journey': 'mismatch' } },
    { fault: 'missing-invoices', expected: { 'invoice-home': 'pass', 'invoice-journey': 'missing', 'invoice-verify': 'missing' } },
    { fault: 'captcha-broken', expected: { 'invoice-home': 'pass', 'invoice-captcha': 'pass', 'invoice-login': 'captcha', 'invoice-journey': 'captcha', 'invoice-verify': 'captcha' } },
    { fault: 'slow', expected: { 'invoice-home': 'slow', 'invoice-captcha': 'slow' } },
    { fault: 'hang', expected: { 'invoice-home': 'timeout' } },
    { fault: 'down', expected: { 'invoice-home': 'connect', 'invoice-captcha': 'connect', 'invoice-journey': 'connect', 'invoice-certificate': 'connect' } },
    { fault: 'brute-force', expected: { 'invoice-home': 'pass', 'invoice-login': 'pass' } },
    { fault: 'certificate-expiring', expected: { 'invoice-home': 'pass', 'invoice-certificate': 'tls' } },
  ])('$fault is seen by the probes it concerns and by no other', async ({ fault, expected }) => {
    const results = await during(fault, () => Promise.all(Object.keys(expected).map((id) => look(id))));
    expect(Object.fromEntries(results.map((result) => [result.probeId, says(result)]))).toEqual(expected);
  });

  it('cuts off one carrier only', async () => {
    const [telecom, mobile] = await during('carrier-loss', () => Promise.all([look('invoice-home', 'bj-telecom'), look('invoice-home', 'gz-mobile')]));
    expect([says(telecom), says(mobile)]).toEqual(['pass', 'connect']);
  });

  it('shows what was wrong with a wrong answer', async () => {
    const { evidence } = await during('wrong-answer', () => look('invoice-journey'));
    expect(evidence).toMatchObject({ step: 'query', status: 200, difference: [{ field: 'amount', expected: '1280.00', got: '1820.00' }, { field: 'tax' }] });
  });

  it('lists its faults, ends one by itself, and refuses what it does not know', async () => {
    expect(await (await put('slow', { on: true, for: '100ms' })).json()).toMatchObject({ name: 'slow', on: true, until: expect.any(String) });
    await expect.poll(async () => ((await (await fetch(`${demo.url}/_demo/faults`)).json()) as { faults: { name: string; on: boolean }[] }).faults.find(({ name }) => name === 'slow')?.on).toBe(false);
    expect((await put('sloow', { on: true })).status).toBe(404);
    for (const bad of ['', '{', { on: 'yes' }, { on: true, for: '2' }, { on: true, until: 1 }]) expect((await put('slow', bad)).status).toBe(400);
  });

  it('keeps its switches reachable while it is down', async () => {
    const status = await during('down', async () => {
      await expect(fetch(`${demo.url}/`)).rejects.toThrow();
      return (await fetch(`${demo.url}/_demo/faults`)).status;
    });
    expect(status).toBe(200);
  });

  it('survives requests made of nonsense', async () => {
    for (const path of ['/%ff', '/_demo/captcha/%ff', '/login', '/query?number[]=1'])
      await fetch(`${demo.url}${path}`, { method: 'POST', body: '\u0000{"', headers: { 'content-type': 'application/json' } });
    expect((await fetch(`${demo.url}/login`, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(413);
    expect((await fetch(`${demo.url}/`)).status).toBe(200);
  });

  it.each(['http', 'tls', 'smtp'] as const)('survives five megabytes of random bytes on its %s door', async (door) => {
    const bytes = randomBytes(5_000_000);
    if (door === 'tls') bytes[0] = 0x16;
    const port = Number(new URL(door === 'smtp' ? demo.smtpUrl : demo.url).port);
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
      socket.on('error', () => {}).on('close', () => resolve());
      socket.resume();
    });
    const posted = await fetch(`${demo.url}/_demo/faults/slow`, { method: 'PUT', body: bytes }).then(
      ({ status }) => status,
      () => 413,
    );
    expect(posted).toBe(413);
    expect(says(await look('invoice-journey'))).toBe('pass');
  });

  it('takes mail and shows it, in the promised shape', async () => {
    const transport = createTransport(demo.smtpUrl);
    await transport.sendMail({
      from: '"烽火" <alerts@fenghuo.example>',
      to: 'oncall@fenghuo.example',
      subject: '[告警] 服务不可用',
      text: '正文',
      html: '<p>正文</p>',
      messageId: '<m1@fenghuo.example>',
      references: ['<m0@fenghuo.example>'],
    });
    transport.close();
    const mails = (await (await fetch(`${demo.url}/_demo/inbox`)).json()) as Record<string, unknown>[];
    expect(mails).toEqual([
      {
        at: expect.stringMatching(/^20.*Z$/),
        from: '"烽火" <alerts@fenghuo.example>',
        to: ['oncall@fenghuo.example'],
        subject: '[告警] 服务不可用',
        text: expect.stringContaining('正文'),
        html: '<p>正文</p>',
        headers: expect.objectContaining({ 'message-id': '<m1@fenghuo.example>', references: '<m0@fenghuo.example>' }),
      },
    ]);
    expect(await readdir(join(dataDir, 'demo', 'mail'))).toHaveLength(1);
  });

  it('writes access and login logs as such services do', async () => {
    await look('invoice-login');
    await during('captcha-broken', () => look('invoice-login'));
    const file = (name: string) => readFile(join(demo.logsDir, name), 'utf8');
    await expect.poll(() => file('auth.log')).toMatch(/^\w{3} [ \d]\d \d\d:\d\d:\d\d demo-web invoice-login\[\d+\]: Failed captcha for demo from 127\.0\.0\.1 port \d+$/m);
    expect(await file('auth.log')).toMatch(/Accepted password for demo from 127\.0\.0\.1 port \d+$/m);
    expect(await file('access.log')).toMatch(
      /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0800\] "POST \/login HTTP\/1\.1" 200 \d+ "-" "fenghuo-probe\/0\.1 \(bj-telecom\)" rt=\d\.\d{3} code=008$/m,
    );
  });
});

describe('the demo configuration', () => {
  it('is one the product accepts whole', () => {
    expect(parseConfig([{ file: 'demo/config.yaml', text: demo.configYaml }], { environment: {}, root: dataDir })).toMatchObject({ ok: true });
  });
});
