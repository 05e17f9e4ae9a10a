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
import { hideSecrets, type Secret } from '#lib/secret.ts';
import { type Notices, startNotices } from '#notices/notices.ts';
import { type NoticeTopics, StaleNotice } from '#notices/ports.ts';
import { loadLibrary } from '#runbooks/library.ts';
import { type RunbookTopics, StaleIncident } from '#runbooks/ports.ts';
import { replay } from '#runbooks/run.ts';
import type { Runbook } from '#runbooks/runbook.ts';
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
  config(): Config;
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
  /** Takes over what `config()` says now. */
  replace(): Promise<void>;
  stop(): Promise<void>;
}

export async function startResponding(options: RespondingOptions): Promise<Responding> {
  const { config } = options;
  const alerts = await alertsOf(options);
  const notices = await noticesOf(options, alerts);
  const library = { runbooks: readLibrary(options) };
  const runbooks = runbooksOf(options, { alerts, notices, library });
  return {
    alerts,
    runbooks,
    notices,
    async replace() {
      library.runbooks = readLibrary(options);
      await alerts.replace(alertSettings(config()));
      runbooks.replace(runbookSettings(config()));
      await notices.replace(noticeSettings(config()));
    },
    async stop() {
      await runbooks.stop();
      await alerts.stop();
      await notices.stop();
    },
  };
}

const alertSettings = ({ rules, alerting, smtp, probes }: Config): AlertsSettings => ({ rules, alerting, smtp, probes });
const runbookSettings = ({ runbooks, incidents, site: { zone } }: Config) => ({ runbooks, incidents, zone });
const noticeSettings = ({ site, components, probes }: Config) => ({ site, components, probes });
const common = ({ bus, clock, onError }: RespondingOptions) => ({ bus, clock, onError });

function alertsOf(options: RespondingOptions): Promise<Alerts> {
  const { config, secretKey, writer, version, evaluates } = options;
  const { site } = config();
  return startAlerts({
    settings: alertSettings(config()),
    place: {
      siteName: site.name,
      zone: site.zone,
      language: site.languages[0] ?? 'zh-CN',
      serviceName: (id) => config().services.find((service) => service.id === id)?.name ?? { 'zh-CN': id, en: id },
    },
    facts: clickhouseFacts(options.telemetry),
    store: createAlertStore(options.state, options.clock),
    copies: {
      async insert(token, { transitions, deliveries }) {
        await writer.insertTransitions(token, transitions);
        await writer.insertDeliveries(token, deliveries);
      },
    },
    links: alertLinks({ secretKey, publicUrl: (site.public_url ?? options.url).replace(/\/+$/, '') }),
    configYaml: () => hideSecrets(configYaml(config().alerting.written)),
    secretKey,
    version,
    evaluates,
    ...common(options),
  });
}

function noticesOf(options: RespondingOptions, alerts: Alerts): Promise<Notices> {
  return startNotices({
    ...noticeSettings(options.config()),
    demo: options.demo,
    url: options.url,
    dir: join(options.dataDir, 'public'),
    store: createNoticeStore(options.state, { stale: (id) => new StaleNotice(id) }),
    uptime: createUptimeSource(options.telemetry),
    facts: clickhouseFacts(options.telemetry),
    alerts,
    ...common(options),
  });
}

/** The shipped runbooks and the site's own; one that cannot be read is said and left out. */
function readLibrary({ config, onError }: RespondingOptions): readonly Runbook[] {
  const { runbooks, problems } = loadLibrary(config().runbooks.paths);
  for (const problem of problems) onError(new Error(`${problem.file}:${problem.line} ${problem.message}`));
  return runbooks;
}

interface Neighbours {
  alerts: Alerts;
  notices: Notices;
  library: { readonly runbooks: readonly Runbook[] };
}

function runbooksOf(options: RespondingOptions, { alerts, notices, library }: Neighbours): Runbooks {
  const { config, questions, catalogue, clock } = options;
  return startRunbooks({
    settings: runbookSettings(config()),
    runbooks: () => library.runbooks,
    facts: clickhouseFacts(options.telemetry),
    store: createIncidentStore(options.state, { stale: (what) => new StaleIncident(what), replay }),
    alerts: { active: () => Promise.resolve(alerts.active()) },
    publisher: { publish: (ask) => notices.desk.publishForIncident(ask) },
    evidence: createEvidence(createPanelReader({ questions, catalogue, alerts: alerts.desk, clock })),
    probes: () => config().probes,
    ...common(options),
  });
}
