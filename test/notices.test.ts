import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert, AlertTopics } from '#alerts/alert.ts';
import type { CheckFact, Facts } from '#alerts/ports.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock, virtualClock } from '#lib/clock.ts';
import { durationMs, hour, minute, unixMs } from '#lib/time.ts';
import { startNotices } from '#notices/notices.ts';
import { type NoticeStore, type NoticeTopics, StaleNotice } from '#notices/ports.ts';
import { shape } from '#notices/settings.ts';
import type { NoticeDraft } from '#runbooks/notice-template.ts';
import { verifyChains } from '#store/chains.ts';
import { type TestEngine, testTelemetry } from '#store/embedded/test-engine.ts';
import { type TestState, testState } from '#store/embedded/test-state.ts';
import { createNoticeStore } from '#store/notice-store.ts';
import { createUptimeSource } from '#store/uptime.ts';

let base: TestState;
let engine: TestEngine;
let store: NoticeStore;
const dir = mkdtempSync(join(tmpdir(), 'fenghuo-notices-'));
beforeAll(async () => {
  [base, engine] = await Promise.all([testState(), testTelemetry()]);
  store = createNoticeStore(base.state, { stale: (id) => new StaleNotice(id) });
}, 120_000);
afterAll(async () => {
  await Promise.all([base.close(), engine.stop()]);
  rmSync(dir, { recursive: true });
});

const words = (text: string) => ({ 'zh-CN': text, en: `${text} (en)` });
const actor = { kind: 'person', id: 'p1', name: '演示丙' } as const;
const now = unixMs(Date.UTC(2026, 10, 24, 2, 30, 0));
const draft = (more: Partial<NoticeDraft> = {}): NoticeDraft => ({
  title: words('登录异常'),
  status: 'investigating',
  impact: 'major',
  body: words('正在排查。'),
  advice: words('请用网页端。'),
  components: ['login'],
  nextUpdateAt: new Date(now + 20 * minute).toISOString(),
  ...more,
});

async function world(components: unknown[], outcome: CheckFact['outcome'] = 'pass') {
  const clock = virtualClock(now);
  const told: string[] = [];
  const bus = createBus<NoticeTopics & AlertTopics & CollectorTopics>((error) => {
    throw error;
  });
  bus.on('noticesChanged', ({ id }) => told.push(id));
  const facts: Facts = {
    recentChecks: async ({ probeIds }) =>
      probeIds.map((probeId) => ({ probeId, service: 's', vantage: 'bj', at: clock.now(), durationMs: durationMs(9), outcome, failureKind: '', reason: '', attempt: 0 })),
    ratio: async () => [],
    metric: async () => [],
  };
  const errors: unknown[] = [];
  const notices = await startNotices({
    site: shape.site.parse({ name: '发票查询', zone: 'Asia/Shanghai' }),
    components: shape.components.parse(components),
    probes: [{ id: 'p', intervalMs: durationMs(10_000) }],
    demo: true,
    url: 'http://127.0.0.1:8600',
    dir,
    store,
    uptime: createUptimeSource(engine.telemetry),
    facts,
    alerts: { active: (): readonly Alert[] => [] },
    bus,
    clock,
    onError: (error) => errors.push(error),
  });
  const page = (path = '/status/zh-CN') => {
    const answer = notices.statusAnswer({ method: 'GET', path, headers: {} });
    return answer?.status === 200 ? Buffer.from(answer.body as Uint8Array).toString() : '';
  };
  for (let tries = 0; tries < 500 && page() === ''; tries++) await systemClock.sleep(durationMs(10));
  return { notices, page, told, clock, errors };
}
const login = { id: 'login', service: 's', name: { 'zh-CN': '登录', en: 'Login' }, probes: ['p'] };

describe('notices', () => {
  test('publishing puts the words and the component status on the page before it answers, and the feed has them', async () => {
    const { notices, page, told, errors } = await world([login]);
    const answer = await notices.desk.publish({ draft: draft(), incidentId: 'i-1', actor, now });
    if (!answer.ok) throw new Error(answer.message.en);
    expect(page()).toContain('<h1>登录出现问题</h1>');
    expect(page()).toContain('正在排查。');
    expect(page('/status/feed.atom')).toContain(answer.value.id);
    expect(told).toEqual([answer.value.id]);
    expect(await notices.desk.components()).toEqual([{ id: 'login', name: login.name, status: 'partial_outage', suggested: 'operational' }]);
    const next = await notices.desk.update({ id: answer.value.id, draft: draft({ status: 'resolved', nextUpdateAt: null, body: words('已恢复，没有数据丢失。') }), actor, now: unixMs(now + minute) });
    expect(next.ok).toBe(true);
    expect(page()).toContain('<h1>各项功能正常</h1>');
    expect((await notices.desk.list())[0]).toMatchObject({ status: 'resolved', impact: 'major', resolvedAt: now + minute, updates: [{}, { by: '演示丙' }] });
    expect(await notices.desk.update({ id: answer.value.id, draft: draft(), actor, now })).toMatchObject({ ok: false, code: 'invalid' });
    const corrected = await notices.desk.correct({
      id: answer.value.id,
      corrects: 1,
      draft: draft({ status: 'resolved', nextUpdateAt: null, body: words('更正：起始时间为 10:30。') }),
      actor,
      now: unixMs(now + 2 * minute),
    });
    expect(corrected.ok).toBe(true);
    expect(page()).toContain('更正');
    expect((await notices.desk.list())[0]?.resolvedAt).toBe(now + minute);
    await notices.stop();
    expect(errors).toEqual([]);
  });

  test('one incident speaks in one notice, and the same key publishes once', async () => {
    const { notices } = await world([login]);
    const ask = { draft: draft({ components: ['login', 'gone'] }), incidentId: 'i-2', actor, now };
    const first = await notices.desk.publishForIncident({ ...ask, key: 'run/step' });
    const again = await notices.desk.publishForIncident({ ...ask, key: 'run/step' });
    const second = await notices.desk.publishForIncident({ ...ask, draft: draft({ status: 'identified' }), key: 'run/later' });
    expect([again, second]).toEqual([first, first]);
    const mine = (await notices.desk.list()).find(({ incidentId }) => incidentId === 'i-2');
    expect(mine?.updates.map(({ status }) => status)).toEqual(['investigating', 'identified']);
    await notices.stop();
  });

  test.each([
    { name: 'an empty advice', more: { advice: { 'zh-CN': ' ', en: 'x' } }, says: 'advice' },
    { name: 'an unknown component', more: { components: ['nope'] }, says: 'nope' },
    { name: 'a next update in the past', more: { nextUpdateAt: '2020-01-01T00:00:00Z' }, says: 'past' },
    { name: 'a resolved notice that promises more', more: { status: 'resolved' as const }, says: 'no next update' },
  ])('$name keeps the words inside', async ({ more, says }) => {
    const { notices } = await world([login]);
    const answer = await notices.desk.publish({ draft: draft(more), incidentId: null, actor, now });
    expect(answer).toMatchObject({ ok: false, code: 'invalid', message: { en: expect.stringContaining(says) } });
    await notices.stop();
  });

  test('policy may let a suggestion become public by itself', async () => {
    const { notices, clock, page } = await world([{ ...login, id: 'auto', status: 'automatic' }], 'fail');
    for (let tries = 0; tries < 300 && (await notices.desk.components())[0]?.status !== 'major_outage'; tries++) {
      await clock.advance(durationMs(5_000));
      await systemClock.sleep(durationMs(10));
    }
    expect((await notices.desk.components())[0]).toMatchObject({ status: 'major_outage', suggested: 'major_outage' });
    for (let tries = 0; tries < 300 && !page().includes('暂时不能使用'); tries++) await systemClock.sleep(durationMs(10));
    expect(page()).toContain('登录暂时不能使用');
    await notices.stop();
  });

  test('what was published can be read after a restart while both databases are away', async () => {
    const first = await world([login]);
    await first.notices.stop();
    const before = first.page('/status/en');
    const away: NoticeStore = { ...store, notices: () => Promise.reject(new Error('away')), statuses: () => Promise.reject(new Error('away')) };
    const notices = await startNotices({
      site: shape.site.parse({ name: '发票查询' }),
      components: [],
      probes: [],
      demo: true,
      url: '',
      dir,
      store: away,
      uptime: { days: () => Promise.reject(new Error('away')) },
      facts: { recentChecks: () => Promise.reject(new Error('away')), ratio: async () => [], metric: async () => [] },
      alerts: { active: () => [] },
      bus: createBus<NoticeTopics & AlertTopics & CollectorTopics>(() => undefined),
      clock: virtualClock(now),
      onError: () => undefined,
    });
    expect(Buffer.from(notices.statusAnswer({ method: 'GET', path: '/status/en', headers: {} })?.body as Uint8Array).toString()).toBe(before);
    await notices.stop();
  });

  test('a component that people set under maintenance is planned work for its probes, until they set it back', async () => {
    const { notices } = await world([{ ...login, id: 'planned', probes: ['p'] }]);
    const set = (status: 'under_maintenance' | 'operational') => notices.desk.setStatus({ component: 'planned', status, actor, now });
    expect(notices.maintains('p')).toBe(false);
    await set('under_maintenance');
    expect([notices.maintains('p'), notices.maintains('other')]).toEqual([true, false]);
    await set('operational');
    expect(notices.maintains('p')).toBe(false);
    await notices.stop();
  });

  test('published words cannot be rewritten, and their chain is checked', async () => {
    await expect(base.state.pool.query(`update notice_update set body = '{}'`)).rejects.toThrow('only ever added to');
    const report = await verifyChains(base.state);
    expect(report.chains.find(({ name }) => name === 'notice')).toMatchObject({ rows: 5, firstBroken: null });
  });
});

test('uptime days come from the rollups, each check once, in the days of the site', async () => {
  const at = (days: number, hours: number) => new Date(now - days * 24 * hour - hours * hour).toISOString().replace('T', ' ').replace('Z', '');
  const rows = [
    { at: at(10, 0), outcome: 'pass' },
    { at: at(10, 1), outcome: 'fail' },
    { at: at(2, 0), outcome: 'pass' },
    { at: at(2, 0), outcome: 'fail', maintenance: true },
    { at: at(1, 0), outcome: 'slow' },
    { at: at(0, 0.5), outcome: 'pass' },
    { at: at(0, 0.4), outcome: 'unknown' },
    // 23:00 UTC is the next day in Shanghai.
    { at: '2026-11-20 23:00:00.000', outcome: 'fail' },
  ].map((row) => ({ ...row, service: 's', probe: 'up', vantage: 'bj', failure: '', reason: '', attempt: 0, duration_ms: 90, phases: {}, evidence: '{}' }));
  await engine.telemetry.client.insert({ table: 'checks', values: rows, format: 'JSONEachRow' });
  const days = await createUptimeSource(engine.telemetry).days({ probes: ['up'], from: unixMs(now - 90 * 24 * hour), until: now, zone: 'Asia/Shanghai' });
  const seen = Object.fromEntries(days.map(({ day, known, failed, slow }) => [day, [known, failed, slow]]));
  expect(seen).toEqual({ '2026-11-14': [2, 1, 0], '2026-11-21': [1, 1, 0], '2026-11-22': [1, 0, 0], '2026-11-23': [1, 0, 1], '2026-11-24': [1, 0, 0] });
  expect(days.find(({ day }) => day === '2026-11-24')?.knownMs).toBe(60_000);
}, 60_000);
