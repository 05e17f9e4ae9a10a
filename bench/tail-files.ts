import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectorTopics, TelemetrySink } from '#collector/ports.ts';
import { startShipper } from '#collector/shipper.ts';
import { shape } from '#collector/sources/settings.ts';
import { startSources } from '#collector/sources/start-sources.ts';
import { openSpool } from '#collector/spool.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';

/** An access log of half a million lines tailed, masked, parsed and put through the disk spool, into a store that costs nothing. */
const linesWanted = Number(process.argv[2] ?? 500_000);
const dir = mkdtempSync(join(tmpdir(), 'fenghuo-bench-'));
mkdirSync(join(dir, 'log'));
const path = join(dir, 'log/access.log');
for (let from = 0; from < linesWanted; from += 10_000) {
  const lines = Array.from(
    { length: 10_000 },
    (_, n) =>
      `192.0.2.${(from + n) % 250} - - [17/May/2026:10:${String(Math.floor(n / 60) % 60).padStart(2, '0')}:${String(n % 60).padStart(2, '0')} +0800] "GET /invoice/${from + n}/view?page=${n % 7} HTTP/1.1" 200 ${n * 3} "http://demo.example/" "Mozilla/5.0 (X11; Linux x86_64) Chrome/120 Safari/537.36" rt=0.1${n % 90}`,
  );
  appendFileSync(path, `${lines.join('\n')}\n`);
}

const onError = (error: unknown): void => console.error(error);
const spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 1_000_000_000, clock: systemClock });
let stored = 0;
const done = Promise.withResolvers<void>();
const sink: TelemetrySink = {
  insertChecks: () => Promise.resolve(),
  insertSamples: () => Promise.resolve(),
  insertLogs(_token, rows) {
    stored += rows.length;
    if (stored >= linesWanted) done.resolve();
    return Promise.resolve();
  },
};
const shipper = startShipper({ spool, sink, bus: createBus<CollectorTopics>(onError), clock: systemClock, onError });
const startedAt = performance.now();
const cpu = process.cpuUsage();
const sources = startSources({ sources: shape.sources.parse([{ id: 'bench', kind: 'file', service: 'bench', paths: [path], format: 'combined' }]), spool, clock: systemClock, onError });
await done.promise;
const seconds = (performance.now() - startedAt) / 1_000;
const used = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    bench: 'tail-files',
    lines: stored,
    megabytes: Math.round(statSync(path).size / 1e6),
    seconds: Number(seconds.toFixed(2)),
    linesPerSecond: Math.round(stored / seconds),
    cpuUsPerLine: Number(((used.user + used.system) / stored).toFixed(2)),
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1_000),
  }),
);
await sources.stop();
await shipper.stop();
await spool.close();
rmSync(dir, { recursive: true });
