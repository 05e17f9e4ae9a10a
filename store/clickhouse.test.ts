import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTelemetry, isUnreachable } from './clickhouse.ts';
import { type TestEngine, testTelemetry } from './embedded/test-engine.ts';

let test: TestEngine;
beforeAll(async () => {
  test = await testTelemetry();
}, 60_000);
afterAll(() => test.stop());

describe('rows', () => {
  it('come as objects with 64-bit integers as numbers', async () => {
    expect(await test.telemetry.rows('SELECT toUInt64(5) AS n, toInt64(-5) AS m, {s:String} AS s, {l:Array(String)} AS l', { s: '发票', l: ["it's", 'b'] })).toEqual([
      { n: 5, m: -5, s: '发票', l: ["it's", 'b'] },
    ]);
  });

  it('of a query that broke in the middle are an error, never a part', async () => {
    await expect(test.telemetry.rows('SELECT number, throwIf(number = 300000) AS broken FROM numbers(400000)')).rejects.toMatchObject({ code: '395' });
  });

  it('wait out a restart of the store', async () => {
    process.kill(test.engine.pid, 'SIGKILL');
    expect(await test.telemetry.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('are given up at once when the asker leaves', async () => {
    const leave = new AbortController();
    const startedAt = performance.now();
    const asked = test.telemetry.rows('SELECT sleep(3)', {}, { signal: leave.signal });
    setTimeout(() => leave.abort(), 100);
    await expect(asked).rejects.toThrow();
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  });

  it('stay within the limits given for one statement', async () => {
    await expect(test.telemetry.rows('SELECT number FROM numbers(100)', {}, { settings: { readonly: 1, max_result_rows: 10 } })).rejects.toMatchObject({ code: '396' });
    expect(await test.telemetry.rows('SELECT count() AS n FROM numbers(100)')).toEqual([{ n: 100 }]);
  });
});

describe('a store that cannot be reached', () => {
  it('is told from one that refuses', async () => {
    const refused = await test.telemetry.rows('SELECT nothing').catch((error: unknown) => error);
    expect(isUnreachable(refused)).toBe(false);
    const { clock } = impatient();
    const unreached = await connectTelemetry({ url: 'http://127.0.0.1:9', clock }).catch((error: unknown) => error);
    expect(isUnreachable(unreached)).toBe(true);
  });
});

/** A clock on which ten seconds of patience pass in no time. */
function impatient() {
  let now = 0;
  const tick = () => {
    now += 1_000;
  };
  const clock = { now: () => 0 as never, elapsed: () => now, after: () => () => {}, chance: () => 0.5, sleep: async () => tick() };
  return { clock };
}
