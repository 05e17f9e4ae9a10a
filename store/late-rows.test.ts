import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '#collector/log.ts';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { createTelemetryWriter, type TelemetryWriter } from './telemetry-writer.ts';

let test: TestEngine;
let writer: TelemetryWriter;
const hour = 3_600_000;
const noon = Math.floor(Date.now() / hour) * hour - 12 * hour;

beforeAll(async () => {
  test = await testTelemetry();
  writer = createTelemetryWriter({ telemetry: test.telemetry, clock: systemClock });
}, 60_000);
afterAll(() => test.stop());

const request = (service: string, at: number, status = 200): LogRecord => ({
  timestamp: unixMs(at),
  observedTimestamp: unixMs(Date.now()),
  severityNumber: 9,
  severityText: 'INFO',
  service,
  source: 'access',
  body: 'GET /',
  attributes: { 'http.response.status_code': status, 'http.server.request.duration': 0.1, outcome: status < 500 ? 'ok' : 'error' },
});

const minutes = (service: string) =>
  test.telemetry.rows(`SELECT toUnixTimestamp(bucket) AS at, sum(total) AS total, sum(errors) AS errors FROM request_1m WHERE service = {service:String} GROUP BY bucket ORDER BY bucket`, { service });

describe('rows that come late', () => {
  it('36. reach the minute they belong to, hours afterwards', async () => {
    await writer.insertLogs('late-1', [request('late', noon + 11 * hour)]);
    await writer.insertLogs('late-2', [request('late', noon + 59_000), request('late', noon + 60_000, 500)]);
    await writer.insertLogs('late-3', [request('late', noon)]);
    expect(await minutes('late')).toEqual([
      { at: noon / 1_000, total: 2, errors: 0 },
      { at: noon / 1_000 + 60, total: 1, errors: 1 },
      { at: (noon + 11 * hour) / 1_000, total: 1, errors: 0 },
    ]);
  });

  it('37. do not change any total by the order they come in', async () => {
    const rows = Array.from({ length: 600 }, (_, n) => ({ at: noon + n * 1_000, status: n % 7 === 0 ? 500 : 200 }));
    // A fixed shuffle: 7 and 600 have no common divisor.
    const shuffled = rows.map((_, n) => rows[(n * 7) % rows.length] ?? { at: noon, status: 200 });
    await writer.insertLogs(
      'in-order',
      rows.map(({ at, status }) => request('sorted', at, status)),
    );
    for (let part = 0; part < 6; part++)
      await writer.insertLogs(
        `out-of-order-${part}`,
        shuffled.slice(part * 100, part * 100 + 100).map(({ at, status }) => request('shuffled', at, status)),
      );
    const sorted = await minutes('sorted');
    expect(sorted).toHaveLength(10);
    expect(await minutes('shuffled')).toEqual(sorted);
  });
});
