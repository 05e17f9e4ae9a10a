import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { day, hour, minute, second, unixMs } from '#lib/time.ts';
import type { TestEngine } from './embedded/test-engine.ts';
import { createQuestions } from './questions.ts';
import { checks, filledEngine, near, now, percentile, type Request, requests, scheduled, text } from './test-questions.ts';

const zone = 'Asia/Shanghai';
const scope = {};

let engine: TestEngine;
let questions: ReturnType<typeof createQuestions>;

beforeAll(async () => {
  engine = await filledEngine();
  questions = createQuestions(engine.telemetry);
}, 60_000);
afterAll(() => engine.stop());

describe('readings now', () => {
  it('the error ratio now, its normal for this hour and 60 minutes of it equal those counted by hand', async () => {
    const reading = await questions.errorRatioNow({ now, zone, scope });
    const recent = requests.filter((row) => row.at >= now - 2 * minute + 10 * second && row.at <= now);
    expect(reading.samples).toBe(recent.length);
    expect(reading.value).toBeCloseTo(recent.filter((row) => row.status >= 500).length / recent.length, 10);
    expect(reading.normal).toBeCloseTo(4 / 200, 10);
    const before = requests.filter((row) => row.at >= now - 59 * minute && row.at < now - 9 * minute);
    expect(reading.before).toBeCloseTo(before.filter((row) => row.status >= 500).length / before.length, 10);
    expect(reading.spark).toHaveLength(60);
    const minuteAgo = requests.filter((row) => row.at >= now - minute && row.at < now);
    expect(reading.spark.at(-2)).toBeCloseTo(minuteAgo.filter((row) => row.status >= 500).length / minuteAgo.length, 10);
  });

  it('the latency is a percentile of all requests, and normal is the middle day, not an average of days', async () => {
    const reading = await questions.latencyNow({ now, zone, scope });
    const recent = requests.filter((row) => row.at >= now - 2 * minute + 10 * second && row.at <= now);
    near(
      reading.value,
      percentile(
        recent.map((row) => row.seconds),
        0.95,
      ),
    );
    near(reading.normal, 0.3);
  });

  it('the login failure ratio counts attempts of every reason', async () => {
    const reading = await questions.loginFailureNow({ now, zone, scope });
    const recent = requests.filter((row) => row.login && row.at >= now - 5 * minute + 10 * second && row.at <= now);
    expect(reading.samples).toBe(recent.length);
    expect(reading.value).toBeCloseTo(recent.filter((row) => row.login?.outcome === 'failed').length / recent.length, 10);
    expect(reading.normal).toBeNull();
  });

  it('availability leaves unknown out and does not weigh re-checks', async () => {
    const reading = await questions.availabilityNow({ now, zone, scope });
    const known = scheduled.filter((row) => row.outcome !== 'unknown');
    expect(reading.samples).toBe(known.length);
    expect(reading.value).toBeCloseTo(known.filter((row) => row.outcome !== 'fail').length / known.length, 10);
  });

  it('an empty store knows nothing rather than zero', async () => {
    const reading = await questions.errorRatioNow({ now, zone, scope: { services: ['nobody'] } });
    expect(reading).toEqual({ value: null, samples: 0, normal: null, before: null, spark: Array(60).fill(null) });
  });
});

describe('probes', () => {
  it('a strip has 60 letters, the newest last, and a failed minute is d', async () => {
    const strips = await questions.probeMinutes({ now, scope });
    expect(strips.map((row) => row.probe).sort()).toEqual(['home', 'journey']);
    for (const row of strips) expect(row.strip).toMatch(/^[osdu]{60}$/);
    expect(strips.find((row) => row.probe === 'journey')?.strip.slice(-4, -1)).toBe('ddd');
  });

  it('a day counts scheduled checks by probe and vantage and says since when it was seen', async () => {
    const days = await questions.probeDays({ now, scope });
    const mine = scheduled.filter((row) => row.probe === 'home' && row.vantage === 'bj');
    const found = days.find((row) => row.probe === 'home' && row.vantage === 'bj');
    expect(found).toEqual({
      probe: 'home',
      vantage: 'bj',
      total: mine.length,
      known: mine.filter((row) => row.outcome !== 'unknown').length,
      good: mine.filter((row) => row.outcome === 'pass' || row.outcome === 'slow').length,
      minutes: new Set(mine.filter((row) => row.outcome !== 'unknown').map((row) => Math.floor(row.at / minute))).size,
      since: now - 3 * hour,
    });
  });

  it('speeds are percentiles of the checks themselves', async () => {
    const speeds = await questions.probeSpeeds({ scope, span: { from: unixMs(now - hour), until: now } });
    const mine = scheduled.filter((row) => row.probe === 'home' && row.at >= now - hour && row.outcome !== 'unknown').map((row) => row.ms / 1000);
    near(speeds.find((row) => row.probe === 'home')?.p95, percentile(mine, 0.95));
    near(speeds.find((row) => row.probe === 'home')?.p50, percentile(mine, 0.5));
  });

  it('recent checks come newest first and as many as asked of each', async () => {
    const recent = await questions.recentChecks({ span: { from: unixMs(now - hour), until: now }, scope, each: 3, by: 'vantage' });
    expect(recent).toHaveLength(12);
    expect(recent[0]).toMatchObject({ outcome: 'fail', failureKind: 'mismatch', reason: '金额不符' });
    const byProbe = await questions.recentChecks({ span: { from: unixMs(now - hour), until: now }, scope: { probes: ['home'] }, each: 60, by: 'probe' });
    expect(byProbe).toHaveLength(60);
  });

  it('records carry every attempt with phases and evidence', async () => {
    const records = await questions.checkRecords({ span: { from: unixMs(now - hour), until: now }, probe: 'journey', failuresOnly: true, limit: 5 });
    expect(records).toHaveLength(5);
    expect(records[0]).toMatchObject({ attempt: 1, evidence: { status: 200 }, phases: { connect: 2 } });
    const phases = await questions.phaseTimes({ span: { from: unixMs(now - hour), until: now }, probe: 'home' });
    expect(phases.map((row) => row.phase)).toEqual(['connect', 'firstByte']);
  });

  it('states of a step are the worst of it, gaps unknown', async () => {
    const states = await questions.checkStates({ span: { from: unixMs(now - 2 * hour), until: now }, now, scope: { probes: ['home'] } });
    expect(states.rows).toHaveLength(1);
    expect(states.rows[0]?.cells).toHaveLength(states.times.length);
    expect(states.rows[0]?.cells).toContain('uuuu');
  });
});

describe('lines', () => {
  const spans = [
    { name: 'a quarter of an hour in ten-second steps', ms: 15 * minute, step: 10 * second },
    { name: 'an hour in half minutes', ms: hour, step: 30 * second },
    { name: 'a day in ten minutes', ms: day, step: 10 * minute },
    { name: 'a week in hours', ms: 7 * day, step: hour },
  ];
  test.each(spans)('$name give percentiles of the merged histograms and null for gaps', async ({ ms, step }) => {
    const span = { from: unixMs(now - ms), until: now };
    const lines = await questions.requestLatency({ span, now, scope, by: 'all', quantiles: [0.5, 0.95] });
    expect(lines.stepMs).toBe(step);
    expect(lines.times.length).toBeLessThanOrEqual(400);
    expect(lines.lines.map((line) => line.key)).toEqual(['p50', 'p95']);
    const from = lines.times[0] ?? 0;
    for (const [index, value] of (lines.lines[1]?.values ?? []).entries()) {
      const inside = requests.filter((row) => row.at >= from + index * step && row.at < from + (index + 1) * step).map((row) => row.seconds);
      if (inside.length === 0) expect(value).toBeNull();
      else near(value, percentile(inside, 0.95));
    }
  });

  it('error ratios by route keep only the ten heaviest and count by hand', async () => {
    const span = { from: unixMs(now - hour), until: now };
    const lines = await questions.requestErrorRatio({ span, now, scope, by: 'route' });
    expect(lines.lines).toHaveLength(3);
    const query = lines.lines.find((line) => line.key === '/query');
    const mine = requests.filter((row) => row.route === '/query' && row.at >= (lines.times[0] ?? 0) && row.at < now);
    expect(query?.samples).toBe(mine.length);
    const last = mine.filter((row) => row.at >= now - 30 * second);
    expect(query?.values.at(-1)).toBeCloseTo(last.filter((row) => row.status >= 500).length / last.length, 10);
  });

  it('says when the last step is not over', async () => {
    expect((await questions.requestRate({ span: { from: unixMs(now - hour), until: unixMs(now + 5000) }, now, scope })).partial).toBe(true);
    expect((await questions.requestRate({ span: { from: unixMs(now - hour), until: now }, now, scope })).partial).toBe(false);
  });

  it('a heatmap holds every timed request once, under a bound not smaller than it', async () => {
    const span = { from: unixMs(now - hour), until: now };
    const heat = await questions.requestHeatmap({ span, now, scope });
    const mine = requests.filter((row) => row.at >= (heat.times[0] ?? 0) && row.at < now);
    expect(heat.cells.reduce((sum, cell) => sum + cell[2], 0)).toBe(mine.length);
    for (const [row, bound] of heat.bounds.entries()) {
      const above = heat.cells.filter((cell) => cell[1] <= row).reduce((sum, cell) => sum + cell[2], 0);
      const truth = mine.filter((request) => request.seconds <= bound).length;
      expect(Math.abs(above - truth)).toBeLessThanOrEqual(1);
    }
  });

  it('rankings count by hand', async () => {
    const span = { from: unixMs(now - hour), until: now };
    const inside = requests.filter((row) => row.at >= now - hour && row.at < now);
    const reasons = await questions.loginReasons({ span, now, scope, limit: 5 });
    expect(reasons.rows).toEqual(['captcha', 'password'].map((key) => ({ key, value: inside.filter((row) => row.login?.reason === key).length })));
    const clients = await questions.loginClients({ span, now, scope, limit: 3 });
    expect(clients.rows).toHaveLength(3);
    expect(clients.distinct).toBe(new Set(inside.filter((row) => row.login?.outcome === 'failed').map((row) => row.client)).size);
    const statuses = await questions.errorStatuses({ span, now, scope, limit: 5 });
    expect(statuses.rows.find((row) => row.key === '404')?.value).toBe(inside.filter((row) => row.status === 404).length);
    const errors = await questions.errorRoutes({ span, now, scope, limit: 5 });
    expect(errors.rows.reduce((sum, row) => sum + row.value, 0)).toBe(inside.filter((row) => row.status >= 500).length);
    const slow = await questions.slowRoutes({ span, now, scope, limit: 5 });
    near(
      slow.rows.find((row) => row.key === '/query')?.value,
      percentile(
        inside.filter((row) => row.route === '/query').map((row) => row.seconds),
        0.95,
      ),
    );
    const failures = await questions.failureKinds({ span, scope });
    expect(failures.rows).toEqual([{ key: 'mismatch', value: scheduled.filter((row) => row.outcome === 'fail' && row.at >= now - hour).length }]);
  });

  it('routes can be asked for by a pattern whose % and _ mean themselves', async () => {
    const span = { from: unixMs(now - hour), until: now };
    expect((await questions.errorRoutes({ span, now, scope: { routes: ['/que*'] }, limit: 5 })).rows.map((row) => row.key)).toEqual(['/query']);
    expect((await questions.errorRoutes({ span, now, scope: { routes: ['/qu_ry', '/%'] }, limit: 5 })).rows).toEqual([]);
  });

  it('figures of components come by route and service', async () => {
    const figures = await questions.routeFigures({ now, scope });
    expect(figures.map((row) => row.route).sort()).toEqual(['/captcha', '/login', '/query']);
    const [login] = await questions.loginFigures({ now, scope });
    expect(login?.failed).toBeGreaterThan(0);
  });

  it('knows the newest stored instants', async () => {
    const found = await questions.newest({ now });
    expect(found.checks).toBe(Math.max(...checks.map((row) => row.at)));
    expect(found.logs).toBe(Math.max(...requests.map((row) => row.at)));
  });

  it('an alert transition is a mark', async () => {
    await engine.telemetry.client.insert({
      table: 'alert_transitions',
      format: 'JSONEachRow',
      values: [{ at: text(now - minute), episode: 'e', fingerprint: 'f', rule: 'Errors', from_state: 'pending', to_state: 'firing', severity: 'critical', service: 'invoice', value: 0.4, labels: {} }],
    });
    expect(await questions.alertMarks({ span: { from: unixMs(now - hour), until: now }, limit: 10 })).toEqual([{ at: now - minute, rule: 'Errors', fingerprint: 'f', to: 'firing' }]);
  });
});

describe('logs', () => {
  const search = { span: { from: unixMs(now - hour), until: now }, q: '', service: '', level: '', status: '', outcome: '', source: '', limit: 50, before: '', now };
  const inside = requests.filter((row) => row.at >= now - hour && row.at < now);

  test.each([
    { name: 'everything', ask: {}, keep: () => true },
    { name: 'a Chinese substring', ask: { q: '结果500' }, keep: (row: Request) => row.status === 500 },
    { name: 'two characters of Chinese', ask: { q: '查询' }, keep: () => true },
    { name: 'what a body does not hold', ask: { q: '不存在的字' }, keep: () => false },
    { name: 'words together', ask: { q: '/login 结果404' }, keep: (row: Request) => row.route === '/login' && row.status === 404 },
    { name: 'a word left out', ask: { q: '-结果200' }, keep: (row: Request) => row.status !== 200 },
    { name: 'a field', ask: { q: 'client:203.0.113.7' }, keep: (row: Request) => row.client === '203.0.113.7' },
    { name: 'percent and underscore as themselves', ask: { q: '%' }, keep: () => false },
    { name: 'quotes and backslashes as themselves', ask: { q: `' OR 1=1 -- \\` }, keep: () => false },
    { name: 'a level', ask: { level: 'error' }, keep: (row: Request) => row.level === 17 },
    { name: 'a status class', ask: { status: '4xx' }, keep: (row: Request) => row.status === 404 },
    { name: 'a status and a class', ask: { status: '500,4xx' }, keep: (row: Request) => row.status >= 400 },
    { name: 'a source and an outcome', ask: { source: 'auth', outcome: 'error' }, keep: (row: Request) => row.login !== undefined && row.status >= 500 },
  ])('searching for $name finds what is there', async ({ ask, keep }) => {
    const found = await questions.logs({ ...search, ...ask });
    expect(found.total).toBe(inside.filter(keep).length);
  });

  it('alike lines are one shape, with counts before and after a moment', async () => {
    const since = unixMs(now - hour / 4);
    const found = await questions.logShapes({ search, since, masks: [['\\d+', '<n>']] });
    expect(found).toMatchObject({ total: inside.length, sampled: inside.length, every: 1, whole: true });
    for (const { text, count, before, counts } of found.shapes) {
      const rows = inside.filter((row) => text === (row.login ? `login ${row.login.outcome}${row.login.reason ? `: ${row.login.reason}` : ''}` : `GET ${row.route} → ${row.status}`));
      expect({ text, count, before, steps: counts.length, sum: counts.reduce((sum, one) => sum + one, 0) }).toEqual({
        text,
        count: rows.length,
        before: rows.filter((row) => row.at < since).length,
        steps: 30,
        sum: rows.length,
      });
    }
  });

  it('facets count each value', async () => {
    const { facets } = await questions.logs(search);
    const statuses = facets.find((facet) => facet.name === 'status')?.values;
    expect(statuses?.find((entry) => entry.value === '404')?.count).toBe(inside.filter((row) => row.status === 404).length);
    expect(facets.find((facet) => facet.name === 'level')?.values.map((entry) => entry.value)).toEqual(['info', 'error']);
  });

  it('a record shows its fields by their OpenTelemetry names', async () => {
    const { records } = await questions.logs({ ...search, source: 'auth', limit: 1 });
    expect(records[0]?.attributes).toMatchObject({ 'http.route': '/login', 'host.name': 'demo-1', 'http.request.method': 'GET' });
    expect(records[0]?.attributes).not.toHaveProperty('user.name');
  });

  it('paging shows every record exactly once', async () => {
    const seen: string[] = [];
    let before = '';
    for (let turn = 0; turn < 100; turn++) {
      const page = await questions.logs({ ...search, limit: 97, before });
      seen.push(...page.records.map((record) => record.body));
      if (page.next === null) break;
      before = page.next;
    }
    expect(seen).toHaveLength(inside.length);
    expect(new Set(seen).size).toBe(inside.length);
  });
});

// Last, since what it adds would be counted by the others.
describe('planned minutes', () => {
  it('a minute of planned checks alone is m, and one that also saw something else is not', async () => {
    const row = (back: number, outcome: string, maintenance: boolean) => ({ at: text(now - back * minute), service: 'works', probe: 'planned', vantage: 'bj', outcome, maintenance });
    const values = [row(5, 'fail', true), row(4, 'pass', true), row(4, 'pass', false), row(70, 'fail', true)];
    await engine.telemetry.client.insert({ table: 'checks', format: 'JSONEachRow', values });
    const strips = await questions.probeMinutes({ now, scope: { services: ['works'] } });
    expect(strips).toEqual([{ probe: 'planned', strip: `${'u'.repeat(54)}mouuuu` }]);
  });
});
