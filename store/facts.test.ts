import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import type { LogRecord } from '#collector/log.ts';
import type { Sample } from '#collector/sample.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs, minute, second, type UnixMs, unixMs } from '#lib/time.ts';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { clickhouseFacts } from './facts.ts';
import { createQuestions } from './questions.ts';
import { createTelemetryWriter, type TelemetryWriter } from './telemetry-writer.ts';

const start = unixMs(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000);
let engine: TestEngine;
let writer: TelemetryWriter;
const facts = () => clickhouseFacts(engine.telemetry);

/** A seeded stream of requests and logins over ten minutes, from which every truth is counted by hand. */
interface Row {
  at: UnixMs;
  service: string;
  route: string;
  status: number;
  seconds: number;
  login: { outcome: 'failed' | 'accepted'; reason: string; count: number } | null;
}

function rowsOf(seed: number): Row[] {
  let state = seed;
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: 4_000 }, (): Row => {
    const isLogin = chance() < 0.3;
    const failed = chance() < 0.4;
    return {
      at: unixMs(start + Math.floor(chance() * 10 * minute)),
      service: chance() < 0.5 ? 'invoice' : 'login',
      route: chance() < 0.5 ? '/query' : '/captcha',
      status: isLogin ? 0 : chance() < 0.2 ? 500 : 200,
      seconds: 0.01 + chance() * chance() * 3,
      login: isLogin ? { outcome: failed ? 'failed' : 'accepted', reason: failed ? (chance() < 0.7 ? 'captcha' : 'password') : '', count: 1 + Math.floor(chance() * 3) } : null,
    };
  });
}
const rows = rowsOf(11);

function record(row: Row): LogRecord {
  const login = row.login
    ? { 'login.outcome': row.login.outcome, 'login.reason': row.login.reason, 'login.count': row.login.count }
    : {
        'http.route': row.route,
        'url.path': row.route,
        'http.response.status_code': row.status,
        'http.server.request.duration': row.seconds,
        'http.request.method': 'GET',
        outcome: row.status >= 500 ? 'error' : 'ok',
      };
  return { timestamp: row.at, observedTimestamp: row.at, severityNumber: 9, severityText: 'INFO', service: row.service, source: 'test', body: 'x', attributes: login };
}

function check(at: number, outcome: CheckResult['outcome'], more: Partial<CheckResult> = {}): CheckResult {
  return { probeId: 'home', service: 'invoice', vantage: 'bj', at: unixMs(at), durationMs: durationMs(100), outcome, phases: {}, evidence: {}, attempt: 0, ...more };
}
const failing: CheckResult['outcome'] = { kind: 'fail', failure: { kind: 'status', reason: 'HTTP 500' } };
const sample = (labels: Sample['labels'], at: number, value: number | 'stale'): Sample => ({
  metric: 'up',
  labels,
  at: unixMs(start + at),
  ...(value === 'stale' ? { value: Number.NaN, stale: true } : { value }),
});

beforeAll(async () => {
  engine = await testTelemetry();
  writer = createTelemetryWriter({ telemetry: engine.telemetry, clock: systemClock });
  await writer.insertLogs('logs', rows.map(record));
  await writer.insertChecks('checks', [
    check(start + 1_000, { kind: 'pass' }),
    check(start + 11_000, failing),
    check(start + 12_000, failing, { attempt: 1 }),
    check(start + 21_000, { kind: 'slow' }, { vantage: 'sh' }),
    check(start + 31_000, { kind: 'unknown', reason: 'cut off' }),
    check(start + 11_000, failing, { probeId: 'planned', maintenance: true }),
    check(start + 21_000, failing, { probeId: 'planned' }),
  ]);
  await writer.insertSamples('samples', [
    sample({ job: 'a', instance: '1' }, 1_000, 1),
    sample({ job: 'a', instance: '2' }, 2_000, 0),
    sample({ job: 'a', instance: '1' }, 5_000, 0.5),
    sample({ job: 'b', instance: '1' }, 3_000, 1),
    sample({ job: 'b', instance: '1' }, 4_000, 'stale'),
    sample({ job: 'c', instance: '1' }, 3_000, 7),
    sample({ job: 'c', instance: '1' }, 4_000, Number.NaN),
    sample({ job: 'd', instance: '1' }, 3_000, Number.POSITIVE_INFINITY),
    sample({ job: 'd', instance: '2' }, 3_000, Number.NEGATIVE_INFINITY),
    sample({ job: 'e', instance: '1' }, 3_000, 'stale'),
    sample({ job: 'e', instance: '1' }, 4_000, 2),
  ]);
}, 60_000);
afterAll(async () => {
  await writer?.stop();
  await engine?.stop();
});

/** Windows that begin and end on a step, beside one, inside one, and longer than the data. */
const windows = [
  { name: 'on the step', from: 60_000, until: 120_000 },
  { name: 'beside the step', from: 61_234, until: 123_457 },
  { name: 'inside one step', from: 62_000, until: 67_000 },
  { name: 'an end on the step', from: 60_000, until: 121_001 },
  { name: 'the whole time', from: 0, until: 600_000 },
].map(({ name, from, until }) => ({ name, window: { from: unixMs(start + from), until: unixMs(start + until) } }));

const inside = (window: { from: number; until: number }) => rows.filter((row) => row.at >= window.from && row.at < window.until);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe.each(windows)('counts are exact: $name', ({ window }) => {
  test('errors in requests by service and route', async () => {
    const answers = await facts().ratio({ of: 'request.errors', over: 'request.total', by: ['service', 'route'], where: {}, window });
    const requests = inside(window).filter((row) => row.login === null);
    for (const service of ['invoice', 'login']) {
      for (const route of ['/query', '/captcha']) {
        const mine = requests.filter((row) => row.service === service && row.route === route);
        const answer = answers.find(({ labels }) => labels.service === service && labels.route === route);
        expect([answer?.of ?? 0, answer?.over ?? 0]).toEqual([mine.filter((row) => row.status >= 500).length, mine.length]);
      }
    }
  });

  test('by a label only the raw rows know', async () => {
    const answers = await facts().ratio({ of: 'request.errors', over: 'request.total', by: ['method'], where: { service: 'invoice' }, window });
    const mine = inside(window).filter((row) => row.login === null && row.service === 'invoice');
    expect(answers).toEqual([{ labels: { method: 'GET' }, of: mine.filter((row) => row.status >= 500).length, over: mine.length }]);
  });

  test('failed logins by reason in all attempts', async () => {
    const answers = await facts().ratio({ of: 'login.failed', over: 'login.attempts', by: ['service', 'reason'], where: {}, window });
    const logins = inside(window).flatMap((row) => (row.login ? [{ ...row.login, service: row.service }] : []));
    for (const { labels, of, over } of answers) {
      const mine = logins.filter((login) => login.service === labels.service);
      expect(of).toBe(sum(mine.filter((login) => login.outcome === 'failed' && login.reason === labels.reason).map((login) => login.count)));
      expect(over).toBe(sum(mine.map((login) => login.count)));
    }
  });

  test('a condition on the reason narrows the failures and not the attempts', async () => {
    const [answer] = await facts().ratio({ of: 'login.failed', over: 'login.attempts', by: [], where: { reason: 'captcha' }, window });
    const logins = inside(window).flatMap((row) => (row.login ? [row.login] : []));
    expect(answer).toEqual({ labels: {}, of: sum(logins.filter((login) => login.reason === 'captcha').map((login) => login.count)), over: sum(logins.map((login) => login.count)) });
  });

  test('percentiles within the width of a bucket, averages and extremes exactly', async () => {
    const values = inside(window)
      .filter((row) => row.login === null && row.service === 'invoice')
      .map((row) => row.seconds)
      .sort((a, b) => a - b);
    const ask = async (agg: 'p95' | 'avg' | 'max' | 'count') => (await facts().metric({ metric: 'request.duration', agg, by: ['service'], where: { service: 'invoice' }, window }))[0];
    const exact = values[Math.ceil(values.length * 0.95) - 1] ?? 0;
    const p95 = await ask('p95');
    expect(Math.abs((p95?.value ?? 0) - exact) / exact).toBeLessThan(0.025);
    expect(p95?.samples).toBe(values.length);
    expect((await ask('avg'))?.value).toBeCloseTo(sum(values) / values.length, 9);
    expect((await ask('max'))?.value).toBeCloseTo(values.at(-1) ?? 0, 9);
    expect((await ask('count'))?.value).toBe(values.length);
  });
});

describe('checks', () => {
  const window = { from: start, until: unixMs(start + 40 * second) };

  it('gives the newest results of each probe and vantage, re-checks included', async () => {
    const recent = await facts().recentChecks({ probeIds: ['home', 'other'], limit: 3, window });
    expect(recent.map((one) => [one.vantage, one.at - start, one.outcome, one.attempt])).toEqual([
      ['bj', 31_000, 'unknown', 0],
      ['sh', 21_000, 'slow', 0],
      ['bj', 12_000, 'fail', 1],
      ['bj', 11_000, 'fail', 0],
    ]);
    expect(recent[2]).toMatchObject({ probeId: 'home', service: 'invoice', failureKind: 'status', reason: 'HTTP 500' });
  });

  it('counts scheduled checks only, and leaves out what is unknown', async () => {
    expect(await facts().ratio({ of: 'check.failed', over: 'check.total', by: ['probe'], where: { probe: 'home' }, window })).toEqual([{ labels: { probe: 'home' }, of: 1, over: 3 }]);
    expect(await facts().ratio({ of: 'check.slow', over: 'check.total', by: ['vantage'], where: { vantage: 'sh' }, window })).toEqual([{ labels: { vantage: 'sh' }, of: 1, over: 1 }]);
  });

  it('what was planned counts nowhere, raw or rolled up, and tells a rule nothing', async () => {
    const recent = await facts().recentChecks({ probeIds: ['planned'], limit: 3, window });
    expect(recent.map((one) => [one.at - start, one.outcome])).toEqual([
      [21_000, 'fail'],
      [11_000, 'unknown'],
    ]);
    for (const by of ['probe', 'failure'])
      expect(await facts().ratio({ of: 'check.failed', over: 'check.total', by: [by], where: { probe: 'planned' }, window })).toEqual([
        { labels: { [by]: by === 'probe' ? 'planned' : 'status' }, of: 1, over: 1 },
      ]);
    const rows = await engine.telemetry.rows<{ rolled: number; kept: number }>(
      `SELECT (SELECT toFloat64(sum(total)) FROM check_1m WHERE probe = 'planned') AS rolled, (SELECT toFloat64(count()) FROM checks WHERE probe = 'planned') AS kept`,
      {},
    );
    expect(rows).toEqual([{ rolled: 1, kept: 2 }]);
  });

  it('says which labels it knows when asked for another', async () => {
    await expect(facts().ratio({ of: 'check.failed', over: 'check.total', by: ['region'], where: {}, window })).rejects.toThrow(/know no label "region"/);
  });
});

describe('samples', () => {
  const window = { from: start, until: unixMs(start + 10 * second) };

  it('answers series by series, or together by labels; an ended series is gone, one that began again is back', async () => {
    const each = await facts().metric({ metric: 'up', agg: 'last', by: 'all', where: {}, window });
    expect(each.map(({ labels }) => labels.job).sort()).toEqual(['a', 'a', 'd', 'd', 'e']);
    const known = each.filter(({ labels }) => labels.job === 'a');
    expect([...known].sort((a, b) => a.value - b.value)).toEqual([
      { labels: { job: 'a', instance: '2' }, value: 0, samples: 1 },
      { labels: { job: 'a', instance: '1' }, value: 0.5, samples: 2 },
    ]);
    const ask = async (agg: 'last' | 'min' | 'max' | 'avg' | 'sum' | 'count' | 'p50') => (await facts().metric({ metric: 'up', agg, by: ['job'], where: { job: 'a' }, window }))[0]?.value;
    expect([await ask('last'), await ask('min'), await ask('max'), await ask('sum'), await ask('count'), await ask('p50')]).toEqual([0.5, 0, 1, 1.5, 3, 0.5]);
    expect(await ask('avg')).toBeCloseTo(0.5, 9);
  });

  it('what is no number counts nowhere and is no last value; the infinities are values', async () => {
    const ask = async (job: string, agg: 'last' | 'max' | 'min' | 'count' | 'avg') => (await facts().metric({ metric: 'up', agg, by: ['job'], where: { job }, window }))[0]?.value;
    expect([await ask('c', 'last'), await ask('c', 'max'), await ask('c', 'count')]).toEqual([undefined, 7, 1]);
    expect([await ask('d', 'max'), await ask('d', 'min'), await ask('d', 'avg')]).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined]);
  });

  it('a sample that came twice counts once, for rules and for who asks in SQL', async () => {
    const twice = [1_000, 2_000].map((at) => ({ ...sample({ job: 'twice' }, at, 3), metric: 'twice' }));
    await writer.insertSamples('twice-1', twice);
    await writer.insertSamples('twice-2', twice);
    const [answer] = await facts().metric({ metric: 'twice', agg: 'sum', by: [], where: {}, window });
    expect(answer).toMatchObject({ value: 6, samples: 2 });
    const { sql } = createQuestions(engine.telemetry);
    expect(await sql({ statement: "SELECT count() AS n FROM samples WHERE metric = 'twice'" })).toMatchObject({ data: [{ n: 2 }] });
  });

  it('every value is stored as it is, to the bit', async () => {
    const values = [Number.NaN, 'stale', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 0.1] as const;
    await writer.insertSamples(
      'bits',
      values.map((value, index) => ({ ...sample({}, index, value), metric: 'bits' })),
    );
    const { sql } = createQuestions(engine.telemetry);
    const answer = await sql({ statement: "SELECT value, hex(reinterpretAsUInt64(value)) AS bits FROM samples WHERE metric = 'bits' ORDER BY at" });
    expect(answer.ok && answer.data.map(({ value, bits }) => `${String(value)} ${String(bits)}`)).toEqual([
      'nan 7FF8000000000000',
      'nan 7FF0000000000002',
      'inf 7FF0000000000000',
      '-inf FFF0000000000000',
      '0 8000000000000000',
      '5e-324 01',
      '0.1 3FB999999999999A',
    ]);
  });

  it('an unknown metric has no answer', async () => {
    expect(await facts().metric({ metric: 'nothing.here', agg: 'avg', by: [], where: {}, window })).toEqual([]);
  });

  it('a name that tries to leave its quotes is only a name', async () => {
    expect(await facts().metric({ metric: "up' OR 1=1 --", agg: 'last', by: ["job') --"], where: { "x'": "y' OR 1" }, window })).toEqual([]);
  });
});
