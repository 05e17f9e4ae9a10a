import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBus } from '#lib/bus.ts';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { CollectorTopics, TelemetrySink } from './ports.ts';
import type { Sample } from './sample.ts';
import { startShipper } from './shipper.ts';
import { openSpool } from './spool.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-outage-'));
});
afterEach(() => rm(dir, { recursive: true }));

const rowsEach = 200;
/** One each ten seconds. */
const batches = 360;

/** An hour without a store: a batch each ten seconds, then the store returns. */
async function outage(maxBytes: number, drop: 'newest' | 'oldest' = 'newest') {
  const clock = virtualClock(unixMs(1_800_000_000_000));
  const spool = await openSpool({ dir, maxBytes, drop, clock });
  let away = true;
  const arrived: number[] = [];
  const insert = (_token: string, rows: readonly unknown[]): Promise<void> => {
    if (away) return Promise.reject(new Error('connection refused'));
    arrived.push(...(rows as readonly Sample[]).map(({ value }) => value));
    return Promise.resolve();
  };
  const sink: TelemetrySink = { insertChecks: insert, insertLogs: insert, insertSamples: insert };
  const shipper = startShipper({ spool, sink, bus: createBus<CollectorTopics>(() => {}), clock, onError: () => {} });
  const kept: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    const rows = Array.from({ length: rowsEach }, (_, n): Sample => ({ metric: 'up', labels: {}, at: clock.now(), value: batch * rowsEach + n }));
    if ((await spool.append({ kind: 'samples', rows }, { whenFull: 'drop' })) === 'kept') kept.push(...rows.map(({ value }) => value));
    await clock.advance(durationMs(10_000));
  }
  const during = { arrived: arrived.length, dropped: spool.health().droppedRows, bytes: spool.health().bytes };
  away = false;
  await expect
    .poll(
      async () => {
        await clock.advance(durationMs(5_000));
        return spool.health().records;
      },
      { interval: 5, timeout: 30_000 },
    )
    .toBe(0);
  await shipper.stop();
  await spool.close();
  return { during, kept, arrived };
}

describe('a store that is away for an hour', () => {
  test('38. is waited for: the disk holds everything, and after its return everything arrives once and in order', async () => {
    const { during, kept, arrived } = await outage(100_000_000);
    expect(during).toMatchObject({ arrived: 0, dropped: 0 });
    expect(kept).toHaveLength(batches * rowsEach);
    expect(arrived).toEqual(kept);
  });

  test('38. costs rows only when the disk space is used up: the newest ones, counted', async () => {
    const { during, kept, arrived } = await outage(2_000_000);
    expect(during.dropped).toBe(batches * rowsEach - kept.length);
    expect(during.dropped).toBeGreaterThan(0);
    expect(during.bytes).toBeLessThanOrEqual(2_100_000);
    expect(arrived).toEqual(kept);
    expect(kept[0]).toBe(0);
  });

  test('38. costs the oldest rows instead when so set, counted', async () => {
    const { during, kept, arrived } = await outage(2_000_000, 'oldest');
    expect(kept).toHaveLength(batches * rowsEach);
    expect(during.bytes).toBeLessThanOrEqual(2_100_000);
    expect(during.dropped).toBeGreaterThan(0);
    expect(arrived).toHaveLength(kept.length - during.dropped);
    expect(new Set(arrived).size).toBe(arrived.length);
    // What may have reached the store with others stays whatever its age; of the rest the old goes and the new stays.
    const there = new Set(arrived);
    const missing = kept.filter((value) => !there.has(value));
    expect(missing[0]).toBeLessThan(10_000);
    expect(missing.at(-1)).toBeLessThan(kept.length - 2_000);
  });
});
