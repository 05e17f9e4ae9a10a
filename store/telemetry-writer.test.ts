import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import type { LogRecord } from '#collector/log.ts';
import { LogBlock } from '#collector/log-block.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { createTelemetryWriter, type TelemetryWriter } from './telemetry-writer.ts';

let test: TestEngine;
let writer: TelemetryWriter;
const now = unixMs(Math.floor(Date.now() / 3_600_000) * 3_600_000);

beforeAll(async () => {
  test = await testTelemetry();
  writer = createTelemetryWriter({ telemetry: test.telemetry, clock: systemClock });
}, 60_000);
afterAll(() => test.stop());

const record = (more: Partial<LogRecord> = {}): LogRecord => ({
  timestamp: now,
  observedTimestamp: now,
  severityNumber: 9,
  severityText: 'INFO',
  service: 'invoice',
  source: 'access',
  body: 'GET / 烽火\n\nDROP TABLE logs',
  attributes: {},
  ...more,
});

const check = (more: Partial<CheckResult> = {}): CheckResult => ({
  probeId: 'invoice-home',
  service: 'invoice',
  vantage: 'local',
  at: now,
  durationMs: durationMs(120.5),
  outcome: { kind: 'pass' },
  phases: { dns: 1.5, connect: 2 },
  evidence: { status: 200 },
  attempt: 0,
  ...more,
});

describe('rows', () => {
  it('keeps every hot attribute in its column and the rest in the map', async () => {
    await writer.insertLogs('columns', [
      record({
        source: 'columns',
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/query',
          'url.path': '/query/1',
          'http.response.status_code': 502,
          'http.server.request.duration': 0.25,
          'http.response.body.size': 5_000_000_000,
          'client.address': '10.0.0.1',
          'user_agent.original': '演示 '.repeat(40),
          outcome: 'error',
          'error.type': 'status',
          'app.code': '001',
          'process.pid': 42,
        },
      }),
      record({ source: 'columns', attributes: { 'login.outcome': 'failed', 'login.reason': 'captcha', 'login.method': 'password', 'login.count': 5, 'user.name': '张三' } }),
    ]);
    const rows = await test.telemetry.rows(
      `SELECT toUnixTimestamp64Milli(timestamp) AS at, body, method, route, path, status, duration_s, bytes, client, user_agent, outcome, error_type, login_outcome, login_reason, login_method, login_count, user, attributes
       FROM logs WHERE source = {source:String} ORDER BY status DESC`,
      { source: 'columns' },
    );
    expect(rows).toEqual([
      {
        at: now,
        body: 'GET / 烽火\n\nDROP TABLE logs',
        method: 'GET',
        route: '/query',
        path: '/query/1',
        status: 502,
        duration_s: 0.25,
        bytes: 5_000_000_000,
        client: '10.0.0.1',
        user_agent: '演示 '.repeat(40),
        outcome: 'error',
        error_type: 'status',
        login_outcome: '',
        login_reason: '',
        login_method: '',
        login_count: 0,
        user: '',
        attributes: { 'app.code': '001', 'process.pid': '42' },
      },
      {
        at: now,
        body: 'GET / 烽火\n\nDROP TABLE logs',
        method: '',
        route: '',
        path: '',
        status: 0,
        duration_s: null,
        bytes: null,
        client: '',
        user_agent: '',
        outcome: '',
        error_type: '',
        login_outcome: 'failed',
        login_reason: 'captcha',
        login_method: 'password',
        login_count: 5,
        user: '张三',
        attributes: {},
      },
    ]);
  });

  it('stores the same by columns as by rows, a body of many records too large for a socket among them', async () => {
    const records = (source: string): LogRecord[] => [
      record({ source }),
      record({
        source,
        timestamp: unixMs(9e15),
        severityNumber: 17,
        severityText: 'ERROR',
        body: '演示 '.repeat(60),
        attributes: { 'login.outcome': 'failed', 'login.count': 5, 'user.name': '张三', 'a b': true, n: 4.5 },
      }),
      record({
        source,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/',
          'url.path': '/',
          'http.response.status_code': 200,
          'http.server.request.duration': 0.25,
          'http.response.body.size': 5_000_000_000,
          'user_agent.original': 'x'.repeat(200),
          outcome: 'ok',
        },
      }),
      record({ source, attributes: { 'http.response.status_code': '404', 'http.server.request.duration': -1, 'http.response.body.size': 'many', 'client.address': '::1', 'error.type': '404' } }),
    ];
    const small = new LogBlock();
    const large = new LogBlock();
    for (const one of records('columns-small')) small.add(one);
    for (let count = 0; count < 1_000; count++)
      for (const one of records('columns-large')) large.add({ ...one, attributes: { ...one.attributes, 'some.number': count, 'user_agent.original': `agent ${count}` } });
    await writer.insertLogs('as rows', records('rows'));
    await writer.insertBlocks('as columns', [small, new LogBlock()]);
    await writer.insertBlocks('as large columns', [large, small, large]);
    const rowsOf = async (source: string) => test.telemetry.rows('SELECT * EXCEPT (source) FROM logs WHERE source = {source:String} ORDER BY severity, status, body', { source });
    expect(await rowsOf('columns-small')).toEqual((await rowsOf('rows')).flatMap((row) => [row, row]));
    expect(
      await test.telemetry.rows(
        `SELECT count() AS n, uniqExact(user_agent) AS agents, countIf(attributes['some.number'] = substring(user_agent, 7)) AS together, uniqExact(body) AS bodies FROM logs WHERE source = 'columns-large'`,
      ),
    ).toEqual([{ n: 8_000, agents: 1_000, together: 8_000, bodies: 2 }]);
  });

  it('files a record with an impossible time under when it was seen, and keeps the time it bore', async () => {
    await writer.insertLogs('misread', [record({ source: 'misread', timestamp: unixMs(9e15) }), record({ source: 'misread', timestamp: unixMs(-5) })]);
    const rows = await test.telemetry.rows('SELECT toUnixTimestamp64Milli(timestamp) AS at, attributes FROM logs WHERE source = {source:String} ORDER BY attributes', { source: 'misread' });
    expect(rows).toEqual([
      { at: now, attributes: { 'log.timestamp.original': '-5' } },
      { at: now, attributes: { 'log.timestamp.original': '9000000000000000' } },
    ]);
  });

  it('keeps records of more than a hundred different days of long ago in one batch', async () => {
    const days = Array.from({ length: 150 }, (_, index) => record({ source: 'old', timestamp: unixMs(Date.parse('2015-05-17T10:05:03.123Z') + index * 86_400_000) }));
    await writer.insertLogs('old', days);
    await test.telemetry.command('OPTIMIZE TABLE logs FINAL');
    expect(await test.telemetry.rows('SELECT count() AS n, min(toUnixTimestamp64Milli(timestamp)) AS first FROM logs WHERE source = {source:String}', { source: 'old' })).toEqual([
      { n: 150, first: Date.parse('2015-05-17T10:05:03.123Z') },
    ]);
  });

  it('stores checks with their phases, failure and evidence', async () => {
    await writer.insertChecks('checks', [
      check(),
      check({ outcome: { kind: 'fail', failure: { kind: 'mismatch', reason: '金额不符' } }, attempt: 1 }),
      check({ outcome: { kind: 'unknown', reason: 'no network' } }),
    ]);
    expect(await test.telemetry.rows('SELECT outcome, failure, reason, attempt, duration_ms, phases, evidence FROM checks ORDER BY outcome')).toEqual([
      { outcome: 'pass', failure: '', reason: '', attempt: 0, duration_ms: 120.5, phases: { dns: 1.5, connect: 2 }, evidence: '{"status":200}' },
      { outcome: 'fail', failure: 'mismatch', reason: '金额不符', attempt: 1, duration_ms: 120.5, phases: { dns: 1.5, connect: 2 }, evidence: '{"status":200}' },
      { outcome: 'unknown', failure: '', reason: 'no network', attempt: 0, duration_ms: 120.5, phases: { dns: 1.5, connect: 2 }, evidence: '{"status":200}' },
    ]);
    // Re-checks do not count, and the time a check could not see is in no histogram.
    expect(await test.telemetry.rows('SELECT sum(total) AS total, sum(passed) AS passed, sum(failed) AS failed, sum(unknown) AS unknown, sumMap(histogram) AS histogram FROM check_1h')).toEqual([
      { total: 2, passed: 1, failed: 0, unknown: 1, histogram: { [Math.ceil(Math.log2(0.1205) * 32) - 1]: 1 } },
    ]);
  });

  it('stores samples, one number a series whatever the order of its labels', async () => {
    await writer.insertSamples('samples', [
      { metric: 'up', labels: { a: '1', b: '2' }, at: now, value: 1 },
      { metric: 'up', labels: { b: '2', a: '1' }, at: unixMs(now + 1), value: Number.NaN },
    ]);
    expect(await test.telemetry.rows('SELECT uniqExact(series) AS series, count() AS n, countIf(isNaN(value)) AS stale, any(labels) AS labels FROM samples')).toEqual([
      { series: 1, n: 2, stale: 1, labels: { a: '1', b: '2' } },
    ]);
  });
});

describe('acknowledgement', () => {
  it('counts a batch sent twice with one token once, in the raw table and every rollup', async () => {
    const rows = Array.from({ length: 500 }, (_, index) =>
      record({ source: 'twice', service: 'twice', attributes: { 'http.response.status_code': 200, 'http.server.request.duration': 0.001 * (index + 1), outcome: 'ok' } }),
    );
    await writer.insertLogs('twice', rows);
    await writer.insertLogs('twice', rows);
    await writer.insertLogs('a later batch without trouble', rows.slice(0, 1));
    for (const table of ['request_10s', 'request_1m', 'request_1h']) {
      expect(await test.telemetry.rows(`SELECT sum(total) AS total, sum(timed) AS timed, arraySum(mapValues(sumMap(histogram))) AS buckets FROM ${table} WHERE service = 'twice'`)).toEqual([
        { total: 501, timed: 501, buckets: 501 },
      ]);
    }
    expect(await test.telemetry.rows(`SELECT count() AS n FROM logs WHERE service = 'twice'`)).toEqual([{ n: 501 }]);
  });

  it('waits while the store is not as it should be, and never blames the batch for that', async () => {
    const broken = createTelemetryWriter({ telemetry: test.telemetry, clock: systemClock });
    await test.telemetry.command('RENAME TABLE samples TO samples_away');
    const insert = broken.insertSamples('missing table', [{ metric: 'up', labels: {}, at: now, value: 1 }]);
    await systemClock.sleep(durationMs(200));
    expect(broken.backlog()).toBe(1);
    await test.telemetry.command('RENAME TABLE samples_away TO samples');
    await insert;
    expect(await test.telemetry.rows(`SELECT count() AS n FROM samples WHERE labels = map()`)).toEqual([{ n: 1 }]);
  });
});
