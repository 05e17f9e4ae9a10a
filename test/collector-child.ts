import type { CollectorTopics } from '#collector/ports.ts';
import { startShipper } from '#collector/shipper.ts';
import { shape } from '#collector/sources/settings.ts';
import { startSources } from '#collector/sources/start-sources.ts';
import { openSpool } from '#collector/spool.ts';
import { createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { connectTelemetry } from '#store/clickhouse.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';

/** A collector of its own process, so that a test can kill it: argument 1 is its spool folder, 2 the sources as JSON. */
const [spoolDir = '', sourcesText = '[]'] = process.argv.slice(2);
const clock = systemClock;
const onError = (error: unknown): void => console.error(error);
const telemetry = await connectTelemetry({ url: process.env.CLICKHOUSE_URL ?? '', password: process.env.CLICKHOUSE_PASSWORD ?? '' });
const spool = await openSpool({ dir: spoolDir, maxBytes: 100_000_000, clock });
startShipper({ spool, sink: createTelemetryWriter({ telemetry, clock }), bus: createBus<CollectorTopics>(onError), clock, onError });
startSources({ sources: shape.sources.parse(JSON.parse(sourcesText)), spool, clock, onError });
console.log('ready');
setInterval(() => {}, 1_000);
