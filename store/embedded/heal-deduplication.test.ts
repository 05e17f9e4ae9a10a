import { readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { connectTelemetry } from '../clickhouse.ts';
import { createTelemetryWriter } from '../telemetry-writer.ts';
import { startEngine } from './engine.ts';
import { healDeduplication } from './heal-deduplication.ts';
import { numberedBatch } from './test-batches.ts';
import { type TestEngine, withEngine } from './test-engine.ts';

const at = unixMs(Date.UTC(2026, 10, 24, 10));

async function lastPart(dataDir: string, table: string): Promise<string> {
  const path = join(dataDir, 'data/fenghuo', table);
  const parts = (await readdir(path)).filter((name) => /^\d+_\d+_\d+_\d+$/.test(name)).sort((a, b) => Number(a.split('_')[2]) - Number(b.split('_')[2]));
  return join(path, parts.at(-1) ?? 'none');
}

/** The rows a batch would have had in one table, as a kill between token and rows leaves them: not there. */
const takeLastPart = async (dataDir: string, table: string): Promise<void> => rm(await lastPart(dataDir, table), { recursive: true });

/** The same rows as a full disk may leave them: every file in its place, and nothing in any. */
async function emptyLastPart(dataDir: string, table: string): Promise<void> {
  const part = await lastPart(dataDir, table);
  for (const file of await readdir(part)) await truncate(join(part, file));
}

it.each([
  ['were not', takeLastPart],
  ['lie in empty files', emptyLastPart],
])('a batch whose token was noted and whose rows %s is taken when it is sent again, and only there', { timeout: 60_000 }, (_, lose) =>
  withEngine(async ({ engine, dataDir, telemetry }: TestEngine) => {
    const first = createTelemetryWriter({ telemetry, clock: systemClock });
    for (const number of [0, 1, 2]) await first.insertLogs(`batch-${number}`, numberedBatch(number, { size: 10, at }));
    await engine.stop();
    await lose(dataDir, 'request_10s');
    const again = await startEngine({ dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} });
    const second = await connectTelemetry({ url: again.url, password: again.password });
    try {
      const total = async (table: string, sum: string) => (await second.rows<{ n: number }>(`SELECT ${sum} AS n FROM ${table}`))[0]?.n;
      expect(await total('request_10s', 'sum(total)')).toBe(20);
      const writer = createTelemetryWriter({ telemetry: second, clock: systemClock });
      for (const number of [0, 1, 2]) await writer.insertLogs(`batch-${number}`, numberedBatch(number, { size: 10, at }));
      expect(await total('request_10s', 'sum(total)')).toBe(30);
      expect(await total('request_1m', 'sum(total)')).toBe(30);
      expect(await total('logs', 'count()')).toBe(30);
    } finally {
      await second.close();
      await again.stop();
    }
  }),
);

it('a directory an engine has open is left alone', () =>
  withEngine(async ({ dataDir, telemetry }: TestEngine) => {
    const writer = createTelemetryWriter({ telemetry, clock: systemClock });
    await writer.insertLogs('batch-0', numberedBatch(0, { size: 10, at }));
    const log = join(dataDir, 'data/fenghuo/logs/deduplication_logs/deduplication_log_1.txt');
    const before = await readFile(log, 'utf8');
    await takeLastPart(dataDir, 'logs');
    expect(healDeduplication(dataDir)).toBe(0);
    expect(await readFile(log, 'utf8')).toBe(before);
  }));
