import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectorTopics } from '#collector/ports.ts';
import { startShipper } from '#collector/shipper.ts';
import { shape } from '#collector/sources/settings.ts';
import { startSources } from '#collector/sources/start-sources.ts';
import { openSpool } from '#collector/spool.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { connectTelemetry } from '#store/clickhouse.ts';
import { startEngine } from '#store/embedded/engine.ts';
import { migrateTelemetry } from '#store/migrate.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';
import { throughRsyslog } from './peers/rsyslog.ts';

/**
 * An access log the whole way: file, masking, spool, parser, writer, embedded engine with every rollup:
 *   node bench/ingest.ts [LINES] [--alone]
 * Prints one JSON line: lines a second, CPU microseconds a line in each process, resident megabytes at each tenth of the way,
 * and how long a question about the ten-second rollup took meanwhile. Then the same file through Debian's rsyslog, unless told `--alone`.
 */
const linesWanted = Number(process.argv[2] ?? 1_000_000);
const lineBytes = 181;
const dir = mkdtempSync(join(tmpdir(), 'fenghuo-bench-'));
mkdirSync(join(dir, 'log'));
const path = join(dir, 'log/access.log');
for (let from = 0; from < linesWanted; from += 10_000) {
  appendFileSync(path, Array.from({ length: Math.min(10_000, linesWanted - from) }, (_, n) => `${accessLine(from + n)}\n`).join(''));
}

const engine = await startEngine({ dataDir: join(dir, 'engine'), memoryBytes: 2_000_000_000, clock: systemClock, log: console.error });
const telemetry = await connectTelemetry({ url: engine.url, password: engine.password, handOver: engine.handOver });
await migrateTelemetry(telemetry);
const writer = createTelemetryWriter({ telemetry, clock: systemClock, onRetry: (table, reason) => console.error(table, reason) });
const onError = (error: unknown): void => console.error(error);
const spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 2_000_000_000, clock: systemClock });
const bus = createBus<CollectorTopics>(onError);
let stored = 0;
let batches = 0;
const residentMB: number[][] = [];
const done = Promise.withResolvers<void>();
bus.on('logsStored', ({ count }) => {
  stored += count;
  batches++;
  if (stored >= ((residentMB.length + 1) * linesWanted) / 10) residentMB.push([Math.round(process.memoryUsage.rss() / 1e6), engineMB('VmRSS')]);
  if (stored >= linesWanted) done.resolve();
});

const shipper = startShipper({ spool, sink: writer, bus, clock: systemClock, onError });
const before = { wall: systemClock.elapsed(), own: process.cpuUsage(), engine: engineCpuMicros() };
const sources = startSources({ sources: shape.sources.parse([{ id: 'bench', kind: 'file', service: 'bench', paths: [path], format: 'combined' }]), spool, clock: systemClock, onError });
const asking = new AbortController();
const answers = ask(asking.signal);
await done.promise;
const seconds = (systemClock.elapsed() - before.wall) / 1000;
const own = process.cpuUsage(before.own);
const nodeCpu = (own.user + own.system) / linesWanted;
const engineCpu = (engineCpuMicros() - before.engine) / linesWanted;
asking.abort();
// Merges begun by these lines are part of what they cost.
for (let quiet = 0; quiet < 8; ) {
  const [merges] = await telemetry.rows<{ n: number }>('SELECT count() AS n FROM system.merges');
  quiet = merges?.n === 0 ? quiet + 1 : 0;
  await systemClock.sleep(durationMs(250));
}
const engineWithMerges = (engineCpuMicros() - before.engine) / linesWanted;
const answerMs = (await answers).sort((a, b) => a - b);
const [kept] = await telemetry.rows<{ raw: number; rolled: number }>('SELECT (SELECT count() FROM logs) AS raw, (SELECT sum(total) FROM request_1h) AS rolled');
const peer = process.argv.includes('--alone') ? null : await throughRsyslog({ dir: join(dir, 'rsyslog'), log: path, lines: linesWanted });
console.log(
  JSON.stringify({
    bench: 'ingest',
    lines: linesWanted,
    lineBytes,
    seconds: round(seconds),
    linesPerSecond: Math.round(linesWanted / seconds),
    cpuMicrosPerLine: { node: round(nodeCpu), engine: round(engineCpu), mergesAfterwards: round(engineWithMerges - engineCpu), all: round(nodeCpu + engineWithMerges) },
    linesPerBatch: Math.round(linesWanted / batches),
    residentMB: { nodeAndEngineByTenth: residentMB, enginePeak: engineMB('VmHWM') },
    answerMs: { asked: answerMs.length, median: round(answerMs[answerMs.length >> 1] ?? Number.NaN), worst: round(answerMs.at(-1) ?? Number.NaN) },
    rsyslog: peer,
    eachLineOnce: kept?.raw === linesWanted && kept.rolled === linesWanted,
  }),
);
await sources.stop();
await shipper.stop();
await spool.close();
writer.stop();
await telemetry.close();
await engine.stop();
rmSync(dir, { recursive: true, force: true });

/** Eight minutes of a busy site for each hundred thousand lines, forty routes behind numbers of their own. */
function accessLine(index: number): string {
  const second = Math.floor(index / 200);
  const clock = [Math.floor(second / 3_600) % 24, Math.floor(second / 60) % 60, second % 60].map((part) => String(part).padStart(2, '0')).join(':');
  const path = `/${['query', 'verify', 'login', 'captcha'][index % 4]}/part${index % 40}/${(index * 7_919) % 1_000_000}`;
  const start = `192.0.${(index >> 8) & 3}.${index & 255} - - [24/Nov/2026:${clock} +0800] "GET ${path} HTTP/1.1" ${index % 50 === 0 ? 502 : 200} ${(index * 31) % 90_000} "-" "`;
  const end = `" rt=0.${String((index * 7_919) % 1_000).padStart(3, '0')}`;
  return `${start}${'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36 Demo'.padEnd(200, '.').slice(0, lineBytes - 1 - start.length - end.length)}${end}`;
}

async function ask(signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    const askedAt = systemClock.elapsed();
    await telemetry.rows('SELECT route, sum(total) AS total FROM request_10s GROUP BY route ORDER BY total DESC LIMIT 10');
    times.push(systemClock.elapsed() - askedAt);
    await systemClock.sleep(durationMs(250));
  }
  return times;
}

/** User and system time of the engine's process, in the kernel's hundredths of a second. */
function engineCpuMicros(): number {
  const stat = readFileSync(`/proc/${engine.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function engineMB(field: 'VmRSS' | 'VmHWM'): number {
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${engine.pid}/status`, 'utf8'))?.[1] ?? 0) / 1_000);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
