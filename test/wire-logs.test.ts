import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { SeverityNumber } from '@opentelemetry/api';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import LokiTransport from 'winston-loki';
import { fuzz, fuzzProtocols } from './fuzz-ingest.ts';
import { until } from './instance.ts';
import { logger, loggerIsThere, rsyslogIsThere, rsyslogSpeaksTls, startRsyslog } from './rsyslog.ts';
import { openWireSite, type WireSite } from './wire-site.ts';

/** Clients nobody here wrote send to a started product; what they sent is in the store, once, as they meant it. */

let site: WireSite;
beforeAll(async () => {
  site = await openWireSite(18_970);
}, 310_000);
afterAll(async () => {
  expect(await site.stop()).toBe(0);
});

interface Row {
  at: string;
  service: string;
  severity: number;
  severity_text: string;
  body: string;
  attributes: Record<string, string>;
}
const columns = 'toString(toUnixTimestamp64Milli(timestamp)) AS at, service, severity, severity_text, body, attributes';
async function logs(where: string, count: number): Promise<Row[]> {
  const read = () => site.rows<Row>(`SELECT ${columns} FROM logs WHERE ${where} ORDER BY timestamp, body LIMIT 10000`);
  await until(`${count} logs where ${where}`, async () => (await read()).length >= count, 20_000);
  const got = await read();
  expect(got.length, where).toBe(count);
  return got;
}

const exporters = [
  { name: 'protobuf', Logs: ProtobufLogs, Metrics: ProtobufMetrics, compression: 'none' },
  { name: 'protobuf, gzip', Logs: ProtobufLogs, Metrics: ProtobufMetrics, compression: 'gzip' },
  { name: 'JSON', Logs: JsonLogs, Metrics: JsonMetrics, compression: 'none' },
  { name: 'JSON, gzip', Logs: JsonLogs, Metrics: JsonMetrics, compression: 'gzip' },
] as const;

describe("OpenTelemetry's exporters for Node", () => {
  const options = (path: string, compression: 'none' | 'gzip') => ({ url: `${site.url}${path}`, headers: { authorization: `Bearer ${site.token}` }, compression: compression as never });

  test.each(exporters)('logs are there as they were meant: $name', async ({ name, Logs, compression }) => {
    const service = `otel ${name}`;
    const provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': service, 'host.name': 'web-1' }),
      processors: [new BatchLogRecordProcessor({ exporter: new Logs(options('/v1/logs', compression)) })],
    });
    const log = provider.getLogger('wire', '1.0.0');
    const at = Date.now() - 60_000;
    for (let n = 0; n < 1_000; n++) {
      const attributes = { n, ratio: 0.125, ok: true, big: 2 ** 52, list: ['甲', '乙'], nested: { a: { b: 1 } } };
      log.emit({ timestamp: at + n, severityNumber: SeverityNumber.ERROR, severityText: 'ERROR', body: `发票 ${n} 查询失败 🔥`, attributes, eventName: 'query.failed' });
    }
    await provider.shutdown();
    const rows = await logs(`service = '${service}'`, 1_000);
    for (const [n, row] of rows.entries()) {
      expect(row).toEqual({
        ...{ at: String(at + n), service, severity: 17, severity_text: 'ERROR', body: `发票 ${n} 查询失败 🔥` },
        attributes: {
          ...{ 'host.name': 'web-1', 'otel.scope.name': 'wire', 'event.name': 'query.failed', n: String(n), ratio: '0.125', ok: 'true', big: String(2 ** 52) },
          ...{ list: '["甲","乙"]', nested: '{"a":{"b":1}}' },
        },
      });
    }
  });

  test.each(exporters)('metrics have their exact values: $name', async ({ name, Metrics, compression }) => {
    const service = `otel ${name}`;
    const reader = new PeriodicExportingMetricReader({ exporter: new Metrics(options('/v1/metrics', compression)), exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ resource: resourceFromAttributes({ 'service.name': service }), readers: [reader] });
    const meter = provider.getMeter('wire');
    const requests = meter.createCounter('wire.requests');
    requests.add(3, { route: '/查验' });
    requests.add(4, { route: '/查验' });
    meter.createUpDownCounter('wire.open').add(-5);
    meter.createGauge('wire.temperature').record(-0.1);
    const took = meter.createHistogram('wire.took', { advice: { explicitBucketBoundaries: [1, 5] } });
    for (const value of [0.5, 2.25, 9]) took.record(value);
    await provider.shutdown();
    const read = () =>
      site.rows<{ shown: string; value: number }>(`SELECT concat(metric, ' ', labels['le'], labels['route']) AS shown, value FROM samples WHERE labels['service'] = '${service}' ORDER BY shown`);
    await until('the samples', async () => (await read()).length >= 8, 20_000);
    expect(Object.fromEntries((await read()).map(({ shown, value }) => [shown.trim(), value]))).toEqual({
      'wire.requests /查验': 7,
      'wire.open': -5,
      'wire.temperature': -0.1,
      'wire.took.bucket 1': 1,
      'wire.took.bucket 5': 2,
      'wire.took.bucket +Inf': 3,
      'wire.took.count': 3,
      'wire.took.sum': 11.75,
    });
  });
});

describe("Loki's push by winston-loki", () => {
  test.each([
    { name: 'JSON', json: true },
    { name: 'protobuf', json: false },
  ])('lines are there once, with labels and level: $name', async ({ name, json }) => {
    const service = `loki ${name}`;
    const transport = new LokiTransport({
      host: site.url,
      headers: { Authorization: `Bearer ${site.token}`, 'X-Scope-OrgID': 'tenant' },
      json,
      labels: { app: service, env: '生产' },
      interval: 1,
      gracefulShutdown: false,
    });
    for (let n = 0; n < 500; n++) transport.log?.({ [Symbol.for('level')]: n % 2 ? 'warn' : 'error', level: n % 2 ? 'warn' : 'error', message: `第 ${n} 行 "quoted"` }, () => {});
    await transport.flush();
    await transport.close();
    const rows = await logs(`service = '${service}'`, 500);
    expect(new Set(rows.map(({ body }) => /第 (\d+) 行/.exec(body)?.[1])).size).toBe(500);
    for (const { body, severity, attributes } of rows) {
      const n = Number(/第 (\d+) 行 "quoted"/.exec(body)?.[1]);
      expect([severity, attributes.level, attributes.env]).toEqual(n % 2 ? [13, 'warn', '生产'] : [17, 'error', '生产']);
    }
    expect(((await site.ask('/api/v1/sources')).sources as { id: string }[]).find(({ id }) => id === 'loki')).toMatchObject({ kind: 'loki', dropped: 0, malformed: 0, lastError: null });
  });
});

const hundred = Array.from({ length: 100 }, (_, n) => `第 ${n} 张发票查询失败 <&>"`);

/** Each of the hundred once, from this host, by this program, in this severity. */
function expectHundred(rows: readonly Row[], program: string): void {
  expect(rows.map(({ body }) => body).sort()).toEqual([...hundred].sort());
  for (const { attributes, severity, at } of rows) {
    expect([attributes['syslog.appname'], severity, attributes['syslog.facility'], attributes['network.peer.address']]).toEqual([program, 17, '16', '127.0.0.1']);
    expect(attributes['host.name']).not.toBe('');
    expect(Math.abs(Date.now() - Number(at))).toBeLessThan(60_000);
  }
}

describe.skipIf(!rsyslogIsThere || !loggerIsThere)("Debian's rsyslogd (skipped where it is not installed)", () => {
  it('every message is there once by each way it is forwarded', async () => {
    const rsyslog = await startRsyslog(site);
    try {
      await rsyslog.log(hundred, ['-t', 'wire-rsyslog', '-p', 'local0.err']);
      for (const source of ['udp', 'tcp', 'lines', ...(rsyslogSpeaksTls ? ['tls'] : [])])
        expectHundred(await logs(`source = '${source}' AND attributes['syslog.appname'] = 'wire-rsyslog'`, 100), 'wire-rsyslog');
    } finally {
      await rsyslog.stop();
    }
  });
  it.skipIf(rsyslogSpeaksTls)('over TLS: NOT TESTED, rsyslog-gnutls is not installed', () => {});
});

describe.skipIf(!loggerIsThere)("util-linux's logger (skipped where it is not installed)", () => {
  test.each([
    { source: 'udp', words: ['--udp', '--rfc3164'] },
    { source: 'udp', words: ['--udp', '--rfc5424'] },
    { source: 'tcp', words: ['--tcp', '--rfc3164', '--octet-count'] },
    { source: 'tcp', words: ['--tcp', '--rfc5424', '--octet-count', '-S', '8192'] },
    { source: 'lines', words: ['--tcp', '--rfc3164'] },
    { source: 'lines', words: ['--tcp', '--rfc5424=notq,notime'] },
  ] as const)('every message is there once: $words', async ({ source, words }) => {
    const program = `wire${words.join('')}`.replaceAll(/[^a-z0-9]/g, '');
    const sent = promisify(execFile)(logger, ['-n', '127.0.0.1', '-P', String(site.ports[source]), '-t', program, '-p', 'local0.err', ...words], { timeout: 10_000 });
    sent.child.stdin?.end(`${hundred.join('\n')}\n`);
    await sent;
    expectHundred(await logs(`source = '${source}' AND attributes['syslog.appname'] = '${program}'`, 100), program);
  });

  it('a message as long as -S allows is whole', async () => {
    const long = `长${'查'.repeat(2_000)}完`;
    await promisify(execFile)(logger, ['-n', '127.0.0.1', '-P', String(site.ports.tcp), '-t', 'wirelong', '-S', '8192', '--tcp', '--octet-count', '--', long], { timeout: 10_000 });
    expect((await logs("attributes['syslog.appname'] = 'wirelong'", 1))[0]?.body).toBe(long);
  });
});

it('what no sender should send is answered as documented, nothing dies, and a good message is stored once after it, by each protocol', async () => {
  const reports = await Promise.all(fuzzProtocols.map((protocol) => fuzz(site, { protocol, seed: 7, ms: 3_000 })));
  expect(reports.flatMap(({ protocol, wrong }) => wrong.map((one) => `${protocol}: ${one}`))).toEqual([]);
  expect(reports.every(({ cases }) => cases > 0)).toBe(true);
}, 180_000);
