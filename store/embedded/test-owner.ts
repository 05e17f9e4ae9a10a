import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { connectTelemetry } from '../clickhouse.ts';
import { migrateTelemetry } from '../migrate.ts';
import { createTelemetryWriter } from '../telemetry-writer.ts';
import { startEngine } from './engine.ts';
import { numberedBatch } from './test-batches.ts';

/** For the crash test: owns an engine and writes batch after batch until it is killed. */
const [dataDir = '', from = '0', at = '0'] = process.argv.slice(2);
const engine = await startEngine({ dataDir, memoryBytes: 1_500_000_000, clock: systemClock, log: () => {} });
const telemetry = await connectTelemetry({ url: engine.url, password: engine.password });
await migrateTelemetry(telemetry);
const writer = createTelemetryWriter({ telemetry, clock: systemClock });
process.stdout.write(`${engine.pid}\n`);

for (let number = Number(from); ; number++) {
  await writer.insertLogs(`batch-${number}`, numberedBatch(number, { size: 100, at: unixMs(Number(at)) }));
  process.stdout.write(`${number}\n`);
}
