/**
 * The whole sentence: a fault becomes an alert mail in a real mailbox, the overview names it, an incident opens with its runbook,
 * the runbook is walked in a real browser to its publish step, the notice is public, the fault ends, the gate holds, and one mail
 * in the same thread says so.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '#demo/demo.ts';
import type { FaultName } from '#demo/faults.ts';
import { systemClock } from '#lib/clock.ts';
import { browserFlags, findBrowser } from './browser.ts';
import { type Instance, startInstance, until } from './instance.ts';
import { type Mail, startMailServer } from './target.ts';
import { walkRunbook } from './walk-runbook.ts';

const port = 18_610;
let home = '';
const broken: string[] = [];
let mailServer: Awaited<ReturnType<typeof startMailServer>>;
let demo: Demo;
let instance: Instance;
let browser: Browser;
let page: Page;

// Each sentence is told from its beginning: a service that fails again soon after belongs to the same incident.
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'fenghuo-sentence-'));
  broken.length = 0;
  mailServer = await startMailServer();
  demo = await startDemo({ dataDir: home, host: '127.0.0.1', port, clock: systemClock, onError: (error) => broken.push(String(error)) });
  const config = join(home, 'fenghuo.yaml');
  writeFileSync(config, demo.configYaml.replaceAll(demo.smtpUrl, mailServer.url));
  instance = await startInstance({ dataDir: join(home, 'data'), port, args: ['--config', config] });
  const executablePath = findBrowser();
  if (!executablePath) throw new Error('no Chromium: npm test installs one, or set CHROMIUM');
  browser = await chromium.launch({ executablePath, args: browserFlags });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
  page.on('pageerror', (error) => broken.push(`page: ${error.message}`));
  page.on('response', (response) => {
    // The walker is quicker than the page: a second click on what is done already is refused, which is right.
    if (response.status() >= 400 && response.status() !== 409) broken.push(`${response.status()} ${response.url()}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('409')) broken.push(`console: ${message.text()}`);
  });
  await page.goto(instance.signIn);
  await page.waitForURL((url) => url.pathname === '/');
}, 240_000);

afterEach(async () => {
  await browser?.close();
  await instance?.stop();
  await demo?.stop();
  await mailServer?.stop();
  rmSync(home, { recursive: true, force: true });
}, 60_000);

interface Scenario {
  fault: FaultName;
  /** What a person reads in the mail's subject and the overview's sentence. */
  names: RegExp;
  runbook: RegExp;
  choices: string[];
  skips: { title: RegExp; reason: string }[];
  notice: string;
}

const scenarios: Scenario[] = [
  { fault: 'errors', names: /服务不可用|错误/, runbook: /服务报错/, choices: ['有'], skips: [], notice: '发票查询出现异常' },
  { fault: 'wrong-answer', names: /查询结果错误/, runbook: /查询结果/, choices: ['正确', '有', '是'], skips: [{ title: /观察/, reason: '演示：不等满五分钟' }], notice: '' },
  { fault: 'captcha-broken', names: /验证码|登录/, runbook: /登录失败/, choices: ['是', '已恢复', '恢复', '有'], skips: [{ title: /观察/, reason: '演示：不等满五分钟' }], notice: '' },
];

async function openFromOverview({ names, runbook }: Pick<Scenario, 'names' | 'runbook'>): Promise<boolean> {
  await page.goto(`${instance.url}/`);
  await page.getByRole('heading', { level: 1 }).filter({ hasText: names }).waitFor({ timeout: 15_000 });
  await page.getByRole('link', { name: '打开事件' }).click({ timeout: 5_000 });
  await page.waitForURL(/\/incidents\//);
  await page.getByText(runbook).filter({ visible: true }).first().waitFor({ timeout: 5_000 });
  return true;
}

const json = async (path: string) => (await page.request.get(`${instance.url}${path}`)).json() as Promise<Record<string, unknown>>;
const isResolved = ({ subject }: Mail) => subject.includes('恢复');

describe('a fault becomes a mail, an incident, a walked runbook and a public notice', () => {
  test.each(scenarios)('$fault', { timeout: 480_000 }, async ({ fault, names, runbook, choices, skips, notice }) => {
    const before = mailServer.mails.length;
    const startedAt = Date.now();
    demo.faults.set(fault, { on: true });

    const first = await until('the alert mail', async () => mailServer.mails[before], 60_000);
    const took = first.at - startedAt;
    expect(first.subject).toMatch(names);
    console.log(`${fault}: mail after ${(took / 1000).toFixed(1)} s: ${first.subject}`);

    // The incident opens a moment after its alert; until then the overview may still lead to the one before.
    await until('the overview to name it and lead to its incident', () => openFromOverview({ names, runbook }), 60_000);
    const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';

    const titles = await walkRunbook(page, { choices, skips, limitMs: 360_000 }).catch(async (error: Error) => {
      await page.screenshot({ path: `test/output/whole-sentence-${fault}.png` });
      throw new Error(`${error.message}\n${broken.join('\n')}\n${instance.stderr().slice(-1500)}`);
    });
    expect(titles.length).toBeGreaterThanOrEqual(6);
    expect(demo.faults.isOn(fault), 'a step of the runbook mended it').toBe(false);

    const room = await until(
      'the incident resolved',
      async () => {
        const found = (await json(`/api/v1/incidents/${id}`)) as { incident: { state: string }; notices: { title: Record<string, string>; status: string }[] };
        return found.incident.state === 'resolved' || found.incident.state === 'closed' ? found : undefined;
      },
      120_000,
    );
    const title = room.notices[0]?.title['zh-CN'] ?? 'no notice';
    if (notice) expect(room.notices.map((one) => one.title['zh-CN']).join()).toContain(notice.slice(0, 4));

    const publicPage = await (await fetch(`${instance.url}/status/zh-CN`)).text();
    expect(publicPage).toContain(title);
    expect(await (await fetch(`${instance.url}/status/feed.atom`)).text()).toContain(title);

    const resolved = await until('the resolved mail', async () => mailServer.mails.slice(before).find(isResolved), 120_000);
    const mails = mailServer.mails.slice(before);
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(mails.length);
    expect(mails.filter(isResolved)).toHaveLength(1);
    expect(resolved.references, 'in the same thread').toContain(first.messageId);
    console.log(`${fault}: ${mails.length} mails, ${titles.length} steps: ${titles.join(' → ')}; over after ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
    expect(broken).toEqual([]);
  });
});
