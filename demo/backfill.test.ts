import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { type TestEngine, testTelemetry } from '#store/embedded/test-engine.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';
import { backfillDemo } from './backfill.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await testTelemetry();
});
afterAll(() => engine.stop());

const count = async (sql: string): Promise<number> => Number((await engine.telemetry.rows<{ n: string }>(`SELECT toString(${sql}`))[0]?.n);

describe('the demo history', () => {
  it('fills a day, once, and every table agrees', async () => {
    const sink = createTelemetryWriter({ telemetry: engine.telemetry, clock: systemClock });
    const now = unixMs(Math.floor(systemClock.now() / 1_000) * 1_000);
    const written = await backfillDemo(sink, now);
    await backfillDemo(sink, now);
    expect(await count('count()) AS n FROM checks')).toBe(written.checks);
    expect(await count('sum(total)) AS n FROM check_1h')).toBe(written.checks);
    expect(await count('count()) AS n FROM logs')).toBe(written.logs);
    expect(await count('sum(total)) AS n FROM request_1m')).toBe(await count('count()) AS n FROM logs WHERE status > 0'));
    expect(await count("countIf(attributes['log.malformed'] != '')) AS n FROM logs")).toBe(0);
    expect(await count("dateDiff('hour', min(timestamp), max(timestamp))) AS n FROM logs")).toBeGreaterThanOrEqual(25);
    expect(await count('sum(failed)) AS n FROM login_1h')).toBeGreaterThan(50);
    expect(await count('max(timestamp) <= now64()) AS n FROM logs')).toBe(1);
    await sink.stop();
  });
});
