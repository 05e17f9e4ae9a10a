import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, virtualClock } from '#lib/clock.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';
import { daysWithout, startSearchIndex } from './search-index.ts';
import { createTelemetryWriter } from './telemetry-writer.ts';

let test: TestEngine;
const hour = 3_600_000;
/** When it was written is the engine's own time. */
const later = (hours: number): UnixMs => unixMs(Date.now() + hours * hour);

beforeAll(async () => {
  test = await testTelemetry();
  const writer = createTelemetryWriter({ telemetry: test.telemetry, clock: systemClock });
  const record = (day: number) => ({
    timestamp: unixMs(Date.UTC(2026, 10, day, 10)),
    observedTimestamp: unixMs(Date.now()),
    severityNumber: 9,
    severityText: 'INFO',
    service: 'web',
    source: 'access',
  });
  for (const day of [20, 21])
    await writer.insertLogs(
      `day-${day}`,
      Array.from({ length: 2_000 }, (_, n) => ({ ...record(day), body: `request ${n} of day ${day}, query captcha-${n * 7}`, attributes: {} })),
    );
}, 60_000);
afterAll(() => test.stop());

const days = async (now: UnixMs): Promise<string[]> => (await daysWithout(test.telemetry, now)).map(({ partition }) => partition);

/** One round of the loop, and what it did to the parts is over. */
async function round(now: UnixMs): Promise<number> {
  const errors: unknown[] = [];
  const loop = startSearchIndex({ telemetry: test.telemetry, clock: virtualClock(now), onError: (error) => errors.push(error) });
  await loop.stop();
  expect(errors).toEqual([]);
  await expect.poll(() => test.telemetry.rows('SELECT 1 FROM system.mutations WHERE NOT is_done'), { timeout: 20_000 }).toEqual([]);
  return loop.health().backlog;
}

describe('the index for searching in bodies', () => {
  it('is not built for a day that was written to lately', async () => {
    expect(await days(later(1))).toEqual([]);
    await round(later(1));
    expect(await days(later(3))).toEqual(['20261120', '20261121']);
  });

  it('is built one rested day a round, the oldest first', async () => {
    expect(await round(later(3))).toBe(1);
    expect(await days(later(6))).toEqual(['20261121']);
    expect(await round(later(6))).toBe(0);
    expect(await days(later(9))).toEqual([]);
  });

  it('finds the same as reading everything does', async () => {
    const count = (settings: string) => test.telemetry.rows(`SELECT count() AS n FROM logs WHERE lower(body) LIKE '%captcha-700%' SETTINGS ${settings}`);
    expect(await count('use_skip_indexes = 1')).toEqual(await count('use_skip_indexes = 0'));
    expect(await count('use_skip_indexes = 1')).not.toEqual([{ n: 0 }]);
  });
});
