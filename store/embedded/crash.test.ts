import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { connectTelemetry, type Telemetry } from '../clickhouse.ts';
import { createTelemetryWriter } from '../telemetry-writer.ts';
import { startEngine } from './engine.ts';
import { isAlive } from './owner.ts';
import { numberedBatch } from './test-batches.ts';
import { type TestEngine, withEngine } from './test-engine.ts';

const now = unixMs(Math.floor(Date.now() / 3_600_000) * 3_600_000);
const wait = (ms: number) => systemClock.sleep(durationMs(ms));

const batch = (number: number, size: number) => numberedBatch(number, { size, at: now });

const totals = async (telemetry: Telemetry) => {
  const one = async (sql: string) => (await telemetry.rows<{ n: number }>(sql))[0]?.n;
  return {
    raw: await one('SELECT count() AS n FROM logs'),
    batches: await one('SELECT uniqExact(body) AS n FROM logs'),
    tenSeconds: await one('SELECT sum(total) AS n FROM request_10s'),
    minutes: await one('SELECT sum(total) AS n FROM request_1m'),
    hours: await one('SELECT sum(total) AS n FROM request_1h'),
    histogram: await one('SELECT arraySum(mapValues(sumMap(histogram))) AS n FROM request_1h'),
  };
};
const all = (n: number, batches: number) => ({ raw: n, batches, tenSeconds: n, minutes: n, hours: n, histogram: n });

describe('kill -9', () => {
  it('of the engine in the middle of inserts loses and doubles nothing, rollups included, and clients only see a pause', { timeout: 180_000 }, () =>
    withEngine(async ({ engine, telemetry }: TestEngine) => {
      const writer = createTelemetryWriter({ telemetry, clock: systemClock });
      const address = engine.url;
      let restarts = 0;
      engine.onRestart(() => restarts++);
      let next = 0;
      let acknowledged = 0;
      let killing = true;
      const lane = async () => {
        while (killing) {
          const number = next++;
          await writer.insertLogs(`batch-${number}`, batch(number, 500));
          acknowledged++;
        }
      };
      const lanes = [lane(), lane(), lane()];
      for (let round = 0; round < 10; round++) {
        // So many batches through, and then at any moment of the next ones.
        const target = acknowledged + 2;
        await expect.poll(() => acknowledged, { timeout: 60_000, interval: 5 }).toBeGreaterThanOrEqual(target);
        await wait(systemClock.chance() * 300);
        const before = restarts;
        process.kill(engine.pid, 'SIGKILL');
        await expect.poll(() => restarts, { timeout: 60_000, interval: 10 }).toBe(before + 1);
      }
      killing = false;
      await Promise.all(lanes);
      expect(engine.url).toBe(address);
      expect(acknowledged).toBe(next);
      expect(await totals(telemetry)).toEqual(all(next * 500, next));
    }),
  );

  it('of the whole owner leaves no engine behind; the directory opens again and holds what was acknowledged', { timeout: 180_000 }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'fenghuo-engine-owner-'));
    let acknowledged = 0;
    try {
      for (let round = 0; round < 3; round++) {
        const { owner, engineId, acks } = await startOwner(dataDir, acknowledged);
        await wait(300 + systemClock.chance() * 500);
        owner.kill('SIGKILL');
        await once(owner, 'exit');
        acknowledged = Math.max(acknowledged, ...acks);
        await expect.poll(() => isAlive(engineId), { timeout: 3_000, interval: 20 }).toBe(false);
      }
      const engine = await startEngine({ dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} });
      const telemetry = await connectTelemetry({ url: engine.url, password: engine.password });
      const writer = createTelemetryWriter({ telemetry, clock: systemClock });
      expect(acknowledged).toBeGreaterThan(0);
      expect((await totals(telemetry)).raw).toBeGreaterThanOrEqual(acknowledged * 100);
      // What was on its way is sent again, as the spool would.
      await writer.insertLogs(`batch-${acknowledged}`, batch(acknowledged, 100));
      expect(await totals(telemetry)).toEqual(all((acknowledged + 1) * 100, acknowledged + 1));
      await telemetry.close();
      await engine.stop();
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

it('an engine that hangs is ended and started again', { timeout: 30_000 }, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'fenghuo-engine-hang-'));
  const engine = await startEngine({ dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {}, aliveEveryMs: durationMs(200) });
  try {
    const restarted = new Promise<void>((done) => engine.onRestart(done));
    const hanging = engine.pid;
    process.kill(hanging, 'SIGSTOP');
    await restarted;
    expect(engine.pid).not.toBe(hanging);
    expect(await (await fetch(`${engine.url}/ping`)).text()).toBe('Ok.\n');
  } finally {
    await engine.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
});

/** A process that owns an engine and writes numbered batches, one after the other, telling each acknowledgement. */
async function startOwner(dataDir: string, from: number): Promise<{ owner: ChildProcess; engineId: number; acks: number[] }> {
  const owner = spawn(process.execPath, [fileURLToPath(new URL('./test-owner.ts', import.meta.url)), dataDir, String(from), String(now)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: owner.stdout });
  const acks: number[] = [];
  const [first] = (await once(lines, 'line')) as [string];
  lines.on('line', (line) => acks.push(Number(line) + 1));
  return { owner, engineId: Number(first), acks };
}

describe('the data directory', () => {
  it('refuses a second owner in words, and is free again after a stop', () =>
    withEngine(async ({ engine, dataDir, telemetry }: TestEngine) => {
      const options = { dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} };
      await expect(startEngine(options)).rejects.toThrow(`The embedded ClickHouse in ${dataDir} is in use by process ${process.pid}`);
      await telemetry.command('CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a');
      await telemetry.command('INSERT INTO kept VALUES (7)');
      await engine.stop();
      const again = await startEngine(options);
      const second = await connectTelemetry({ url: again.url, password: again.password });
      expect(await second.rows('SELECT a FROM kept')).toEqual([{ a: 7 }]);
      await second.close();
      await again.stop();
    }));

  it('that another engine holds is refused in words too', { timeout: 20_000 }, () =>
    withEngine(async ({ dataDir }: TestEngine) => {
      await rm(join(dataDir, 'owner'));
      await expect(startEngine({ dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} })).rejects.toThrow(/already in use by another embedded ClickHouse \(process \d+\)/);
    }),
  );
});

it('the memory cap is the engine’s own', () =>
  withEngine(async ({ telemetry }: TestEngine) => {
    expect(await telemetry.rows(`SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'`)).toEqual([{ value: '1500000000' }]);
    await expect(telemetry.rows('SELECT length(groupArray(number)) AS n FROM numbers(400000000)')).rejects.toMatchObject({ code: '241' });
    expect(await telemetry.isReachable()).toBe(true);
  }));
