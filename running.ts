import { watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Config } from '#config';
import { startConsole } from '#console/server.ts';
import { backfillDemo } from '#demo/backfill.ts';
import type { Demo } from '#demo/demo.ts';
import { type Bus, createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs, hour, after as later } from '#lib/time.ts';
import { appendAudit } from '#store/audit.ts';
import { createAuth } from '#store/auth.ts';
import { shellActor } from '#store/people-store.ts';
import { createQuestions } from '#store/questions.ts';
import { loadSecretKey } from '#store/secret-key.ts';
import { createOpeningLink } from '#store/sign-in-link-store.ts';
import type { State } from '#store/state.ts';
import { createTelemetryWriter } from '#store/telemetry-writer.ts';
import { catalogueOf, demoSwitches, siteOf } from './catalogue.ts';
import { type Collecting, startCollecting } from './collecting.ts';
import { readConfig, say } from './config-file.ts';
import { healthOf } from './health.ts';
import { type Responding, startResponding, type Topics } from './responding.ts';
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

const clock = systemClock;

/** Opens the stores, starts the parts this process plays, and introduces them to one another. */
export async function run(options: RunOptions): Promise<Running> {
  const { settings, demo, onError } = options;
  const environment = process.env;
  const storeOptions = { dataDir: settings.dataDir, environment, clock, log: say };
  const [telemetry, state, secretKey] = await Promise.all([openTelemetry(storeOptions), openState(storeOptions), loadSecretKey(settings.dataDir, environment)]);
  const bus = createBus<Topics>(onError);
  const writer = createTelemetryWriter({ telemetry: telemetry.store, clock, onRetry: (table, reason) => onError(new Error(`storing ${table}: ${reason}`)) });
  const questions = createQuestions(telemetry.store);
  let config = options.config;
  const url = `http://${settings.host === '0.0.0.0' ? '127.0.0.1' : settings.host}:${settings.port}`;
  if (demo) await fillHistory(state.store, () => backfillDemo(writer, clock.now()));
  const responding = await startResponding({
    ...{ config, dataDir: settings.dataDir, url, demo: demo !== null, version: options.version, secretKey },
    ...{ telemetry: telemetry.store, writer, state: state.store, questions, catalogue: () => catalogueOf(config), evaluates: settings.roles.has('alerts'), bus, clock, onError },
  });
  const collecting = settings.roles.has('collector') ? await startCollecting({ config, dataDir: settings.dataDir, sink: writer, bus, clock, onError }) : null;
  const console = settings.roles.has('console') ? await openConsole() : null;
  const stopWatching = watchFile(settings.configFile, () => void reload());
  const signIn = console ? await openingAddress(state.store, console.url) : null;
  if (demo) tellOfDemo(demo, bus);

  function openConsole() {
    const auth = createAuth({ state: state.store, secretKey, baseUrl: url });
    return startConsole({
      host: settings.host,
      port: settings.port,
      ports: {
        site: () => siteOf(config, { url, demo: demo !== null, version: options.version }),
        catalogue: () => catalogueOf(config),
        questions,
        people: auth,
        onCall: () => Promise.resolve(null),
        audit: { append: ({ at, actor, action, subject, detail }) => state.store.transaction((tx) => appendAudit(tx, { at, actor, action, target: subject, after: detail })) },
        alerts: responding.alerts.desk,
        incidents: responding.runbooks.desk,
        runbooks: responding.runbooks.shelf,
        notices: { ...responding.notices.desk, statusAnswer: responding.notices.statusAnswer },
        probes: { run: async ({ id }) => (await collecting?.collector.runProbe(id)) ?? null },
        health: healthOf({ telemetry: telemetry.store, state: state.store, writer, collecting, responding }),
        outside: responding.alerts.outside,
        demo: demo ? demoSwitches(demo) : null,
      },
      bus,
      clock,
      dev: settings.dev,
      log: { error: onError },
    });
  }

  async function reload(): Promise<void> {
    const fresh = readConfig(settings.configFile, demo?.configYaml);
    if (fresh === null) return say('the new configuration is refused; the old one stays');
    config = fresh;
    await collecting?.replace(fresh);
    await responding.replace(fresh);
    bus.emit('configChanged', {});
    say('the new configuration is in force');
  }

  return {
    url: console?.url ?? url,
    signIn,
    reload,
    async stop() {
      stopWatching();
      await console?.stop();
      await stopParts(collecting, responding);
      writer.stop();
      await Promise.all([telemetry.stop(), state.stop()]);
    },
  };
}

async function stopParts(collecting: Collecting | null, responding: Responding): Promise<void> {
  await collecting?.stop();
  await responding.stop();
}

/** A first look needs a yesterday: history is written once, into an empty store. */
async function fillHistory(state: State, fill: () => Promise<unknown>): Promise<void> {
  const { rows } = await state.pool.query<{ done: boolean }>("select exists (select 1 from audit where action = 'demo.history') as done");
  if (rows[0]?.done) return;
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

/** Editors write a file in several steps; the change is read when it has been quiet for a moment. */
function watchFile(file: string | undefined, changed: () => void): () => void {
  if (file === undefined) return () => undefined;
  let cancel = () => {};
  const names = new Set([basename(file), 'conf.d']);
  const gather = (_event: string, name: string | null) => {
    if (name !== null && !names.has(name) && !/\.ya?ml$/.test(name)) return;
    cancel();
    cancel = clock.after(durationMs(300), changed);
  };
  const watchers = [dirname(file), join(dirname(file), 'conf.d')].flatMap((folder) => {
    try {
      return [watch(folder, gather)];
    } catch {
      return []; // no conf.d
    }
  });
  return () => {
    cancel();
    for (const watcher of watchers) watcher.close();
  };
}
