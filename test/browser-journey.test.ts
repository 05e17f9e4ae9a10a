import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ArtifactShelf, createArtifacts } from '#collector/artifacts.ts';
import { probeKinds } from '#collector/probes/index.ts';
import { runCheck } from '#collector/run-check.ts';
import { localVantage } from '#collector/vantage.ts';
import { type Demo, startDemo } from '#demo/demo.ts';
import type { FaultName } from '#demo/faults.ts';
import { systemClock } from '#lib/clock.ts';
import { buildKind } from '#lib/kinds.ts';
import { Secret } from '#lib/secret.ts';
import { findBrowser } from './browser.ts';

/** A journey in a real Chromium against the demo service, and against pages that mean no good. */

const pages: Record<string, string> = {
  '/loop': '<h1>loop</h1><button id="go" onclick="for(;;);">go</button><p id="never" hidden></p>',
  '/memory': '<h1>memory</h1><script>const kept = []; setInterval(() => { const part = new Uint8Array(40e6); part.fill(7); kept.push(part); }, 20);</script>',
  '/metadata':
    '<h1>metadata</h1><script>fetch("/away").catch(() => {}).then(() => { document.body.append(Object.assign(document.createElement("p"), { id: "done", textContent: "done" })); });</script>',
  '/requests': '<h1>requests</h1><script>for (let n = 0; n < 60; n++) fetch("/?" + n);</script>',
};
let dataDir: string;
let demo: Demo;
let shelf: ArtifactShelf;
let hostile: Server;
let base: string;
const chromium = process.env.CHROMIUM;

beforeAll(async () => {
  const found = findBrowser();
  if (!found) throw new Error('no Chromium: npm test installs one, or set CHROMIUM');
  process.env.CHROMIUM = found;
  dataDir = await mkdtemp(join(tmpdir(), 'fenghuo-journey-'));
  // So that another browser at work on this machine is not taken for one left behind.
  vi.stubEnv('TMPDIR', dataDir);
  demo = await startDemo({ dataDir, host: '127.0.0.1', port: 0, clock: systemClock, onError: (error) => console.error(error) });
  shelf = createArtifacts({ dir: join(dataDir, 'artifacts'), clock: systemClock });
  hostile = createServer((request, response) => {
    if (request.url === '/away') return response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    response.setHeader('content-type', 'text/html; charset=utf-8').end(pages[request.url ?? ''] ?? '<h1>page</h1>');
  });
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(hostile.address() as AddressInfo).port}`;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  if (chromium === undefined) delete process.env.CHROMIUM;
  else process.env.CHROMIUM = chromium;
  hostile?.close().closeAllConnections();
  await demo?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const invoice = { number: '26990000000000000001', date: '2026-01-15', amount: '1280.00', tax: '76.80', seller: '演示餐饮一号公司（虚构）', status: '正常' };
const rejected = [
  { selector: '#message[data-code="008"]', as: 'captcha' },
  { selector: '#message[data-code="101"]', as: 'login' },
];
const signIn = () => [
  { name: 'open', goto: `${demo.url}/` },
  { name: 'picture', store: { captcha_id: { selector: '#picture', attribute: 'data-id' } }, fails_as: 'captcha' },
  { name: 'read-captcha', captcha: { url: '/_demo/captcha/{{captcha_id}}', json: '$.answer', store: 'captcha' } },
  { name: 'type', fill: { '#user': '{{user}}', '#password': '{{password}}', '#captcha': '{{captcha}}' } },
  { name: 'send', click: '#login button' },
  { name: 'login', wait_for: '#query', fails_as: 'login', fails_when: rejected },
];
const steps = () => [
  ...signIn(),
  { name: 'number', fill: { '#number': invoice.number } },
  { name: 'ask', click: '#query button' },
  {
    name: 'query',
    compare: {
      record: '#invoice',
      absent: '#message[data-code="009"]',
      fields: Object.fromEntries(Object.entries(invoice).map(([name, equals]) => [name, { selector: `[data-field=${name}]`, equals }])),
    },
  },
];

async function walk(own: Record<string, unknown> = {}) {
  const raw = { id: 'j', service: 's', kind: 'browser', timeout: '40s', slow_after: '39s', variables: { user: 'demo' }, secrets: { password: new Secret('演示-demo') }, steps: steps(), ...own };
  const built = buildKind(probeKinds, raw, undefined);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return runCheck({ probe: built.ready, vantage: localVantage, attempt: 0, clock: systemClock, artifacts: shelf });
}

async function during<Result>(fault: FaultName, task: () => Promise<Result>): Promise<Result> {
  demo.faults.set(fault, { on: true });
  try {
    return await task();
  } finally {
    demo.faults.set(fault, { on: false });
  }
}

type Kept = { screenshot?: string; waterfall?: string; trace?: string };
const leftBehind = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('fenghuo-browser-'));

describe('a journey in a browser', { timeout: 120_000 }, () => {
  it('logs in through the captcha, asks for an invoice and finds what is known; one pass a day is pictured and traced', async () => {
    const { outcome, evidence } = await walk({ trace: 'on_failure' });
    expect(outcome).toEqual({ kind: 'pass' });
    expect((evidence.steps as { name: string }[]).map(({ name }) => name)).toEqual(steps().map(({ name }) => name));
    expect(evidence.consoleErrors).toBeUndefined();
    expect(Object.keys(evidence.artifacts as Kept)).toEqual(['screenshot', 'waterfall', 'trace']);
    expect((await walk()).evidence.artifacts).toBeUndefined();
    expect(await leftBehind()).toEqual([]);
  });

  it.each<{ fault: FaultName; kind: string; step: string; reason: RegExp; evidence: Record<string, unknown> }>([
    {
      fault: 'wrong-answer',
      kind: 'mismatch',
      step: 'query',
      reason: /^query: amount: "1820.00" ≠ "1280.00"$/,
      evidence: {
        difference: [
          { field: 'amount', expected: '1280.00', got: '1820.00' },
          { field: 'tax', expected: '76.80', got: '109.20' },
        ],
      },
    },
    { fault: 'missing-invoices', kind: 'missing', step: 'query', reason: /^query: #invoice = ∅ 查无此票/, evidence: { expected: invoice, got: null } },
    { fault: 'captcha-broken', kind: 'captcha', step: 'login', reason: /^login: 验证码错误/, evidence: {} },
  ])('$fault is named $kind, with a picture and the difference', async ({ fault, kind, step, reason, evidence: wanted }) => {
    const { outcome, evidence } = await during(fault, () => walk({ trace: 'on_failure' }));
    expect(outcome).toMatchObject({ kind: 'fail', failure: { kind, reason: expect.stringMatching(reason) } });
    expect(evidence).toMatchObject({ step, ...wanted });
    const kept = evidence.artifacts as Kept;
    expect((await shelf.read(kept.screenshot ?? ''))?.bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
    expect((await shelf.read(kept.trace ?? ''))?.bytes.subarray(0, 2).toString()).toBe('PK');
    const waterfall = JSON.parse(Buffer.from((await shelf.read(kept.waterfall ?? ''))?.bytes ?? []).toString()) as { requests: { url: string; status: number }[] };
    expect(waterfall.requests.find(({ url }) => url.endsWith('/login'))).toMatchObject({ status: 200 });
    expect(JSON.stringify(evidence).length).toBeLessThan(4_000);
    expect(JSON.stringify([evidence, waterfall])).not.toContain('演示-demo');
  });

  it('keeps no trace of a journey with secrets unless told to', async () => {
    const { evidence } = await during('wrong-answer', () => walk());
    expect(Object.keys(evidence.artifacts as Kept)).toEqual(['screenshot', 'waterfall']);
  });

  it('a page that loops for ever is ended and is a time-out that names the step', async () => {
    const { outcome, evidence } = await walk({
      timeout: '16s',
      slow_after: '15s',
      steps: [
        { name: 'open', goto: `${base}/loop` },
        { name: 'go', click: '#go' },
        { name: 'wait', wait_for: '#never' },
      ],
    });
    expect(outcome).toMatchObject({ kind: 'fail', failure: { kind: 'timeout', reason: expect.stringMatching(/^(go|wait): timeout/) } });
    expect(evidence.step).toMatch(/go|wait/);
    expect(await leftBehind()).toEqual([]);
  });

  it('a page that eats memory is ended and the check is unknown, with the figure', async () => {
    const { outcome, evidence } = await walk({
      max_memory: 600,
      steps: [
        { name: 'open', goto: `${base}/memory` },
        { name: 'wait', wait_for: '#never' },
      ],
    });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringMatching(/^wait: ended: \d+ MB of memory, over max_memory 600$/) });
    expect(evidence.peakMemoryMb).toBeGreaterThan(600);
    expect(await leftBehind()).toEqual([]);
  });

  it('is not led to a metadata address, not even by a redirect', async () => {
    const { outcome, evidence } = await walk({
      steps: [
        { name: 'open', goto: `${base}/metadata` },
        { name: 'wait', wait_for: { selector: '#done', state: 'visible' } },
        { name: 'x', goto: 'http://169.254.169.254/' },
      ],
    });
    expect(evidence.refusedHosts).toEqual(['169.254.169.254']);
    expect(outcome).toMatchObject({ kind: 'fail', failure: { kind: 'status', reason: 'x: HTTP 403 ≠ 2xx' } });
  });

  it('a page that asks for too much is stopped', async () => {
    const { outcome } = await walk({
      max_requests: 20,
      steps: [
        { name: 'open', goto: `${base}/requests` },
        { name: 'wait', wait_for: '#never' },
      ],
    });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('more than 20 requests (max_requests)') });
  });

  it('without a Chromium it says so', async () => {
    const before = process.env.CHROMIUM;
    process.env.CHROMIUM = '/nowhere/chromium';
    const { outcome } = await walk().finally(() => (process.env.CHROMIUM = before ?? ''));
    expect(outcome).toEqual({ kind: 'unknown', reason: 'no Chromium at /nowhere/chromium (CHROMIUM)' });
  });
});
