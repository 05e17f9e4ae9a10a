import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#lib/clock.ts';
import { connectTelemetry, type Telemetry } from '../clickhouse.ts';
import { migrateTelemetry } from '../migrate.ts';
import { type Engine, startEngine } from './engine.ts';

/** For tests: an engine of its own in a temporary folder. Call `stop` in afterAll. */
export interface TestEngine {
  engine: Engine;
  /** Connected to the database `fenghuo`, migrated. */
  telemetry: Telemetry;
  dataDir: string;
  stop(): Promise<void>;
}

/** Starts an engine with the telemetry schema (about 0.5 s); for beforeAll, one per test file. */
export async function testTelemetry(): Promise<TestEngine> {
  const dataDir = await mkdtemp(join(tmpdir(), 'fenghuo-engine-test-'));
  const engine = await startEngine({ dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} });
  const telemetry = await connectTelemetry({ url: engine.url, password: engine.password, handOver: engine.handOver });
  await migrateTelemetry(telemetry);
  return {
    engine,
    telemetry,
    dataDir,
    async stop() {
      await telemetry.close();
      await engine.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs `task` with an engine and cleans up, whatever happens. */
export async function withEngine(task: (engine: TestEngine) => Promise<void>): Promise<void> {
  const engine = await testTelemetry();
  try {
    await task(engine);
  } finally {
    await engine.stop();
  }
}
