import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright';

/*
 * Every page of a running console, as pictures to be looked at: three widths, both languages, both themes.
 * `node test/screenshots.ts BASE [SIGN-IN-LINK] [--only word] [--width N] [--quick]` writes to test/output/.
 */
const [base = 'http://127.0.0.1:8600', ...rest] = process.argv.slice(2);
const link = rest.find((word) => word.includes('/sign-in?'));
const only = rest.includes('--only') ? rest[rest.indexOf('--only') + 1] : undefined;
const quick = rest.includes('--quick');
const widths = rest.includes('--width') ? [Number(rest[rest.indexOf('--width') + 1])] : [1280, 390, 1920];
const out = fileURLToPath(new URL('output/', import.meta.url));
export const browserArgs: string[] = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const pages: Record<string, string> = {
  overview: '/',
  latency: '/dashboards/latency',
  errors: '/dashboards/errors',
  logins: '/dashboards/logins?compare=week',
  probes: '/probes',
  probe: '/probes/*',
  logs: '/logs',
  alerts: '/alerts',
  alert: '/alerts/*',
  incidents: '/incidents',
  incident: '/incidents/*',
  runbooks: '/runbooks',
  runbook: '/runbooks/*',
  'on-call': '/on-call',
  notices: '/notices',
  compose: '/notices?compose=1',
  reports: '/reports',
  sources: '/logs/sources',
  'new-probe': '/probes/new',
  'new-source': '/logs/sources/new',
  settings: '/settings',
  demo: '/demo',
  inbox: '/demo/inbox',
  gallery: '/gallery',
  'sign-in': '/sign-in',
  missing: '/nowhere',
};

/** An address with `*` means the first row of the list it belongs to; null when the list is empty. */
export async function addressOf(page: Page, path: string): Promise<string | null> {
  if (!path.endsWith('/*')) return path;
  const list = path.slice(0, -2);
  await page.goto(`${base}${list}${list === '/incidents' || list === '/alerts' ? '?state=all' : ''}`, { waitUntil: 'load' });
  const first = page.locator(`main a[href^="${list}/"]`).first();
  await first.waitFor({ timeout: 4000 }).catch(() => {});
  return (await first.count()) === 0 ? null : await first.getAttribute('href');
}

async function shoot(): Promise<void> {
  await mkdir(out, { recursive: true });
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: browserArgs });
  const context = await browser.newContext();
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
  page.on('console', (message) => message.type() === 'error' && faults.push(`${page.url()}: ${message.text()}`));
  if (link) {
    await page.goto(link);
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  }
  if (!link) await page.goto(base);
  const found = new Map<string, string>();
  for (const [name, path] of Object.entries(pages)) {
    if (only && !name.includes(only)) continue;
    const address = await addressOf(page, path);
    if (address) found.set(name, address);
    else console.log(`no row to open for ${name}`);
  }
  for (const language of quick ? ['zh-CN'] : ['zh-CN', 'en'])
    for (const theme of quick ? ['light'] : ['light', 'dark'])
      for (const width of widths) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
        await page.evaluate(
          ([chosen, words]) => {
            localStorage.setItem('theme', chosen ?? '');
            localStorage.setItem('language', words ?? '');
          },
          [theme, language],
        );
        for (const [name, address] of found) {
          await page.goto(`${base}${address}`, { waitUntil: 'load' });
          await page.waitForTimeout(700);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          if (wide > 0) faults.push(`${name} ${width} ${language}: ${wide}px wider than the window`);
          await page.screenshot({ path: `${out}${name}-${width}-${language}-${theme}.png`, fullPage: true });
        }
      }
  await browser.close();
  for (const fault of new Set(faults)) console.log(fault);
}
await shoot();
