import type { CollectorTopics } from '#collector/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import type { LoopHealth } from '#lib/loop.ts';
import type { Secret } from '#lib/secret.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import { type DurationMs, durationMs } from '#lib/time.ts';
import type { Alert, AlertTopics } from './alert.ts';
import { type AlertDesk, alertDesk } from './desk.ts';
import { resolvedKeptMs } from './dispatcher.ts';
import { type Lead, type LeadParts, startLead } from './lead.ts';
import { openLedger } from './ledger.ts';
import { type OutsideDesk, outsideDesk } from './outside-desk.ts';
import type { AlertChange, AlertCopies, AlertLinks, AlertStore, Facts } from './ports.ts';
import { flapMemoryMs } from './reconcile.ts';
import type { ProbeFacts } from './rules/rule.ts';
import type { SmtpSettings } from './senders/sender.ts';
import type { AlertingSettings, RuleEntry } from './settings.ts';

/** The part of the configuration that can change while running. */
export interface AlertsSettings {
  rules: readonly RuleEntry[];
  alerting: AlertingSettings;
  smtp?: SmtpSettings | undefined;
  probes: readonly { id: string; service: string; intervalMs: DurationMs; confirm: { times: number }; vantages: readonly string[] }[];
}

export interface AlertsParts {
  settings: AlertsSettings;
  /** How messages speak of the place. */
  place: { siteName: Bilingual; zone: string; language: Language; serviceName(id: string): Bilingual };
  facts: Facts;
  store: AlertStore;
  copies: AlertCopies;
  bus: Bus<CollectorTopics & AlertTopics>;
  clock: Clock;
  links: AlertLinks;
  secretKey: Secret;
  version: string;
  /** The `alerting` section as YAML, secrets as •••. */
  configYaml(): string;
  /** False where this process only reads and writes for people, and another one evaluates. */
  evaluates: boolean;
  onError(error: unknown): void;
}

export interface Alerts {
  desk: AlertDesk;
  outside: OutsideDesk;
  /** Pending and firing alerts, from memory. */
  active(): readonly Alert[];
  health(): LoopHealth[];
  /** Rules that could not look the last time, and why. */
  ruleErrors(): ReadonlyMap<string, string>;
  /** Rows of old alerts taken out since this process leads. */
  pruned(): number;
  leads(): boolean;
  /** Evaluates everything now. */
  nudge(): void;
  /** A new configuration takes effect at the next evaluation; what is firing goes on. */
  replace(settings: AlertsSettings): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the alerting side: evaluating where this process leads, and the desk for people and programs everywhere. */
export async function startAlerts(parts: AlertsParts): Promise<Alerts> {
  const { store, clock, bus } = parts;
  let settings = parts.settings;
  let lead: Lead | null = null;
  const ledger = await openLedger({ store, plan: settings.alerting, clock, dispatching: false, onCommit: (change) => announce(change) });
  const probes = () =>
    new Map(
      settings.probes.map((probe): [string, ProbeFacts] => [
        probe.id,
        { id: probe.id, service: probe.service, intervalMs: probe.intervalMs, confirmTimes: probe.confirm.times, vantages: probe.vantages },
      ]),
    );
  let probeFacts = probes();

  function announce(change: AlertChange): void {
    lead?.committed(change);
    if (change.transitions.length > 0 || change.silences.length > 0) bus.emit('alertsChanged', { transitions: change.transitions });
    if (change.notifications.length > 0) bus.emit('notificationsChanged', { receivers: [...new Set(change.notifications.map((one) => one.receiver))] });
  }

  const leadParts: LeadParts = { ...parts, ledger, settings: () => settings, probe: (id) => probeFacts.get(id), keptMs: () => keptFor(settings) };
  lead = startLead(leadParts);
  const shared = {
    ledger,
    store,
    clock,
    secretKey: parts.secretKey,
    plan: () => settings.alerting,
    rules: () => settings.rules,
    nextEvaluationAt: () => lead?.nextEvaluationAt() ?? null,
    onAcknowledged: (alert: Alert) => bus.emit('acknowledged', { alert }),
  };
  return {
    desk: alertDesk(shared),
    outside: outsideDesk({ ...shared, version: parts.version, configYaml: parts.configYaml }),
    active: () => [...ledger.state().alerts.values()].filter((alert) => alert.state !== 'resolved'),
    health: () => lead.health(),
    ruleErrors: () => lead.ruleErrors(),
    pruned: () => lead.pruned(),
    leads: () => lead.leads(),
    nudge: () => lead.nudge(),
    async replace(next) {
      settings = next;
      probeFacts = probes();
      ledger.setPlan(next.alerting);
      await lead.reopen();
      lead.nudge();
    },
    stop: () => lead.stop(),
  };
}

/** Long enough for people to find an ended alert, and for every rule to see that it flaps. */
function keptFor(settings: AlertsSettings): DurationMs {
  return durationMs(Math.max(resolvedKeptMs, ...settings.rules.map((rule) => flapMemoryMs(rule.terms))));
}
