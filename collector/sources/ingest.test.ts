import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { openSpool, type Spool } from '#collector/spool.ts';
import { systemClock } from '#lib/clock.ts';
import { http } from './http-lines.ts';
import type { IngestRequest } from './ingest.ts';
import { createOtlp, type OtlpIngest } from './otlp.ts';
import { writeField } from './protobuf.ts';
import type { RunningSource } from './source.ts';

let dir: string;
let spool: Spool;
let otlp: OtlpIngest;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-ingest-'));
  spool = await openSpool({ dir, maxBytes: 100_000_000, clock: systemClock });
  otlp = createOtlp({ spool, clock: systemClock });
});
afterEach(async () => {
  await spool.close();
  await rm(dir, { recursive: true });
});

const request = (body: string | Uint8Array | object, { contentType = 'application/json', encoding = '' } = {}): IngestRequest => ({
  contentType,
  encoding,
  body: body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const proto = { contentType: 'application/x-protobuf' };
const kept = async (urgent = false) => {
  const batch = (await spool.take(urgent))?.batch;
  return batch && batch.kind !== 'mark' ? (batch.rows as readonly unknown[]) : [];
};
const at = Date.now();
const nanos = `${at}000000`;

describe('lines', () => {
  const started = (format: string): RunningSource =>
    http.make(http.schema.parse({ id: 'app', kind: 'http', service: 'invoice', format }) as never, undefined).start({ spool, clock: systemClock, onError: () => {} });
  const line = '<34>1 2026-11-24T10:00:00Z web-1 su - ID47 - login failed for 13812345678';
  test.each([
    { name: 'text', asked: request(`${line}\n\nplain\n`, { contentType: 'text/plain' }) },
    { name: 'gzip', asked: request(gzipSync(`${line}\n\nplain\n`), { contentType: 'text/plain', encoding: 'gzip' }) },
    { name: 'JSON', asked: request([line, '', 'plain']) },
  ])('are read by the format and masked: $name', async ({ asked }) => {
    const source = started('syslog');
    const answer = await source.receive?.(asked);
    expect(answer).toMatchObject({ status: 200, body: '{"accepted":2,"malformed":1}' });
    expect(await kept()).toMatchObject([{ service: 'invoice', source: 'app', body: 'login failed for 138****5678', severityNumber: 18 }, { body: 'plain' }]);
    expect(source.health()).toMatchObject({ lines: 3, blank: 1, events: 1, malformed: 1, masked: 1, dropped: 0 });
  });
  test.each([
    { status: 400, asked: request('{"a":') },
    { status: 400, asked: request('no gzip', { encoding: 'gzip' }) },
    { status: 415, asked: request('x', { encoding: 'br' }) },
    { status: 413, asked: request(gzipSync(Buffer.alloc(65 * 1024 * 1024)), { encoding: 'gzip' }) },
    { status: 413, asked: request('x\n'.repeat(50_001), { contentType: 'text/plain' }) },
    { status: 413, asked: request(gzipSync('\n'.repeat(100_001)), { contentType: 'text/plain', encoding: 'gzip' }) },
  ])('what can never succeed is refused with $status', async ({ status, asked }) => {
    const source = started('syslog');
    expect((await source.receive?.(asked))?.status).toBe(status);
    expect(source.health()).toMatchObject({ events: 0, dropped: 1 });
    expect(source.health().lastError).not.toBeNull();
  });
  it('a spool without room is said as such, and nothing of it is kept', async () => {
    await spool.close();
    const answer = await started('syslog').receive?.(request(line, { contentType: 'text/plain' }));
    expect(answer).toMatchObject({ status: 503, retryAfterSeconds: 5 });
  });
});

describe('OTLP', () => {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const resource = { attributes: [attribute('service.name', 'invoice'), attribute('host.name', 'web-1')] };
  const record = { timeUnixNano: nanos, severityNumber: 17, severityText: 'ERROR', body: { stringValue: '13812345678 failed' }, traceId: '5B8EFFF798038103D269B633813FC60C', unknown: 1 };
  const logs = (logRecord: object) => ({ resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'lib' }, logRecords: [logRecord] }] }] });

  it('JSON logs become records', async () => {
    const attributes = [
      { key: 'n', value: { intValue: '42' } },
      { key: 'big', value: { intValue: '9223372036854775' } },
      { key: 'phone', value: { intValue: 13812345678 } },
      { key: 'list', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 1.5 }] } } },
    ];
    expect(await otlp.logs(request(logs({ ...record, attributes })))).toEqual({ status: 200, contentType: 'application/json', body: '{}' });
    expect(await kept()).toMatchObject([
      {
        ...{ timestamp: at, severityNumber: 17, severityText: 'ERROR', service: 'invoice', source: 'otlp', body: '138****5678 failed' },
        attributes: { 'host.name': 'web-1', 'otel.scope.name': 'lib', n: 42, big: '9223372036854775', phone: '138****5678', list: '[true,1.5]', trace_id: '5b8efff798038103d269b633813fc60c' },
      },
    ]);
    expect(otlp.health()).toMatchObject({ lines: 1, events: 1, masked: 2 });
  });

  it('protobuf logs become the same', async () => {
    const text = (value: string) => writeField(1, value);
    const pair = (key: string, value: string) => Buffer.concat([writeField(1, key), writeField(2, text(value))]);
    const logRecord = Buffer.concat([writeField(2, 9), writeField(3, 'INFO'), writeField(5, text('hello')), writeField(6, pair('k', 'v')), writeField(9, Buffer.from('ab'.repeat(16), 'hex'))]);
    const body = writeField(1, Buffer.concat([writeField(1, writeField(1, pair('service.name', 'invoice'))), writeField(2, writeField(2, logRecord))]));
    expect(await otlp.logs(request(gzipSync(body), { ...proto, encoding: 'gzip' }))).toEqual({ status: 200, contentType: 'application/x-protobuf', body: new Uint8Array() });
    expect(await kept()).toMatchObject([{ severityNumber: 9, service: 'invoice', body: 'hello', attributes: { k: 'v', trace_id: 'ab'.repeat(16) } }]);
  });

  test.each(['1795529618402000000', 1795529618402000000, '1795529618402999999'])('a time in nanoseconds is the millisecond it lies in: %s', async (timeUnixNano) => {
    await otlp.logs(request(logs({ ...record, timeUnixNano })));
    expect(await kept()).toMatchObject([{ timestamp: 1795529618402 }]);
  });

  it('a request that comes again after it was kept is kept once; without times it could be another one', async () => {
    for (const answer of [await otlp.logs(request(logs(record))), await otlp.logs(request(logs(record)))]) expect(answer.status).toBe(200);
    expect(otlp.health()).toMatchObject({ lines: 1, events: 1, duplicates: 1 });
    const undated = { body: { stringValue: 'x' } };
    for (const answer of [await otlp.logs(request(logs(undated))), await otlp.logs(request(logs(undated)))]) expect(answer.status).toBe(200);
    expect(otlp.health()).toMatchObject({ lines: 3, events: 3, duplicates: 1 });
  });

  it('more values than memory has room for are refused before they are read', async () => {
    const bomb = request(gzipSync(Buffer.alloc(5_000_001, ','), { level: 1 }), { encoding: 'gzip' });
    expect((await otlp.logs(bomb)).status).toBe(413);
  });

  it('an empty request is a success', async () => {
    expect((await otlp.logs(request({}))).status).toBe(200);
    expect((await otlp.metrics(request(new Uint8Array(), proto))).status).toBe(200);
  });

  const deep = (levels: number): object => (levels === 0 ? { stringValue: 'x' } : { arrayValue: { values: [deep(levels - 1)] } });
  it('values nested without end are cut', async () => {
    expect((await otlp.logs(request(logs({ ...record, body: deep(1_000) })))).status).toBe(200);
    const [row] = (await kept()) as { body: string }[];
    expect(row?.body).toContain('…');
  });

  test.each([
    { status: 415, asked: request('', { contentType: 'text/plain' }) },
    { status: 400, asked: request('{') },
    { status: 400, asked: request({ resourceLogs: 7 }) },
    { status: 400, asked: request(logs({ ...record, severityNumber: 'SEVERITY_NUMBER_ERROR' })) },
    { status: 400, asked: request(logs({ ...record, traceId: 'W47/95gDgQPSabYzgT/GDA==' })) },
    { status: 400, asked: request(Buffer.from([10, 200]), proto) },
    { status: 400, asked: request(Buffer.from('0afffffff00f', 'hex'), proto) },
  ])('refuses with $status and a Status in the type that was sent', async ({ status, asked }) => {
    const answer = await otlp.logs(asked);
    expect(answer.status).toBe(status);
    if (asked.contentType === proto.contentType) expect(Buffer.from(answer.body as Uint8Array).subarray(0, 2)).toEqual(Buffer.from([8, 3]));
    else expect(JSON.parse(String(answer.body))).toMatchObject({ code: 3, message: expect.any(String) });
    expect(otlp.health().malformed).toBe(1);
  });

  it('metrics of every kind become samples; what can never be kept is said', async () => {
    const point = { timeUnixNano: nanos };
    const metrics = [
      { name: 'temperature', gauge: { dataPoints: [{ ...point, asDouble: 21.5, attributes: [attribute('room', 'a')] }] } },
      { name: 'requests', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...point, asInt: '7' }] } },
      { name: 'took', histogram: { aggregationTemporality: 2, dataPoints: [{ ...point, count: '3', sum: 4.5, bucketCounts: ['1', 2, '0'], explicitBounds: [1, 2] }] } },
      { name: 'size', exponentialHistogram: { aggregationTemporality: 1, dataPoints: [{ ...point, count: 4, sum: 9, scale: 0, zeroCount: 1, positive: { offset: 0, bucketCounts: ['2', '1'] } }] } },
      { name: 'odd', gauge: { dataPoints: [{ ...point, asDouble: 'a lot' }] } },
      { name: 'silent', gauge: { dataPoints: [{ ...point, flags: 1 }] } },
    ];
    const answer = await otlp.metrics(request({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }));
    expect(answer.status).toBe(200);
    expect(JSON.parse(String(answer.body))).toEqual({ partialSuccess: { rejectedDataPoints: '1', errorMessage: 'odd: a point without a value that is a number' } });
    const rows = (await kept(true)) as { metric: string; labels: Record<string, string>; value: number; stale?: true }[];
    expect(rows.at(-1)).toMatchObject({ metric: 'silent', stale: true });
    expect(rows.map(({ metric, labels, value }) => `${metric} ${labels.le ?? labels.room ?? ''} ${value}`)).toEqual(
      ['temperature a 21.5', 'requests  7', 'took.bucket 1 1', 'took.bucket 2 3', 'took.bucket +Inf 3', 'took.count  3', 'took.sum  4.5'].concat([
        'size.bucket 0 1',
        'size.bucket 2 3',
        'size.bucket 4 4',
        'size.count  4',
        'size.sum  9',
        'silent  NaN',
      ]),
    );
    expect(rows.every(({ labels }) => labels.service === 'invoice' && labels['host.name'] === 'web-1')).toBe(true);
    expect(otlp.health()).toMatchObject({ lines: 6, events: 5, dropped: 1 });
  });
});
