import type { Config } from '#config';
import type { Console } from '#console/server.ts';
import { startConsole } from '#console/server.ts';
import { backfillDemo } from '#demo/backfill.ts';
import type { Demo } from '#demo/demo.ts';
import { type Bus, createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import type { Secret } from '#lib/secret.ts';
import { hour, after as later } from '#lib/time.ts';
import { appendAudit, auditTrail, wasDone } from '#store/audit.ts';
import { createAuth } from '#store/auth.ts';
import { shellActor } from '#store/people-store.ts';
import { createQuestions } from '#store/questions.ts';
import { loadSecretKey } from '#store/secret-key.ts';
import { createOpeningLink } from '#store/sign-in-link-store.ts';
import type { State } from '#store/state.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';
import { catalogueOf, demoSwitches, siteOf } from './catalogue.ts';
import { type Collecting, startCollecting } from './collecting.ts';
import { readConfig, say, watchConfig } from './config-file.ts';
import { healthOf } from './health.ts';
import { type Responding, type RespondingOptions, startResponding, type Topics } from './responding.ts';
import type { StartSettings } from './start.ts';
import { openState, openTelemetry } from './stores.ts';

export interface RunOptions {
  settings: StartSettings;
  config: Config;
  demo: Demo | null;
  version: string;
  onError(error: unknown): void;
}

export interface Running {
  url: string;
  /** A one-time address that signs the first administrator in. */
  signIn: string | null;
  /** Reads the configuration again; a bad one is refused whole, said once, and the old one stays. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** What this process has opened and started. */
type Parts = RespondingOptions & { collecting: Collecting | null; responding: Responding; demoRun: Demo | null; settings: StartSettings };
const clock = systemClock;

/** Opens the stores, starts the parts this process plays, and introduces them to one another. */
export async function run(options: RunOptions): Promise<Running> {
  const { settings, demo, onError } = options;
  let config = options.config;
  const { telemetry, state, secretKey } = await openStores(settings);
  const bus = createBus<Topics>(onError);
  const writer = createTelemetryWriter({ telemetry: telemetry.store, clock, onRetry: (table, reason) => onError(new Error(`storing ${table}: ${reason}`)) });
  const url = `http://${settings.host === '0.0.0.0' ? '127.0.0.1' : settings.host}:${settings.port}`;
  const shared: RespondingOptions = {
    ...{ config: () => config, catalogue: () => catalogueOf(config), dataDir: settings.dataDir, url, demo: demo !== null, version: options.version, secretKey },
    ...{ telemetry: telemetry.store, writer, state: state.store, questions: createQuestions(telemetry.store), evaluates: settings.roles.has('alerts'), bus, clock, onError },
  };
  if (demo) await fillHistory(state.store, () => backfillDemo(writer, clock.now()));
  const responding = await startResponding(shared);
  const collecting = settings.roles.has('collector') ? await startCollecting({ config, dataDir: settings.dataDir, sink: writer, bus, clock, onError }) : null;
  const served = settings.roles.has('console') ? await openConsole({ ...shared, collecting, responding, demoRun: demo, settings }) : null;
  if (demo) tellOfDemo(demo, bus);

  async function reload(): Promise<void> {
    const fresh = readConfig(settings.configFile, demo?.configYaml);
    if (fresh === null) return say('the new configuration is refused; the old one stays');
    config = fresh;
    await collecting?.replace(fresh);
    await responding.replace();
    bus.emit('configChanged', {});
    say('the new configuration is in force');
  }
  const stopWatching = watchConfig(settings.configFile, { clock, changed: () => void reload().catch(onError) });
  return {
    url: served?.url ?? url,
    signIn: served ? await openingAddress(state.store, served.url) : null,
    reload,
    async stop() {
      stopWatching();
      await served?.stop();
      await collecting?.stop();
      await responding.stop();
      writer.stop();
      await Promise.all([telemetry.stop(), state.stop()]);
    },
  };
}

async function openStores({ dataDir }: StartSettings) {
  const options = { dataDir, environment: process.env, clock, log: say };
  const [telemetry, state, secretKey]: [Awaited<ReturnType<typeof openTelemetry>>, Awaited<ReturnType<typeof openState>>, Secret] = await Promise.all([
    openTelemetry(options),
    openState(options),
    loadSecretKey(dataDir, process.env),
  ]);
  return { telemetry, state, secretKey };
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
      onCall: () => Promise.resolve(null),
      audit: auditTrail(state),
      alerts: alerts.desk,
      outside: alerts.outside,
      incidents: runbooks.desk,
      runbooks: runbooks.shelf,
      notices: { ...notices.desk, statusAnswer: notices.statusAnswer },
      probes: { run: async ({ id }) => (await collecting?.collector.runProbe(id)) ?? null },
      health: healthOf(parts),
      demo: demoRun ? demoSwitches(demoRun) : null,
    },
    bus,
    clock,
    dev: settings.dev,
    log: { error: onError },
  });
}

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
