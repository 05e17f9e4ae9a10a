import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import type { LogRecord } from '#collector/log.ts';
import { fakePorts } from '#console/api/fake-ports.ts';
import type { BoardView, IncidentView, LogsView, OverviewView, ProbeView, SessionView } from '#console/api/views.ts';
import type { ConsoleTopics } from '#console/live.ts';
import { type Console, startConsole } from '#console/server.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs, minute, second, unixMs } from '#lib/time.ts';
import { auditTrail, listAudit } from '#store/audit.ts';
import { createAuth } from '#store/auth.ts';
import { type TestEngine, testTelemetry } from '#store/embedded/test-engine.ts';
import { type TestState, testState } from '#store/embedded/test-state.ts';
import { shellActor } from '#store/people-store.ts';
import { createQuestions } from '#store/questions.ts';
import { loadSecretKey } from '#store/secret-key.ts';
import { createOpeningLink } from '#store/sign-in-link-store.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';
import { addToken } from '#store/token-store.ts';

/** The console on the real stores: what the collector writes is what people read, signed in for real. */
let engine: TestEngine;
let state: TestState;
let served: Console;
let cookie = '';
let token = '';
const now = systemClock.now();

function check(secondsAgo: number): CheckResult {
  const failed = secondsAgo < 120;
  const outcome = failed ? ({ kind: 'fail', failure: { kind: 'mismatch', reason: '金额 100 应为 120' } } as const) : ({ kind: 'pass' } as const);
  return {
    probeId: 'home',
    service: 'invoice',
    vantage: 'bj',
    at: unixMs(now - secondsAgo * second),
    durationMs: durationMs(40),
    outcome,
    phases: { connect: 2, firstByte: 30 },
    evidence: { status: 200 },
    attempt: 0,
  };
}

function access(secondsAgo: number, index: number): LogRecord {
  const status = secondsAgo < 120 && index % 5 < 2 ? 500 : 200;
  return {
    timestamp: unixMs(now - secondsAgo * second),
    observedTimestamp: now,
    severityNumber: status === 500 ? 17 : 9,
    severityText: '',
    service: 'invoice',
    source: 'access',
    body: `GET /query 查询发票 ${status}`,
    attributes: {
      'http.request.method': 'GET',
      'http.route': '/query',
      'url.path': '/query',
      'http.response.status_code': status,
      'client.address': '203.0.113.9',
      'http.server.request.duration': 0.2,
      outcome: status === 500 ? 'error' : 'ok',
    },
  };
}

beforeAll(async () => {
  [engine, state] = await Promise.all([testTelemetry(), testState()]);
  const writer = createTelemetryWriter({ telemetry: engine.telemetry, clock: systemClock });
  await writer.insertChecks(
    'checks-1',
    Array.from({ length: 360 }, (_, index) => check(index * 10 + 1)),
  );
  await writer.insertLogs(
    'logs-1',
    Array.from({ length: 3_600 }, (_, index) => access(index, index)),
  );
  const secretKey = await loadSecretKey(engine.dataDir, {});
  const questions = createQuestions(engine.telemetry);
  const ports = fakePorts({ questions, people: createAuth({ state: state.state, secretKey, baseUrl: 'http://127.0.0.1' }), audit: auditTrail(state.state) });
  served = await startConsole({ host: '127.0.0.1', port: 0, ports, bus: createBus<ConsoleTopics>(() => {}), clock: systemClock, log: { error: (error) => console.error(error) } });
  const by = { actor: shellActor, at: now };
  const link = await createOpeningLink(state.state, { expiresAt: unixMs(now + 10 * minute) }, by);
  const entered = await fetch(`${served.url}/api/v1/sign-in/link`, { method: 'POST', body: JSON.stringify({ token: link }), headers: { 'content-type': 'application/json', origin: served.url } });
  cookie = (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const added = await addToken(state.state, { name: 'report', scopes: ['read'] }, by);
  token = added.ok ? added.value.token : '';
}, 120_000);
afterAll(async () => {
  await served?.stop();
  await state?.close();
  await engine?.stop();
});

async function read<View>(path: string): Promise<View> {
  const answer = await fetch(`${served.url}${path}`, { headers: { cookie } });
  expect(answer.status, `${path} ${await answer.clone().text()}`).toBe(200);
  return (await answer.json()) as View;
}

describe('the console on real stores', () => {
  it('signs in by the one-time link, once', async () => {
    const session = await read<SessionView>('/api/v1/session');
    expect(session.person.role).toBe('admin');
    expect((await fetch(`${served.url}/api/v1/session`)).status).toBe(401);
  });

  it('the overview counts what was written', async () => {
    const view = await read<OverviewView>('/api/v1/overview');
    expect(view.errorRatio.value).toBeCloseTo(0.4, 1);
    expect(view.errorRatio.spark).toHaveLength(60);
    expect(view.availability.value).toBeCloseTo(348 / 360, 3);
    expect(view.availability.coverage).toBeGreaterThan(0.95);
    expect(view.components[0]?.state).toBe('down');
    expect(view.components[0]?.strip.filter((state) => state === 'down').length).toBeGreaterThanOrEqual(2);
    expect(view.vantages[0]).toMatchObject({ state: 'down', failing: 1, of: 1 });
  });

  it('a probe shows its failures with the reason, its phases and its rules', async () => {
    const view = await read<ProbeView>('/api/v1/probes/home?range=1h');
    expect(view.probe.strip).toHaveLength(60);
    expect(view.failures[0]).toMatchObject({ failureKind: 'mismatch', reason: '金额 100 应为 120', evidence: { status: 200 } });
    expect(view.waterfall.map((row) => row.phase)).toEqual(['connect', 'firstByte']);
    expect(view.latency.times.length).toBeGreaterThan(50);
  });

  it.each(['latency', 'errors', 'logins'])('every panel of the board %s is drawn without a fault', async (id) => {
    const board = await read<BoardView>(`/api/v1/boards/${id}?range=1h&compare=week`);
    expect(board.panels.map((panel) => panel.error)).toEqual(board.panels.map(() => null));
    for (const panel of board.panels) expect(panel.query).toContain('SELECT');
    expect(board.sentence.text['zh-CN']).not.toBe('');
  });

  it('the query shown with a panel can be run as it stands', async () => {
    const board = await read<BoardView>('/api/v1/boards/errors?range=1h');
    for (const panel of board.panels) {
      const answer = await fetch(`${served.url}/api/v1/query?sql=${encodeURIComponent(panel.query)}`, { headers: { authorization: `Bearer ${token}` } });
      expect(answer.status, `${panel.id} ${await answer.clone().text()}`).toBe(200);
    }
  });

  it('logs are found by Chinese words, page by page', async () => {
    const found = await read<LogsView>(`/api/v1/logs?range=2h&limit=100&q=${encodeURIComponent('查询发票')}`);
    expect(found.total).toBe(3_600);
    expect(found.facets.find((facet) => facet.name === 'status')?.values.map((entry) => entry.value)).toEqual(['200', '500']);
    const next = await read<LogsView>(`/api/v1/logs?range=2h&limit=100&before=${found.next ?? ''}`);
    expect(next.records[0]?.at).not.toBe(found.records[0]?.at);
  });

  it('a program reads the documented views with its token and nothing else', async () => {
    const ask = (sql: string, bearer = token) => fetch(`${served.url}/api/v1/query?sql=${encodeURIComponent(sql)}`, { headers: { authorization: `Bearer ${bearer}` } });
    const counted = await ask('SELECT sum(total) AS n, sum(errors) AS e FROM request_1m');
    expect(await counted.json()).toMatchObject({ data: [{ n: 3_600, e: 48 }], rows: 1 });
    expect((await ask('SELECT * FROM system.tables')).status).toBe(422);
    expect((await ask('SELECT 1', 'fh_wrong')).status).toBe(401);
    expect((await fetch(`${served.url}/api/v1/query?sql=SELECT%201`)).status).toBe(401);
  });

  it('the incident room draws the live panels of its open step', async () => {
    const room = await read<IncidentView>('/api/v1/incidents/i1');
    expect(room.steps[0]?.panels.map((panel) => panel.id)).toEqual(['request-error-ratio']);
    expect(room.evidence[0]?.error).toBeNull();
    expect(room.figure?.value).toBeGreaterThan(0);
  });

  it('a check by hand is written into the audit log with the name of who asked', async () => {
    const answer = await fetch(`${served.url}/api/v1/probes/home/run`, { method: 'POST', headers: { cookie, origin: served.url } });
    expect(answer.status).toBe(200);
    const [last] = await listAudit(state.state, { limit: 1 });
    expect(last).toMatchObject({ action: 'probe.run', target: 'probe/home', actor: { kind: 'person' } });
  });
});
