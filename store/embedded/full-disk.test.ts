import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { connectTelemetry } from '../clickhouse.ts';
import { migrateTelemetry } from '../migrate.ts';
import { createTelemetryWriter } from '../telemetry-writer.ts';
import { startEngine } from './engine.ts';
import { fault } from './fault.ts';
import { leavesDoubt } from './insert-guard.ts';
import { numberedBatch } from './test-batches.ts';

const dir = await mkdtemp(join(tmpdir(), 'fenghuo-full-disk-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m', 'tmpfs', dir]).status === 0;
if (!mounted) process.stderr.write('SKIPPED: the full disk: mounting a small disk is not allowed here\n');
afterAll(async () => {
  if (mounted) spawnSync('umount', ['-l', dir]);
  await rm(dir, { recursive: true, force: true });
});

it.skipIf(!mounted)('42. a full disk holds inserts up, says why, and costs nothing once there is room', { timeout: 60_000 }, async () => {
  const engine = await startEngine({ dataDir: dir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} });
  const telemetry = await connectTelemetry({ url: engine.url, password: engine.password });
  try {
    await migrateTelemetry(telemetry);
    const reasons: string[] = [];
    const writer = createTelemetryWriter({ telemetry, clock: systemClock, onRetry: (_table, reason) => reasons.push(reason) });
    const at = unixMs(Date.UTC(2026, 10, 24, 10));
    await writer.insertLogs('batch-0', numberedBatch(0, { size: 10, at }));
    const { bavail, bsize } = statfsSync(dir);
    expect(spawnSync('fallocate', ['-l', String(bavail * bsize - 1_000_000), join(dir, 'ballast')]).status).toBe(0);
    const waiting = writer.insertLogs('batch-1', numberedBatch(1, { size: 10, at }));
    await expect.poll(() => reasons.length).toBeGreaterThan(0);
    expect(reasons[0]).toContain('make room, 64 MB are needed');
    expect((await telemetry.rows<{ n: number }>('SELECT count() AS n FROM logs'))[0]?.n).toBe(10);
    await rm(join(dir, 'ballast'));
    await waiting;
    for (const [table, sum] of [
      ['logs', 'count()'],
      ['request_10s', 'sum(total)'],
      ['request_1h', 'sum(total)'],
    ])
      expect((await telemetry.rows<{ n: number }>(`SELECT ${sum} AS n FROM ${table}`))[0]?.n).toBe(20);
  } finally {
    await telemetry.close();
    await engine.stop();
  }
});

it.each([
  [243, true],
  [75, true],
  [1001, true],
  [27, false],
  [60, false],
  [241, false],
])('code %i leaves the engine in doubt: %s', (code, doubt) => {
  expect(leavesDoubt(fault(code, 'X', 'x'))).toBe(doubt);
});
