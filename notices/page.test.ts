import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { genesisHash } from '#lib/chain.ts';
import { durationMs, hour, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { linkUpdate, type Notice, type NoticeUpdate } from './notice.ts';
import { pageBudget, renderPage } from './page.ts';
import type { PublicComponent, PublicFacts } from './page-words.ts';
import type { ProbeDay } from './ports.ts';
import { createPublication, renderAll } from './publish.ts';
import { lastDays, uptimeOf } from './uptime.ts';

const zone = 'Asia/Shanghai';
const now = unixMs(Date.UTC(2026, 10, 24, 2, 58, 3));
const by = { kind: 'person', id: 'p1', name: '演示丙' } as const;
const words = (zh: string, en: string) => ({ 'zh-CN': zh, en });

function noticeOf(id: string, updates: readonly Partial<NoticeUpdate>[], resolvedAt: UnixMs | null = null): Notice {
  let prevHash = genesisHash;
  const linked = updates.map((update, index) => {
    const made = linkUpdate(
      {
        seq: index + 1,
        at: unixMs(now - (updates.length - index) * 10 * minute),
        by,
        status: 'investigating',
        impact: 'major',
        title: words('手机端登录提示“验证码错误”', 'Mobile sign-in says "captcha wrong"'),
        body: words('部分用户无法在手机端登录。', 'Some people cannot sign in on mobile.'),
        advice: words('请使用网页端登录。', 'Please use the web site.'),
        components: ['login'],
        nextUpdateAt: unixMs(now + 7 * minute),
        corrects: null,
        ...update,
      },
      prevHash,
    );
    prevHash = made.hash;
    return made;
  });
  return { id, incidentId: null, startedAt: linked[0]?.at ?? now, resolvedAt, updates: linked };
}

const rows: ProbeDay[] = lastDays(zone, now)
  .slice(-60)
  .map((day, index) => ({
    probe: 'p',
    day,
    known: 8_640,
    failed: index === 20 ? 400 : index === 30 ? 20 : 0,
    slow: 0,
    knownMs: durationMs(24 * hour),
    firstAt: unixMs(now - (60 - index) * 24 * hour),
  }));
const component = (id: string, [zh, en]: readonly [string, string], status: PublicComponent['status'] = 'operational'): PublicComponent => ({
  id,
  name: words(zh, en),
  about: null,
  status,
  updatedAt: now,
  uptime: uptimeOf({ rows, probes: [{ id: 'p', intervalMs: durationMs(10_000) }] }, { zone, now }),
});

const facts: PublicFacts = {
  name: words('发票查询', 'Invoice query'),
  zone,
  languages: ['zh-CN', 'en'],
  url: 'https://status.example',
  demo: true,
  components: [component('query', ['发票查询', 'Invoice query']), component('login', ['手机端登录', 'Mobile sign-in'], 'partial_outage'), component('verify', ['发票查验', 'Verification'])],
  notices: [
    noticeOf('4e0c7c6a-0000-4000-8000-000000000001', [
      {},
      { status: 'identified', body: words('原因在验证码服务。', 'It is the captcha service.') },
      { status: 'identified', body: words('正在切换备用验证码。', 'Switching to the backup captcha.') },
    ]),
    noticeOf('4e0c7c6a-0000-4000-8000-000000000002', [{}, { status: 'resolved', impact: 'none', nextUpdateAt: null }], now),
  ],
  renderedAt: now,
};
const quiet: PublicFacts = { ...facts, demo: false, components: [component('query', ['发票查询', 'Invoice query'])], notices: [] };

describe('the public page', () => {
  test.each(['zh-CN', 'en'] as const)('in %s reads as reviewed', async (language) => {
    await expect(renderPage(facts, language).replaceAll(/></g, '>\n<')).toMatchFileSnapshot(`./golden/status-${language}.html.txt`);
  });

  test.each([
    { name: 'all well', given: quiet, says: '各项功能正常' },
    { name: 'one in trouble', given: facts, says: '手机端登录出现问题，其他功能正常' },
    { name: 'one slow', given: { ...facts, components: [component('a', ['查询', 'Query'], 'degraded_performance'), component('b', ['登录', 'Login'])] }, says: '查询变慢，其他功能正常' },
    { name: 'all out', given: { ...facts, components: [component('a', ['查询', 'Query'], 'major_outage')] }, says: '查询暂时不能使用' },
    { name: 'a notice without a component', given: { ...quiet, notices: facts.notices }, says: '手机端登录提示“验证码错误”' },
  ])('opens with a sentence: $name', ({ given, says }) => {
    expect(renderPage(given, 'zh-CN')).toContain(`<h1>${says}</h1>`);
  });

  test('has no script, loads nothing, and stays within its budget with twenty components and fifty notices', () => {
    const many: PublicFacts = {
      ...facts,
      components: Array.from({ length: 20 }, (_, index) => component(`c${index}`, [`功能${index}`, `Function ${index}`])),
      notices: [...facts.notices, ...Array.from({ length: 50 }, (_, index) => noticeOf(`n${index}`, [{ body: words('长'.repeat(900), 'long '.repeat(150)) }, { status: 'resolved' }], now))],
    };
    const html = renderPage(many, 'zh-CN');
    expect(html).not.toMatch(/<script|<img|<link rel="stylesheet|@import|url\(/);
    expect(Buffer.byteLength(html)).toBeLessThanOrEqual(pageBudget);
    expect(Buffer.byteLength(renderPage(facts, 'zh-CN'))).toBeLessThan(20_000);
  });

  test('says "demo data" only in the demo', () => {
    expect(renderPage(facts, 'zh-CN')).toContain('演示数据');
    expect(renderPage(quiet, 'zh-CN')).not.toContain('演示数据');
  });

  test('markup in a notice or a name is shown as text everywhere', () => {
    const nasty = `</li><script>alert(1)</script><img src=x onerror='x'>"&]]>\u0007`;
    const text = words(nasty, nasty);
    const hostile: PublicFacts = {
      ...facts,
      name: text,
      components: [{ ...component('a', [nasty, nasty], 'partial_outage'), about: text }],
      notices: [noticeOf('"><svg onload=1>', [{ title: text, body: text, advice: text }])],
    };
    for (const { text: out, type } of renderAll(hostile)) {
      if (type.startsWith('application/json') || type.startsWith('text/calendar')) continue;
      expect(out).not.toMatch(/<script|<img|<svg onload/);
    }
    const xml = renderAll(hostile).filter(({ type }) => type.includes('xml'));
    for (const { text: out } of xml) expect([...out].filter((letter) => letter < ' ' && letter !== '\n')).toEqual([]);
  });
});

describe('uptime', () => {
  test('days without data are grey and left out, and coverage counts from the first check', () => {
    const { days, uptime, coverage } = uptimeOf({ rows, probes: [{ id: 'p', intervalMs: durationMs(10_000) }] }, { zone, now });
    expect(days).toHaveLength(90);
    expect(days.map(({ state }) => state)).toEqual([...Array(30).fill('unknown'), ...Array(20).fill('ok'), 'down', ...Array(9).fill('ok'), 'slow', ...Array(29).fill('ok')]);
    expect(days.at(-1)?.day).toBe('2026-11-24');
    expect(uptime).toBeCloseTo(1 - 420 / (60 * 8_640), 6);
    expect(coverage).toBeGreaterThan(0.98);
  });

  test('nothing known is neither up nor down', () => {
    expect(uptimeOf({ rows: [], probes: [{ id: 'p', intervalMs: durationMs(10_000) }] }, { zone, now })).toMatchObject({ uptime: null, coverage: 0, since: null });
  });
});

describe('publication', () => {
  const dir = mkdtempSync(join(tmpdir(), 'fenghuo-status-'));
  afterAll(() => rmSync(dir, { recursive: true }));
  const lifetimes = () => ({ cacheForMs: 10_000, staleForMs: 86_400_000 });
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') => ({ method, path, headers });

  test('answers 503 before anything was published, then the same bytes after a restart without any database', async () => {
    const first = createPublication({ dir, lifetimes });
    expect(first.answer(get('/status'))?.status).toBe(503);
    await first.publish(renderAll(facts));
    const second = createPublication({ dir, lifetimes });
    expect(await second.takeUp()).toBe(true);
    const [a, b] = [first.answer(get('/status/en')), second.answer(get('/status/en'))];
    expect(a?.status).toBe(200);
    expect(b).toEqual(a);
  });

  test('every encoding unpacks to the same page, each with a strong tag of its own, and 304 answers any of them', async () => {
    const { answer, publish } = createPublication({ dir, lifetimes });
    await publish(renderAll(facts));
    const plain = answer(get('/status/zh-CN'));
    const zipped = answer(get('/status/zh-CN', { 'accept-encoding': 'gzip, deflate' }));
    const brotli = answer(get('/status/zh-CN', { 'accept-encoding': 'gzip, br;q=0.9' }));
    const bytes = (body: unknown) => Buffer.from(body as Uint8Array);
    expect(gunzipSync(bytes(zipped?.body)).equals(bytes(plain?.body))).toBe(true);
    expect(brotliDecompressSync(bytes(brotli?.body)).equals(bytes(plain?.body))).toBe(true);
    expect(new Set([plain, zipped, brotli].map((one) => one?.headers.etag)).size).toBe(3);
    expect(brotli?.headers).toMatchObject({ 'content-encoding': 'br', vary: 'accept-encoding', 'cache-control': expect.stringContaining('stale-if-error=86400') });
    for (const one of [plain, zipped, brotli]) {
      const again = answer(get('/status/zh-CN', { 'if-none-match': `"x", W/${one?.headers.etag}` }));
      expect([again?.status, again?.body]).toEqual([304, null]);
    }
    expect(answer(get('/status/zh-CN', { 'accept-encoding': 'br;q=0' }))?.headers['content-encoding']).toBeUndefined();
  });

  test.each([
    { path: '/status', headers: {}, lang: 'zh-CN' },
    { path: '/status', headers: { 'accept-language': 'en-GB,en;q=0.9,zh;q=0.1' }, lang: 'en' },
    { path: '/status/', headers: { 'accept-language': 'fr, zh-TW;q=0.5' }, lang: 'zh-CN' },
    { path: '/status/en', headers: { 'accept-language': 'zh' }, lang: 'en' },
  ])('$path with $headers is in $lang', async ({ path, headers, lang }) => {
    const { answer, takeUp } = createPublication({ dir, lifetimes });
    await takeUp();
    expect(answer(get(path, headers))?.headers['content-language']).toBe(lang);
  });

  test('HEAD has the length and no body, other methods are refused, unknown paths are none of ours', async () => {
    const { answer, takeUp } = createPublication({ dir, lifetimes });
    await takeUp();
    const head = answer(get('/status/en', {}, 'HEAD'));
    expect([head?.status, head?.body, Number(head?.headers['content-length']) > 1_000]).toEqual([200, null, true]);
    expect(answer(get('/status/en', {}, 'POST'))?.status).toBe(405);
    expect(answer(get('/status/../etc/passwd'))).toBeNull();
    expect(answer(get('/statusx'))).toBeNull();
  });

  test('the page carries a policy that names its style sheet and allows nothing else', async () => {
    const { answer, takeUp } = createPublication({ dir, lifetimes });
    await takeUp();
    const policy = answer(get('/status/en'))?.headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='/);
  });

  test('the read API has the Statuspage shape', async () => {
    const { answer, takeUp } = createPublication({ dir, lifetimes });
    await takeUp();
    const json = (name: string) => JSON.parse(Buffer.from(answer(get(`/status/api/v2/${name}`))?.body as Uint8Array).toString()) as Record<string, never>;
    expect(json('summary.json')).toMatchObject({
      page: { id: 'fenghuo', time_zone: zone },
      status: { indicator: 'major' },
      components: [{ id: 'query', status: 'operational', position: 1 }, { status: 'partial_outage' }, {}],
      incidents: [{ status: 'identified', impact: 'major', incident_updates: [{}, {}, {}] }],
      scheduled_maintenances: [],
    });
    expect(json('incidents.json')).toMatchObject({ incidents: [{ resolved_at: null }, { status: 'resolved', impact: 'major' }] });
    for (const name of ['status', 'components', 'incidents/unresolved', 'scheduled-maintenances', 'scheduled-maintenances/upcoming', 'scheduled-maintenances/active'])
      expect(json(`${name}.json`).page).toBeDefined();
  });

  test('feeds and calendar are well formed', async () => {
    const { answer, takeUp } = createPublication({ dir, lifetimes });
    await takeUp();
    const text = (path: string) => Buffer.from(answer(get(`/status/${path}`))?.body as Uint8Array).toString();
    for (const path of ['feed.atom', 'feed.rss', 'en/feed.atom']) expect(wellFormed(text(path))).toBe(true);
    expect(text('feed.atom').match(/<entry>/g)).toHaveLength(2);
    const calendar = text('maintenance.ics');
    expect(calendar).toMatch(/^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\nPRODID:/);
    for (const line of calendar.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
  });
});

/** Tags close in the order they opened, and no bare ampersand is left. */
function wellFormed(xml: string): boolean {
  const open: string[] = [];
  for (const [, close, name = '', self] of xml.replace(/^<\?xml[^>]*\?>/, '').matchAll(/<(\/)?([A-Za-z:]+)[^>]*?(\/)?>/g)) {
    if (close) {
      if (open.pop() !== name) return false;
    } else if (!self) open.push(name);
  }
  return open.length === 0 && !/&(?!(amp|lt|gt|quot|#39);)/.test(xml);
}
