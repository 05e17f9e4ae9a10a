import { join } from 'node:path';
import type { AlertTopics } from '#alerts/alert.ts';
import { configYaml } from '#alerts/config-yaml.ts';
import { alertLinks } from '#alerts/links.ts';
import { type Alerts, type AlertsSettings, startAlerts } from '#alerts/start.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import type { Config } from '#config';
import { createEvidence, createPanelReader } from '#console/api/panel-reader.ts';
import type { Catalogue } from '#console/api/ports.ts';
import type { Questions } from '#console/api/questions.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import type { Secret } from '#lib/secret.ts';
import { type Notices, startNotices } from '#notices/notices.ts';
import { type NoticeTopics, StaleNotice } from '#notices/ports.ts';
import { loadLibrary } from '#runbooks/library.ts';
import { type RunbookTopics, StaleIncident } from '#runbooks/ports.ts';
import { replay } from '#runbooks/run.ts';
import { type Runbooks, startRunbooks } from '#runbooks/runbooks.ts';
import { createAlertStore } from '#store/alert-store.ts';
import type { Telemetry } from '#store/clickhouse.ts';
import { clickhouseFacts } from '#store/facts.ts';
import { createIncidentStore } from '#store/incident-store.ts';
import { createNoticeStore } from '#store/notice-store.ts';
import type { State } from '#store/state.ts';
import type { TelemetryWriter } from '#store/telemetry-writer.ts';
import { createUptimeSource } from '#store/uptime.ts';

export type Topics = CollectorTopics & AlertTopics & RunbookTopics & NoticeTopics & { faultsChanged: object; inboxChanged: object; configChanged: object };

export interface RespondingOptions {
  config: Config;
  dataDir: string;
  /** Where the console is reached. */
  url: string;
  demo: boolean;
  version: string;
  secretKey: Secret;
  telemetry: Telemetry;
  writer: TelemetryWriter;
  state: State;
  questions: Questions;
  catalogue(): Catalogue;
  /** False where another process evaluates rules. */
  evaluates: boolean;
  bus: Bus<Topics>;
  clock: Clock;
  onError(error: unknown): void;
}

/** From fault to person to plan to public: alerts, runbooks and notices, introduced to their stores and to each other. */
export interface Responding {
  alerts: Alerts;
  runbooks: Runbooks;
  notices: Notices;
  replace(config: Config): Promise<void>;
  stop(): Promise<void>;
}

const settingsOf = ({ rules, alerting, smtp, probes }: Config): AlertsSettings => ({ rules, alerting, smtp, probes });

export async function startResponding(options: RespondingOptions): Promise<Responding> {
  const { telemetry, state, bus, clock, onError } = options;
  let config = options.config;
  const facts = clickhouseFacts(telemetry);
  const publicUrl = (config.site.public_url ?? options.url).replace(/\/+$/, '');
  const alerts = await startAlerts({
    settings: settingsOf(config),
    place: {
      siteName: config.site.name,
      zone: config.site.zone,
      language: config.site.languages[0] ?? 'zh-CN',
      serviceName: (id) => config.services.find((service) => service.id === id)?.name ?? { 'zh-CN': id, en: id },
    },
    facts,
    store: createAlertStore(state, clock),
    copies: {
      async insert(token, { transitions, deliveries }) {
        await options.writer.insertTransitions(token, transitions);
        await options.writer.insertDeliveries(token, deliveries);
      },
    },
    bus,
    clock,
    links: alertLinks({ secretKey: options.secretKey, publicUrl }),
    secretKey: options.secretKey,
    version: options.version,
    configYaml: () => configYaml(config.alerting),
    evaluates: options.evaluates,
    onError,
  });
  const active = { active: () => Promise.resolve(alerts.active()) };
  const notices = await startNotices({
    site: config.site,
    components: config.components,
    probes: config.probes,
    demo: options.demo,
    url: options.url,
    dir: join(options.dataDir, 'public'),
    store: createNoticeStore(state, { stale: (id) => new StaleNotice(id) }),
    uptime: createUptimeSource(telemetry),
    facts,
    alerts: active,
    bus,
    clock,
    onError,
  });
  const library = loadLibrary(config.runbooks.paths);
  for (const problem of library.problems) onError(new Error(`${problem.file}:${problem.line} ${problem.message}`));
  const runbooks = startRunbooks({
    settings: { runbooks: config.runbooks, incidents: config.incidents, zone: config.site.zone },
    runbooks: () => library.runbooks,
    facts,
    store: createIncidentStore(state, { stale: (what) => new StaleIncident(what), replay }),
    alerts: active,
    publisher: { publish: (ask) => notices.desk.publishForIncident(ask) },
    evidence: createEvidence(createPanelReader({ questions: options.questions, catalogue: options.catalogue, alerts: alerts.desk, clock })),
    probes: () => config.probes,
    bus,
    clock,
    onError,
  });
  return {
    alerts,
    runbooks,
    notices,
    async replace(fresh) {
      config = fresh;
      await alerts.replace(settingsOf(fresh));
    },
    async stop() {
      await runbooks.stop();
      await alerts.stop();
      await notices.stop();
    },
  };
}
