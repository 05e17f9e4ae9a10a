import { join } from 'node:path';
import { type ArtifactShelf, createArtifacts } from '#collector/artifacts.ts';
import { type BeatRegister, openBeats } from '#collector/beats.ts';
import { type Collector, startCollector } from '#collector/collector.ts';
import { calmPace, watchedPace } from '#collector/pace.ts';
import type { CollectorTopics, TelemetrySink } from '#collector/ports.ts';
import { createRecorder } from '#collector/recorder.ts';
import { type Shipper, startShipper } from '#collector/shipper.ts';
import { createLoki, type LokiIngest } from '#collector/sources/loki.ts';
import { createOtlp, type OtlpIngest } from '#collector/sources/otlp.ts';
import { createRemoteWrite, type RemoteWriteIngest } from '#collector/sources/remote-write.ts';
import { type RunningSources, startSources } from '#collector/sources/start-sources.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import type { Config } from '#config';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { inTime } from '#lib/in-time.ts';
import { durationMs } from '#lib/time.ts';

export interface CollectingOptions {
  config: Config;
  dataDir: string;
  /** Stopped with the collecting: it waits for an absent store for ever. */
  sink: TelemetrySink & { stop(): void };
  bus: Bus<CollectorTopics>;
  clock: Clock;
  /** Somebody watches, or something is wrong: what is seen is to be known within a second. */
  awaited(): boolean;
  /** Whether a person says that a probe's target is being worked on. */
  maintained(probeId: string): boolean;
  onError(error: unknown): void;
}

/** Probes and sources at work, with the spool between them and the store. */
export interface Collecting {
  spool: Spool;
  shipper: Shipper;
  collector: Collector;
  beats: BeatRegister;
  artifacts: ArtifactShelf;
  otlp: OtlpIngest;
  loki: LokiIngest;
  remoteWrite: RemoteWriteIngest;
  sources(): RunningSources;
  /** Takes over a new configuration; what did not change keeps its times and positions. */
  replace(config: Config): Promise<void>;
  stop(): Promise<void>;
}

const settleMs = durationMs(1_500);

export async function startCollecting({ config, dataDir, sink, bus, clock, awaited, maintained, onError }: CollectingOptions): Promise<Collecting> {
  const spool = await openSpool({ dir: join(dataDir, 'spool'), ...config.spool, clock });
  let stopping = false;
  const pace = () => (stopping || awaited() ? watchedPace : calmPace);
  const shipper = startShipper({ spool, sink, bus, clock, pace, onError });
  const recorder = createRecorder({ spool, clock });
  const otlp = createOtlp({ spool, clock });
  const loki = createLoki({ spool, clock });
  const remoteWrite = createRemoteWrite({ spool, clock });
  let sources = startSources({ sources: config.sources, spool, clock, pace, onError });
  const artifacts = createArtifacts({ dir: join(dataDir, 'artifacts'), clock });
  const beats = await openBeats({ path: join(dataDir, 'beats.json'), probes: config.probes, clock, onTurn: (id) => collector.nudge(id), onError });
  const collector = startCollector({
    probes: config.probes,
    vantages: config.vantages,
    output: recorder,
    clock,
    beats: beats.seen,
    artifacts,
    maintained,
    emit: (topic, fact) => bus.emit(topic, fact),
    onError,
  });
  return {
    spool,
    shipper,
    collector,
    beats,
    artifacts,
    otlp,
    loki,
    remoteWrite,
    sources: () => sources,
    async replace(fresh) {
      spool.limit(fresh.spool);
      beats.replace(fresh.probes);
      collector.replace(fresh.probes, fresh.vantages);
      await sources.stop();
      sources = startSources({ sources: fresh.sources, spool, clock, pace, onError });
    },
    async stop() {
      // What feeds the spool ends first, then what empties it; what is not stored by then waits on disk for the next start.
      stopping = true;
      const ended = Promise.all([sources.stop(), collector.stop(), beats.stop()]);
      // Checks that ended wait with the recorder; without this they would for a whole beat.
      await recorder.flush();
      await ended;
      await recorder.flush();
      await inTime(shipper.settled(), { clock, limitMs: settleMs });
      sink.stop();
      await shipper.stop();
      await spool.close();
    },
  };
}
