import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { buildConsole } from '../console/build-console.ts';
import { startFixture } from './console-fixture/server.ts';

/** Every page of the console over invented answers, in a real Chromium: no accessibility fault, no script error, nothing wider than the window. */
const pages: Record<string, string> = {
  overview: '/',
  latency: '/dashboards/latency',
  errors: '/dashboards/errors',
  logins: '/dashboards/logins?compare=week',
  probes: '/probes',
  probe: '/probes/mobile-login',
  logs: '/logs',
  alerts: '/alerts',
  alert: '/alerts/a1',
  incidents: '/incidents',
  incident: '/incidents/i1',
  runbooks: '/runbooks',
  runbook: '/runbooks/login-captcha',
  'on-call': '/on-call',
  notices: '/notices',
  composer: '/notices?compose=1',
  notice: '/notices/n1',
  reports: '/reports',
  sources: '/logs/sources',
  'a new probe': '/probes/new',
  'the form of a probe': '/probes/mobile-login/edit',
  'a script in the file only': '/probes/script/edit',
  'a new source': '/logs/sources/new',
  'the form of a source': '/logs/sources/access/edit',
  settings: '/settings',
  faults: '/demo',
  inbox: '/demo/inbox',
  gallery: '/gallery',
  'sign-in': '/sign-in',
  'a missing page': '/nowhere',
  'a missing probe': '/probes/gone',
};
const looks = [
  { width: 1280, language: 'zh-CN', theme: 'light' },
  { width: 390, language: 'en', theme: 'dark' },
];

let browser: Browser;
let fixture: Awaited<ReturnType<typeof startFixture>>;
beforeAll(async () => {
  if (!existsSync(fileURLToPath(new URL('../console/build/index.html', import.meta.url)))) await buildConsole();
  fixture = await startFixture(0);
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
});
afterAll(async () => {
  await browser?.close();
  await fixture?.stop();
});

async function open(path: string, look = looks[0]): Promise<{ page: Page; faults: string[]; close: () => Promise<void> }> {
  const context = await browser.newContext({ viewport: { width: look?.width ?? 1280, height: 900 }, reducedMotion: 'reduce' });
  await context.addInitScript(
    ([theme, language]) => {
      // A sandboxed mail preview has no storage.
      if (self !== top) return;
      localStorage.setItem('theme', theme ?? '');
      localStorage.setItem('language', language ?? '');
    },
    [look?.theme, look?.language] as const,
  );
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  // The browser itself writes a line for every 404 answer; that one is wanted.
  page.on('console', (message) => message.type() === 'error' && !message.text().includes('404') && faults.push(message.text()));
  await page.goto(`${fixture.url}${path}`);
  await page.locator('main h1, main h2, main [role="alert"]').first().waitFor();
  return { page, faults, close: () => context.close() };
}

describe.each(looks)('at $width px, $language, $theme', (look) => {
  test.each(Object.entries(pages))('%s is accessible, quiet and fits', async (_name, path) => {
    const { page, faults, close } = await open(path, look);
    await page.waitForTimeout(400);
    const found = await new AxeBuilder({ page }).setLegacyMode(true).exclude('iframe').withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    expect(found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    expect(faults).toEqual([]);
    await close();
  });
});

describe('by keyboard alone', () => {
  it('walks the alerts, acknowledges one and gets the focus back', async () => {
    const { page, close } = await open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.waitForURL('**/alerts');
    await page.locator('article').first().waitFor();
    await page.keyboard.press('j');
    const row = page.locator('[data-row]:focus');
    const name = await row.textContent();
    await page.keyboard.press('a');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect(await row.textContent()).toBe(name);
    await page.keyboard.press('a');
    const sent = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/acknowledge'));
    await page.locator('dialog[open] input').focus();
    await page.keyboard.type('看到了');
    await page.keyboard.press('Enter');
    expect((await sent).postDataJSON()).toEqual({ note: '看到了' });
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    await close();
  });

  it('finds a page through the palette and comes back with Escape', async () => {
    const { page, close } = await open('/');
    await page.keyboard.press('Control+k');
    await page.locator('.palette-input').waitFor();
    await page.keyboard.type('预案');
    await page.keyboard.press('Escape');
    await page.locator('.palette-input').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+k');
    await page.locator('.palette-input').waitFor();
    await page.keyboard.type('settings');
    await page.locator('.palette-item').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/settings');
    await close();
  });

  it('closes a step of a runbook with a reason', async () => {
    const { page, close } = await open('/incidents/i1');
    await page.getByRole('button', { name: '跳过，写原因…' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open] textarea').focus();
    await page.keyboard.type('备用服务正在维护');
    const sent = page.waitForRequest((request) => request.url().endsWith('/runs/r1/steps/s3/skip'));
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect((await sent).postDataJSON()).toEqual({ reason: '备用服务正在维护' });
    await close();
  });
});

describe('the form of a probe', () => {
  const changed = async (path: string) => {
    const opened = await open(path);
    const interval = opened.page.locator('input[data-field="interval"]');
    await interval.focus();
    await opened.page.keyboard.press('Control+a');
    await opened.page.keyboard.type('30s');
    return { ...opened, interval };
  };

  it('is changed, looked at, saved and undone by keyboard alone', async () => {
    const { page, faults, close } = await changed('/probes/mobile-login/edit');
    await page.keyboard.press('Enter');
    await page.locator('tr.added').first().waitFor();
    // The difference has the focus, and the way to save it lies next.
    await page.keyboard.press('Tab');
    const saved = page.waitForRequest((request) => request.url().endsWith('/config/probes/apply'));
    await page.keyboard.press('Enter');
    expect((await saved).postDataJSON()).toMatchObject({ id: 'mobile-login', hash: 'h1', set: { interval: '30s' } });
    await page.waitForURL('**/probes/mobile-login');
    const undo = page.locator('.toast').getByRole('button', { name: '撤销' });
    await undo.focus();
    const undone = page.waitForRequest((request) => request.url().endsWith('/config/changes/00000002/undo'));
    await page.keyboard.press('Enter');
    await undone;
    await undo.waitFor({ state: 'detached' });
    expect(faults).toEqual([]);
    await close();
  });

  it('asks before what was changed is left: one may stay, with all that was written, or go', async () => {
    const { page, interval, close } = await changed('/probes/mobile-login/edit');
    const away = page.locator('nav a', { hasText: '总览' });
    await away.focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
    expect([new URL(page.url()).pathname, await interval.inputValue()]).toEqual(['/probes/mobile-login/edit', '30s']);
    expect(await away.evaluate((link) => link === document.activeElement)).toBe(true);
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').getByRole('button', { name: '放弃修改' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname === '/');
    await close();
  });
});

it('shows what is silenced, and ends it', async () => {
  const { page, faults, close } = await open('/alerts');
  const silences = page.getByRole('region', { name: '静默' });
  expect(await silences.getByRole('button').count()).toBe(1);
  await silences.getByText('上游在做升级').waitFor();
  const ended = page.waitForRequest((request) => request.method() === 'DELETE');
  await silences.getByRole('button').focus();
  await page.keyboard.press('Enter');
  expect(new URL((await ended).url()).pathname).toBe('/api/v1/silences/s1');
  expect(faults).toEqual([]);
  await close();
});

it('makes a token once and shows it once, and revokes one after asking', async () => {
  const { page, faults, close } = await open('/settings');
  const press = async (name: string, inside = 'main') => {
    await page.locator(inside).getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
  };
  await press('新建令牌');
  await page.getByLabel('名称').focus();
  await page.keyboard.type('广州移动');
  await page.getByLabel('远端探测点').focus();
  await page.keyboard.press('Space');
  const posts: string[] = [];
  page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()));
  const made = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/tokens'));
  // Enter, pressed again before the answer: made twice, the second refusal would take the token out of sight.
  await page.locator('#new-token').evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  expect((await made).postDataJSON()).toEqual({ name: '广州移动', scopes: ['collector'] });
  await page.locator('dialog[open] output', { hasText: 'fh_shown-this-once' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  expect(await page.getByText('fh_shown-this-once').count()).toBe(0);
  expect(posts).toHaveLength(1);
  await press('吊销 prometheus');
  const revoked = page.waitForRequest((request) => request.method() === 'DELETE');
  await press('吊销', 'dialog[open]');
  expect(new URL((await revoked).url()).pathname).toBe('/api/v1/tokens/t2');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  expect(faults).toEqual([]);
  await close();
});

it('opens the evidence of a failed journey by keyboard, enlarges its picture and gives the focus back', async () => {
  const { page, faults, close } = await open('/probes/mobile-login');
  const row = page.locator('.checks [data-row]').first();
  await row.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(/check=failures/);
  await page.locator('del', { hasText: '1280.01' }).waitFor();
  await page.getByText('TypeError: seller is undefined').waitFor();
  await page.getByText('8 个请求，1 个失败').waitFor();
  expect(await page.getByRole('link', { name: '下载轨迹' }).getAttribute('href')).toBe(`/api/v1/artifacts/${'c'.repeat(32)}.zip`);
  const found = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
  expect(found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(' | ')}`)).toEqual([]);
  const picture = page.getByRole('button', { name: '放大画面' });
  await picture.focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open] img').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  expect(await picture.evaluate((button) => button === document.activeElement)).toBe(true);
  expect(faults).toEqual([]);
  await close();
});

it('draws a range on a chart and carries it in the address', async () => {
  const { page, close } = await open('/dashboards/logins');
  const chart = page.locator('.chart canvas').first();
  await chart.waitFor();
  const box = await chart.boundingBox();
  if (!box) throw new Error('the chart has no place');
  await page.mouse.move(box.x + 120, box.y + 80);
  await page.mouse.down();
  await page.mouse.move(box.x + 260, box.y + 90, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await close();
});

it('keeps the first load under 170 kB of compressed script before charts', async () => {
  const { page, close } = await open('/');
  const loaded = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map((entry) => entry.name)
      .filter((name) => name.endsWith('.js')),
  );
  const { readFile } = await import('node:fs/promises');
  const sizes = await Promise.all(loaded.map(async (name) => (await readFile(fileURLToPath(new URL(`../console/build${new URL(name).pathname}.gz`, import.meta.url)))).length));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(total).toBeLessThan(170_000);
  await close();
});
