import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord } from '#collector/log.ts';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { connectTelemetry } from '#store/clickhouse.ts';
import { startEngine } from '#store/embedded/engine.ts';
import { migrateTelemetry } from '#store/migrate.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';

/**
 * How fast log records go through the writer into the embedded engine, three rollups included:
 *   node bench/engine-ingest.ts [ROWS] [BATCH] [IN FLIGHT]
 * Prints one JSON line: rows a second, CPU microseconds a row in each process, the engine's peak memory.
 */
const [rows = 2_000_000, batchRows = 100_000, inFlight = 2] = process.argv.slice(2).map(Number);
const folder = await mkdtemp(join(tmpdir(), 'fenghuo-bench-'));
const engine = await startEngine({ dataDir: folder, memoryBytes: 2_000_000_000, clock: systemClock, log: console.error });
const telemetry = await connectTelemetry({ url: engine.url, password: engine.password, handOver: engine.handOver });
await migrateTelemetry(telemetry);
const writer = createTelemetryWriter({ telemetry, clock: systemClock, onRetry: (table, reason) => console.error(table, reason) });

const start = unixMs(Math.floor(systemClock.now() / 86_400_000) * 86_400_000);
const routes = Array.from({ length: 40 }, (_, index) => `/invoice/${['query', 'verify', 'login', 'captcha'][index % 4]}/${index}`);
const record = (index: number): LogRecord => ({
  timestamp: unixMs(start + index * 2),
  observedTimestamp: unixMs(start + index * 2),
  severityNumber: 9,
  severityText: 'INFO',
  service: 'invoice',
  source: 'access',
  body: `10.${index & 255}.${(index >> 8) & 255}.7 - - [24/Nov/2026:06:00:00 +0800] "GET ${routes[index % 40]}?no=${index} HTTP/1.1" 200 ${index % 9000} "-" "Mozilla/5.0 (演示)" rt=0.${100 + (index % 900)}`,
  attributes: {
    'http.request.method': 'GET',
    'url.path': `${routes[index % 40]}`,
    'http.route': routes[index % 40] ?? '',
    'http.response.status_code': index % 50 === 0 ? 502 : 200,
    'http.server.request.duration': 0.001 * (1 + ((index * 7919) % 900)),
    'http.response.body.size': index % 9000,
    'client.address': `10.${index & 255}.${(index >> 8) & 255}.7`,
    'user_agent.original': 'Mozilla/5.0 (演示)',
    outcome: index % 50 === 0 ? 'error' : 'ok',
    'url.query': `no=${index}`,
  },
});
const pool = Array.from({ length: batchRows }, (_, index) => record(index));

const before = { wall: systemClock.elapsed(), own: process.cpuUsage(), engine: await engineCpuMicros() };
let next = 0;
const lane = async () => {
  while (next * batchRows < rows) await writer.insertLogs(`bench-${next++}`, pool);
};
await Promise.all(Array.from({ length: inFlight }, lane));
const seconds = (systemClock.elapsed() - before.wall) / 1000;
const own = process.cpuUsage(before.own);
const done = next * batchRows;
const [stored] = await telemetry.rows<{ raw: number; rolled: number; bytes: number }>(
  `SELECT (SELECT count() FROM logs) AS raw, (SELECT sum(total) FROM request_1h) AS rolled, (SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table = 'logs') / raw AS bytes`,
);
console.log(
  JSON.stringify({
    rows: done,
    seconds: round(seconds),
    rowsPerSecond: Math.round(done / seconds),
    writerCpuMicrosPerRow: round((own.user + own.system) / done),
    engineCpuMicrosPerRow: round(((await engineCpuMicros()) - before.engine) / done),
    enginePeakMB: Math.round((await enginePeakBytes()) / 1e6),
    bytesPerRow: round(stored?.bytes ?? 0),
    rawEqualsRollup: stored?.raw === stored?.rolled && stored?.raw === done,
  }),
);
await telemetry.close();
await engine.stop();
await rm(folder, { recursive: true, force: true });

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** User and system time of the engine's process, in the kernel's hundredths of a second. */
async function engineCpuMicros(): Promise<number> {
  const stat = await readFile(`/proc/${engine.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

async function enginePeakBytes(): Promise<number> {
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${engine.pid}/status`, 'utf8'))?.[1] ?? 0);
}
