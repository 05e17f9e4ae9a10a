import { expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { type TestEngine, withEngine } from './embedded/test-engine.ts';
import { createTelemetryWriter } from './telemetry-writer.ts';

it('small batches of a day are merged as they come: a quiet site must not be slow to search, nor be refused for its many parts', { timeout: 60_000 }, () =>
  withEngine(async ({ telemetry }: TestEngine) => {
    const writer = createTelemetryWriter({ telemetry, clock: systemClock });
    const at = unixMs(Date.UTC(2026, 10, 24, 10));
    const row = { timestamp: at, observedTimestamp: at, severityNumber: 9, severityText: '', service: 'web', source: 'access', body: 'request', attributes: {} };
    for (let batch = 0; batch < 250; batch++) await writer.insertLogs(`batch-${batch}`, [row]);
    const parts = async () => Number((await telemetry.rows<{ n: number }>(`SELECT count() AS n FROM system.parts WHERE active AND table = 'logs'`))[0]?.n);
    await expect.poll(parts, { timeout: 30_000 }).toBeLessThan(50);
    expect(await telemetry.rows('SELECT count() AS n FROM logs')).toEqual([{ n: 250 }]);
  }),
);
