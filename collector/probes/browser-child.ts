/** A process of its own for one journey in a browser: it gets one job over the channel, answers with one verdict and is ended. */
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { systemClock } from '#lib/clock.ts';
import { durationMs, second } from '#lib/time.ts';
import { type Gate, openGate } from './browser-gate.ts';
import type { BrowserJob, BrowserMessage, BrowserVerdict } from './browser-step.ts';
import { type Trouble, takeBrowserStep } from './browser-walk.ts';
import { type Witness, watchContext } from './browser-witness.ts';

const clock = systemClock;
const say = (message: BrowserMessage) =>
  new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
const flags = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-breakpad', '--disable-crash-reporter'],
  ...['--force-webrtc-ip-handling-policy=disable_non_proxied_udp', '--disable-dev-shm-usage', '--renderer-process-limit=2', '--lang=zh-CN'],
];

// Whoever started us is gone: nobody would end the browser.
process.once('disconnect', () => process.exit(1));
process.once('message', (job) => {
  void run(job as BrowserJob)
    .catch((error: unknown): BrowserVerdict => ({ outcome: { kind: 'unknown', reason: firstLine(error) }, step: null, steps: [], evidence: {}, files: {} }))
    // The parent ends us when it has read this: an exit of our own could overtake it.
    .then((verdict) => say({ verdict }));
});

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? '';

async function run(job: BrowserJob): Promise<BrowserVerdict> {
  const startedAt = clock.elapsed();
  const gate = await openGate(job);
  const browser = await chromium.launch({ executablePath: job.executablePath, chromiumSandbox: job.sandbox, args: flags, proxy: { server: gate.url }, timeout: job.budgetMs });
  try {
    const version = browser.version().split('.')[0] ?? '';
    const context = await browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: 'zh-CN',
      acceptDownloads: false,
      serviceWorkers: 'block',
      ignoreHTTPSErrors: !job.verifyCertificate,
      userAgent: `Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36 ${job.userAgentSuffix}`,
    });
    const witness = watchContext(context, { ...job, clock });
    if (job.trace) await context.tracing.start({ screenshots: true, snapshots: true });
    return await walkAll(job, { context, page: await context.newPage(), witness, gate, deadline: startedAt + job.budgetMs });
  } finally {
    gate.close();
    // The parent ends what does not end by itself.
    await Promise.race([browser.close(), clock.sleep(second)]);
  }
}

interface Stage {
  context: BrowserContext;
  page: Page;
  witness: Witness;
  gate: Gate;
  deadline: number;
}

async function walkAll(job: BrowserJob, stage: Stage): Promise<BrowserVerdict> {
  const walk = { page: stage.page, clock, deadline: stage.deadline, values: { ...job.values }, fetchText: (url: string) => fetchText(url, { job, gate: stage.gate, deadline: stage.deadline }) };
  const steps: BrowserVerdict['steps'] = [];
  let failed: { step: string; outcome: BrowserVerdict['outcome']; evidence: Trouble['evidence'] } | null = null;
  for (const step of job.steps) {
    await say({ step: step.name });
    const from = clock.elapsed();
    failed = await takeBrowserStep(step, walk).then(
      (trouble) => trouble && { step: step.name, outcome: { kind: 'fail', failure: { kind: trouble.kind, reason: `${step.name}: ${trouble.reason}` } }, evidence: trouble.evidence },
      (error: unknown) => ({ step: step.name, outcome: { kind: 'unknown', reason: `${step.name}: ${firstLine(error)}` }, evidence: {} }),
    );
    steps.push({ name: step.name, ms: Math.round(clock.elapsed() - from) });
    if (failed) break;
  }
  const over = stage.witness.overLimit();
  const outcome = over === null ? (failed?.outcome ?? { kind: 'pass' as const }) : { kind: 'unknown' as const, reason: `${failed?.step ?? ''}: ${over}` };
  const files = failed !== null || job.picturePass ? await keepSights(job, stage) : {};
  const { requests, failed: failedRequests } = stage.witness.counts();
  const evidence = {
    url: withoutQuery(stage.page.url()),
    requests,
    ...(failedRequests > 0 ? { failedRequests } : {}),
    ...(stage.witness.consoleErrors().length > 0 ? { consoleErrors: stage.witness.consoleErrors().slice(0, 5) } : {}),
    ...(stage.gate.refused.size > 0 ? { refusedHosts: [...stage.gate.refused].slice(0, 5) } : {}),
    ...failed?.evidence,
  };
  return { outcome, step: failed?.step ?? null, steps, evidence, files };
}

const withoutQuery = (url: string): string => url.split(/[?#]/)[0]?.slice(0, 300) ?? '';

/** A page that is stuck cannot be pictured; the rest is kept all the same. */
async function keepSights(job: BrowserJob, { page, context, witness }: Stage): Promise<BrowserVerdict['files']> {
  const files: BrowserVerdict['files'] = {};
  const path = (name: string) => join(job.folder, name);
  const shot = await page.screenshot({ path: path('screenshot.jpg'), type: 'jpeg', quality: 60, timeout: 1_500, animations: 'disabled' }).catch(() => null);
  if (shot) files.screenshot = 'screenshot.jpg';
  const hidden = job.secrets.filter((secret) => secret.length >= 3).flatMap((secret) => [secret, encodeURIComponent(secret)]);
  await writeFile(
    path('waterfall.json'),
    hidden.reduce((text, secret) => text.replaceAll(secret, '•••'), JSON.stringify(witness.waterfall())),
  );
  files.waterfall = 'waterfall.json';
  if (job.trace) {
    const written = context.tracing.stop({ path: path('trace.zip') }).then(
      () => true,
      () => false,
    );
    if (await Promise.race([written, clock.sleep(durationMs(1_500)).then(() => false)])) files.trace = 'trace.zip';
  }
  return files;
}

/** Through the same gate as the page, so that the same addresses are refused. */
function fetchText(url: string, { job, gate, deadline }: { job: BrowserJob; gate: Gate; deadline: number }): Promise<string> {
  const target = new URL(url);
  const through = new URL(gate.url);
  const headers = { host: target.host, 'user-agent': job.userAgentSuffix };
  return new Promise((resolve, reject) => {
    // The gate forwards plain requests only; the test channel is next to the service, not across the net.
    if (target.protocol !== 'http:') return reject(new Error('the test channel must be http'));
    const asked = request({ host: through.hostname, port: through.port, path: url, headers, signal: AbortSignal.timeout(Math.max(1, Math.round(deadline - clock.elapsed()))) }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > 64_000) asked.destroy(new Error('the test channel answers with more than 64 kB'));
        else chunks.push(chunk);
      });
      answer.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}
