import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Alert, AlertTopics } from '#alerts/alert.ts';
import type { Facts } from '#alerts/ports.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { type DurationMs, durationMs, minute, second, unixMs } from '#lib/time.ts';
import type { Incident } from '#runbooks/incident.ts';
import { loadLibrary } from '#runbooks/library.ts';
import { type IncidentStore, type RunbookTopics, StaleIncident } from '#runbooks/ports.ts';
import { replay } from '#runbooks/run.ts';
import { startRunbooks } from '#runbooks/runbooks.ts';
import { shape } from '#runbooks/settings.ts';
import { verifyChains } from '#store/chains.ts';
import { type TestState, testState } from '#store/embedded/test-state.ts';
import { createIncidentStore } from '#store/incident-store.ts';

let base: TestState;
beforeAll(async () => {
  base = await testState();
}, 60_000);
afterAll(() => base.close());

const stepOf = (room: { steps: readonly { id: string; state: string }[] } | null, id: string) => room?.steps.find((step) => step.id === id);
const actor = { kind: 'person', id: 'p1', name: '演示甲' } as const;
const words = (text: string) => ({ 'zh-CN': text, en: text });
let serial = 0;
const alertOf = (service: string, runbook: string, severity = 'critical'): Alert => ({
  state: 'firing',
  activeAt: unixMs(0),
  firedAt: unixMs(1_000),
  clearSince: null,
  fingerprint: `f${++serial}`,
  episode: `e${serial}`,
  rule: 'ServiceFailing',
  labels: { alertname: 'ServiceFailing', service, severity },
  annotations: { runbook },
  value: 1,
  why: words('失败'),
  sight: 'ok',
  flapping: false,
  title: words('服务不可用'),
  memory: { missingSince: null, flips: [] },
  outside: null,
  acknowledgement: null,
  evaluatedAt: unixMs(1_000),
});

/** A world with a real store, made-up telemetry and time that is told. */
async function world(service: string, options: { perform?: Parameters<typeof startRunbooks>[0]['perform'] } = {}) {
  const { virtualClock } = await import('#lib/clock.ts');
  const clock = virtualClock(unixMs(Date.UTC(2026, 10, 24, 2, 0, 0)));
  const store: IncidentStore = createIncidentStore(base.state, { stale: (what) => new StaleIncident(what), replay });
  const truth = { errors: 0.4, probe: 'fail' as 'pass' | 'fail', known: true };
  const facts: Facts = {
    recentChecks: async ({ probeIds }) =>
      truth.known ? probeIds.map((probeId) => ({ probeId, service, vantage: 'bj', at: clock.now(), durationMs: durationMs(90), outcome: truth.probe, failureKind: '', reason: '', attempt: 0 })) : [],
    ratio: async () => (truth.known ? [{ labels: {}, of: truth.errors * 100, over: 100 }] : []),
    metric: async () => (truth.known ? [{ labels: {}, value: 0.2, samples: 100 }] : []),
  };
  const alerts: Alert[] = [];
  const published: string[] = [];
  const bus = createBus<RunbookTopics & AlertTopics>((error) => errors.push(error));
  const errors: unknown[] = [];
  const make = () =>
    startRunbooks({
      settings: { runbooks: shape.runbooks.parse(undefined), incidents: shape.incidents.parse(undefined), zone: 'Asia/Shanghai' },
      runbooks: () => loadLibrary([]).runbooks,
      facts,
      store,
      alerts: { active: async () => alerts },
      publisher: {
        publish: async ({ key }) => {
          if (!published.includes(key)) published.push(key);
          return { ok: true, noticeId: `n-${key}` };
        },
      },
      probes: () => [{ id: 'invoice-journey', service, intervalMs: durationMs(10_000) }],
      bus,
      clock,
      onError: (error) => errors.push(error),
      everyMs: durationMs(2_000),
      ...(options.perform ? { perform: options.perform } : {}),
    });
  let runbooks = make();
  /** Lets rounds happen; each needs real time for the store. */
  const pass = async (span: DurationMs) => {
    const end = clock.now() + span;
    while (clock.now() < end) {
      const runs = runbooks.health()[0]?.runs ?? 0;
      await clock.advance(durationMs(2_000));
      for (let tries = 0; tries < 400 && (runbooks.health()[0]?.runs ?? 0) <= runs; tries++) await systemClock.sleep(durationMs(2));
    }
  };
  const incident = async (): Promise<Incident> => {
    const found = (await store.incidents({ state: 'all', limit: 100 })).find((candidate) => candidate.service === service);
    if (!found) throw new Error('no incident');
    return found;
  };
  return {
    clock,
    store,
    truth,
    alerts,
    published,
    errors,
    pass,
    incident,
    bus,
    desk: () => runbooks.desk,
    room: async () => runbooks.desk.room({ id: (await incident()).id, now: clock.now() }),
    async restart() {
      await runbooks.stop();
      runbooks = make();
    },
    stop: () => runbooks.stop(),
  };
}

describe('incidents', () => {
  test('an alert opens one incident with its runbook, the runbook is walked, and data resolve it', async () => {
    const at = await world('svc-walk', { perform: async () => ({ phase: 'done', detail: 'HTTP 200' }) });
    at.alerts.push(alertOf('svc-walk', 'errors'));
    await at.pass(durationMs(4 * second));
    const opened = await at.incident();
    expect(opened).toMatchObject({ state: 'declared', level: 'sev2', title: words('服务不可用'), number: expect.stringMatching(/^2026-\d{4}$/) });
    const runId = opened.runId ?? '';
    const ask = (stepId: string) => ({ runId, stepId, actor, now: at.clock.now() });
    expect(stepOf(await at.room(), 'scope')?.state).toBe('open');
    expect(await at.desk().closeStep({ ...ask('scope'), note: '只影响查询', choice: null, evidence: null })).toMatchObject({ ok: true });
    const draft = (await at.room())?.steps.find((step) => step.id === 'first-notice')?.draft;
    if (!draft) throw new Error('no draft');
    expect(draft.advice.en).toContain('help line');
    expect(await at.desk().publishStep({ ...ask('first-notice'), draft })).toMatchObject({ ok: true });
    expect(at.published).toEqual([`${runId}/first-notice`]);
    expect((await at.incident()).nextUpdateAt).toBe(at.clock.now() + 20 * minute);
    await at.desk().closeStep({ ...ask('changes'), note: '', choice: null, evidence: { panels: [{ id: 'mine' }] } });
    await at.desk().closeStep({ ...ask('recent-change'), note: '', choice: 'no', evidence: null });
    expect(stepOf(await at.room(), 'roll-back')?.state).toBe('not_taken');
    await at.desk().closeStep({ ...ask('isolate'), note: '摘除一台', choice: null, evidence: null });
    at.truth.errors = 0;
    at.truth.probe = 'pass';
    at.alerts.length = 0;
    await at.pass(durationMs(30 * second));
    expect((await at.incident()).state).toBe('mitigated');
    expect(stepOf(await at.room(), 'verify')?.state).toBe('open');
    await at.pass(durationMs(44 * second));
    const room = await at.room();
    expect(room?.incident.state).toBe('resolved');
    expect(stepOf(room, 'verify')?.state).toBe('done');
    expect(room?.steps.find((step) => step.id === 'changes')?.evidence).toMatchObject({ panels: [{ id: 'mine' }] });
    expect(room?.steps.find((step) => step.id === 'scope')?.evidence?.text['zh-CN']).toContain('错误率 40%');
    expect(room?.timeline.map((entry) => entry.text['zh-CN'])).toContainEqual(expect.stringContaining('核验关口已满足'));
    expect(await at.desk().close({ id: opened.id, reason: '', actor, now: at.clock.now() })).toMatchObject({ ok: false, code: 'invalid' });
    expect(await at.desk().close({ id: opened.id, reason: '余下步骤转入复盘', actor, now: at.clock.now() })).toMatchObject({ ok: true });
    expect((await at.store.run(runId))?.state).toBe('aborted');
    expect(await at.desk().closeStep({ ...ask('resolved-notice'), note: '', choice: null, evidence: null })).toMatchObject({ ok: false, code: 'conflict' });
    await at.stop();
    expect(at.errors).toEqual([]);
    const report = await verifyChains(base.state);
    expect(report.chains.map(({ name, firstBroken }) => [name, firstBroken])).toEqual(
      expect.arrayContaining([
        ['timeline', null],
        ['run', null],
      ]),
    );
  }, 60_000);

  test('data that are not known never hold a gate, and a person may let it pass with a reason', async () => {
    const at = await world('svc-blind');
    at.alerts.push(alertOf('svc-blind', 'wrong-answer'));
    await at.pass(durationMs(4 * second));
    at.truth.known = false;
    at.alerts.length = 0;
    await at.pass(durationMs(100 * second));
    expect((await at.incident()).state).toBe('mitigated');
    expect((await at.room())?.steps.find((step) => step.id === 'verify')?.gate).toMatchObject({ held: false, value: null });
    await at.stop();
  }, 60_000);

  test('further alerts join the open incident, and one that comes back before the end makes it a relapse', async () => {
    const at = await world('svc-join');
    at.alerts.push(alertOf('svc-join', 'errors'));
    await at.pass(durationMs(2 * second));
    at.alerts.push(alertOf('svc-join', 'slow-response', 'warning'));
    await at.pass(durationMs(2 * second));
    expect((await at.incident()).alerts).toHaveLength(2);
    at.alerts.length = 0;
    await at.pass(durationMs(4 * second));
    expect((await at.incident()).state).toBe('mitigated');
    at.alerts.push(alertOf('svc-join', 'errors'));
    await at.pass(durationMs(4 * second));
    expect(await at.incident()).toMatchObject({ state: 'declared', alerts: [{}, {}, {}] });
    expect((await at.store.incidents({ state: 'all', limit: 100 })).filter(({ service }) => service === 'svc-join')).toHaveLength(1);
    await at.stop();
  }, 60_000);

  test('a warning alone opens nothing', async () => {
    const at = await world('svc-warn');
    at.alerts.push(alertOf('svc-warn', 'errors', 'warning'));
    await at.pass(durationMs(6 * second));
    await expect(at.incident()).rejects.toThrow('no incident');
    await at.stop();
  }, 60_000);

  test('a call cut off by a crash is shown as unknown and never made again by itself', async () => {
    let calls = 0;
    const at = await world('svc-crash', {
      perform: () => {
        calls++;
        return new Promise(() => {});
      },
    });
    at.alerts.push(alertOf('svc-crash', 'wrong-answer'));
    await at.pass(durationMs(2 * second));
    const runId = (await at.incident()).runId ?? '';
    const ask = (stepId: string) => ({ runId, stepId, actor, now: at.clock.now() });
    await at.desk().closeStep({ ...ask('scope'), note: '', choice: null, evidence: null });
    await at.desk().skipStep({ ...ask('first-notice'), reason: '演示' });
    void at.desk().actStep(ask('bypass-cache'));
    for (let tries = 0; tries < 500 && calls === 0; tries++) await systemClock.sleep(durationMs(5));
    await at.restart();
    await at.pass(durationMs(10 * second));
    const room = await at.room();
    expect(calls).toBe(1);
    const run = await at.store.run(runId);
    expect(run?.steps['bypass-cache']?.action.state).toBe('unknown');
    expect(room?.timeline.map((entry) => entry.text.en)).toContainEqual(expect.stringContaining('unknown outcome'));
    await at.stop();
  }, 60_000);

  test('who acknowledges first takes the command', async () => {
    const at = await world('svc-ack');
    const alert = alertOf('svc-ack', 'errors');
    at.alerts.push(alert);
    await at.pass(durationMs(2 * second));
    at.bus.emit('acknowledged', { alert: { ...alert, acknowledgement: { by: '演示乙', at: at.clock.now(), through: 'link', note: '' } } });
    for (let tries = 0; tries < 400 && !(await at.incident()).roles.commander; tries++) await systemClock.sleep(durationMs(5));
    expect((await at.incident()).roles.commander).toBe('演示乙');
    await at.stop();
  }, 60_000);

  test('a runbook started by hand declares an incident, and there is one such at a time', async () => {
    const at = await world('');
    expect(await at.desk().start({ runbook: 'nope', actor, now: at.clock.now() })).toMatchObject({ ok: false, code: 'not-found' });
    expect(await at.desk().start({ runbook: 'slow-response', actor, now: at.clock.now() })).toMatchObject({ ok: true });
    expect(await at.desk().start({ runbook: 'errors', actor, now: at.clock.now() })).toMatchObject({ ok: false, code: 'conflict' });
    expect(await at.room()).toMatchObject({ incident: { state: 'declared', runbook: { id: 'slow-response', step: 1 } }, timeline: [{ actor: '演示甲' }, {}] });
    await at.stop();
  }, 60_000);

  test('what was written cannot be rewritten', async () => {
    await expect(base.state.pool.query(`update incident_timeline set text = '{}'`)).rejects.toThrow('only ever added to');
    await expect(base.state.pool.query('delete from run_event')).rejects.toThrow('only ever added to');
  });
});
