import { type Config, type ConfigPlace, readTexts } from '#config';
import type { IngestDesk } from '#console/api/ports.ts';
import type { Console } from '#console/server.ts';
import { startConsole } from '#console/server.ts';
import { backfillDemo } from '#demo/backfill.ts';
import type { Demo } from '#demo/demo.ts';
import { type Bus, createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { inTime } from '#lib/in-time.ts';
import type { Secret } from '#lib/secret.ts';
import { type DurationMs, durationMs, hour, after as later } from '#lib/time.ts';
import { appendAudit, auditTrail, wasDone } from '#store/audit.ts';
import { createAuth } from '#store/auth.ts';
import type { Telemetry } from '#store/clickhouse.ts';
import { shellActor } from '#store/people-store.ts';
import { createQuestions } from '#store/questions.ts';
import { loadSecretKey } from '#store/secret-key.ts';
import { createOpeningLink } from '#store/sign-in-link-store.ts';
import type { State } from '#store/state.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';
import { tokenDesk } from '#store/token-store.ts';
import { catalogueOf, demoSwitches, siteOf } from './catalogue.ts';
import { type Collecting, startCollecting } from './collecting.ts';
import { readConfig, say, watchConfig } from './config-file.ts';
import { createEditingDesk } from './editing-desk.ts';
import { createFarDesk } from './far-desk.ts';
import { healthOf } from './health.ts';
import { type Responding, type RespondingOptions, startResponding, type Topics } from './responding.ts';
import type { StartSettings } from './start.ts';
import { openState, openTelemetry } from './stores.ts';

export interface RunOptions {
  settings: StartSettings;
  config: Config;
  place: ConfigPlace;
  demo: Demo | null;
  version: string;
  onError(error: unknown): void;
}

export interface Running {
  url: string;
  /** A one-time address that signs the first administrator in. */
  signIn: string | null;
  /** Reads the configuration again; a bad one is refused whole, said once, and the old one stays: false then. */
  reload(): Promise<boolean>;
  stop(): Promise<void>;
}

/** What this process has opened and started. */
type Parts = RespondingOptions & { collecting: Collecting | null; responding: Responding; demoRun: Demo | null; settings: StartSettings; place: ConfigPlace; reload(): Promise<boolean> };
const clock = systemClock;

/** How a started part ends, and how long it is waited for: all together stay within the ten seconds a stop may take, whatever hangs. */
interface Ending {
  limitMs: DurationMs;
  stop(): Promise<unknown>;
}

/** Opens the stores, starts the parts this process plays, and introduces them to one another. A start that fails leaves nothing running. */
export async function run(options: RunOptions): Promise<Running> {
  const endings: Ending[] = [];
  const stop = () => endAll(endings, options.onError);
  try {
    return { ...(await startParts(options, endings)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Last started, first ended; a part that hangs or fails does not keep the others from ending. */
async function endAll(endings: Ending[], onError: (error: unknown) => void): Promise<void> {
  for (const { limitMs, stop } of endings.splice(0).reverse()) await inTime(stop(), { clock, limitMs }).catch(onError);
}

async function startParts(options: RunOptions, endings: Ending[]): Promise<Omit<Running, 'stop'>> {
  const { settings, place, demo, onError } = options;
  let config = options.config;
  const { telemetry, state, secretKey } = await openStores(settings, endings);
  const bus = createBus<Topics>(onError);
  const writer = createTelemetryWriter({ telemetry, clock, onRetry: (table, reason) => onError(new Error(`storing ${table}: ${reason}`)) });
  endings.push({ limitMs: durationMs(0), stop: async () => writer.stop() });
  const url = addressOf(settings);
  const shared: RespondingOptions = {
    ...{ config: () => config, catalogue: () => catalogueOf(config), dataDir: settings.dataDir, url, demo: demo !== null, version: options.version, secretKey },
    ...{ telemetry, writer, state, questions: createQuestions(telemetry), evaluates: settings.roles.has('alerts'), bus, clock, onError },
  };
  if (demo) await fillHistory(state, () => backfillDemo(writer, clock.now()));
  const responding = await startResponding(shared);
  endings.push({ limitMs: durationMs(1_500), stop: responding.stop });
  let served: Console | null = null;
  // Who watches elsewhere is not known here.
  const awaited = () => served === null || served.watchers() > 0 || responding.alerts.active().length > 0;
  const collecting = settings.roles.has('collector')
    ? await startCollecting({ config, dataDir: settings.dataDir, sink: writer, bus, clock, awaited, maintained: responding.notices.maintains, onError })
    : null;
  if (collecting) endings.push({ limitMs: durationMs(2_500), stop: collecting.stop });
  let reload: () => Promise<boolean> = () => Promise.resolve(false);
  served = settings.roles.has('console') ? await openConsole({ ...shared, collecting, responding, demoRun: demo, settings, place, reload: () => reload() }) : null;
  if (served) endings.push({ limitMs: durationMs(2_000), stop: served.stop });
  if (demo) tellOfDemo(demo, bus);
  reload = startReloading(place, { takeOver, endings, onError });

  async function takeOver(): Promise<boolean> {
    const fresh = readConfig(place);
    if (fresh === null) {
      say('the new configuration is refused; the old one stays');
      return false;
    }
    config = fresh;
    await collecting?.replace(fresh);
    await responding.replace();
    bus.emit('configChanged', {});
    say('the new configuration is in force');
    return true;
  }
  return { url: served?.url ?? url, signIn: served ? await openingAddress(state, served.url) : null, reload };
}

/**
 * Reloads one after the other, asked for by a signal, by the console or by a changed file, none once stopping: two at a time would start
 * every source twice. A file that changed into what is in force already, as after a change by the console, is no reason for another.
 */
function startReloading(place: ConfigPlace, { takeOver, endings, onError }: { takeOver(): Promise<boolean>; endings: Ending[]; onError(error: unknown): void }): () => Promise<boolean> {
  let stopping = false;
  let last: Promise<boolean> = Promise.resolve(true);
  const written = () => JSON.stringify(readTexts(place));
  let seen = written();
  const inTurn = (unlessSeen: boolean): Promise<boolean> => {
    last = last
      .then(() => {
        const now = written();
        if (stopping || (unlessSeen && now === seen)) return !stopping;
        seen = now;
        return takeOver();
      })
      .catch((error: unknown) => {
        onError(error);
        return false;
      });
    return last;
  };
  const stopWatching = watchConfig(place, { clock, changed: () => void inTurn(true) });
  endings.push({
    limitMs: durationMs(1_000),
    stop() {
      stopping = true;
      stopWatching();
      return last;
    },
  });
  return () => inTurn(false);
}

/** Where this machine reaches what listens there. */
function addressOf({ host, port }: StartSettings): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}

/** Both at once; when one cannot be opened, the other is closed again with the rest. */
async function openStores({ dataDir }: StartSettings, endings: Ending[]): Promise<{ telemetry: Telemetry; state: State; secretKey: Secret }> {
  const options = { dataDir, environment: process.env, clock, log: say };
  const opened: { stop(): Promise<void> }[] = [];
  endings.push({ limitMs: durationMs(2_500), stop: () => Promise.all(opened.map(({ stop }) => stop())) });
  const noted = <Open extends { stop(): Promise<void> }>(one: Open): Open => {
    opened.push(one);
    return one;
  };
  const opening = [openTelemetry(options).then(noted), openState(options).then(noted), loadSecretKey(dataDir, process.env)] as const;
  await Promise.allSettled(opening);
  const [telemetry, state, secretKey] = await Promise.all(opening);
  return { telemetry: telemetry.store, state: state.store, secretKey };
}

function openConsole(parts: Parts): Promise<Console> {
  const { settings, config, demoRun, responding, collecting, state, questions, catalogue, bus, onError } = parts;
  const { alerts, runbooks, notices } = responding;
  return startConsole({
    host: settings.host,
    port: settings.port,
    ports: {
      site: () => siteOf(config(), parts),
      catalogue,
      questions,
      people: createAuth({ state, secretKey: parts.secretKey, baseUrl: parts.url }),
      tokens: tokenDesk(state),
      onCall: () => Promise.resolve(null),
      audit: auditTrail(state),
      alerts: alerts.desk,
      outside: alerts.outside,
      incidents: runbooks.desk,
      runbooks: runbooks.shelf,
      notices: { ...notices.desk, statusAnswer: notices.statusAnswer },
      probes: { run: async ({ id, vantage }) => (await collecting?.collector.runProbe(id, vantage ?? undefined)) ?? null },
      beats: collecting ? { take: async ({ token, now, ...beat }) => (await collecting.beats.take(token, { at: now, ...beat })).length > 0 } : null,
      artifacts: collecting?.artifacts,
      health: healthOf(parts),
      ingest: collecting ? ingestDesk(collecting) : null,
      far: createFarDesk({ config, maintained: notices.maintains, writer: parts.writer, bus, version: parts.version, onError }),
      editing: createEditingDesk({ ...parts, config, environment: process.env, logFolders: demoRun ? [demoRun.logsDir] : [], clock }),
      demo: demoRun ? demoSwitches(demoRun) : null,
    },
    bus,
    clock,
    dev: settings.dev,
    log: { error: onError },
  });
}

const ingestDesk = ({ sources, otlp, loki, remoteWrite }: Collecting): IngestDesk => ({
  lines: async (id, request) => (await sources().receiver(id)?.(request)) ?? null,
  logs: otlp.logs,
  metrics: otlp.metrics,
  loki: loki.push,
  write: remoteWrite.write,
});

/** A first look needs a yesterday: history is written once, into an empty store. */
async function fillHistory(state: State, fill: () => Promise<unknown>): Promise<void> {
  if (await wasDone(state, 'demo.history')) return;
  await fill();
  await state.transaction((tx) => appendAudit(tx, { at: clock.now(), actor: shellActor, action: 'demo.history', target: 'telemetry' }));
}

async function openingAddress(state: State, url: string): Promise<string> {
  const now = clock.now();
  const token = await createOpeningLink(state, { expiresAt: later(now, hour) }, { actor: shellActor, at: now });
  return `${url}/sign-in?token=${encodeURIComponent(token)}`;
}

function tellOfDemo(demo: Demo, bus: Bus<Topics>): void {
  demo.faults.onChange(() => bus.emit('faultsChanged', {}));
  demo.onMail(() => bus.emit('inboxChanged', {}));
}
