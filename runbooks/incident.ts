import type { Alert, Severity } from '#alerts/alert.ts';
import { type Matcher, matchesAll, parseMatchers } from '#alerts/matcher.ts';
import type { Mode } from '#alerts/notification.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { graver, type Level, type Role, type Runbook } from './runbook.ts';

export const incidentStates = ['declared', 'mitigated', 'resolved', 'closed'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** An episode of an alert that the incident answers. */
export interface IncidentAlert {
  episode: string;
  fingerprint: string;
  rule: string | null;
  summary: Bilingual;
  firedAt: UnixMs;
  resolvedAt: UnixMs | null;
}

/** A coordinated answer to trouble, inside the house; what the public is told is a notice. */
export interface Incident {
  id: string;
  /** `2026-0001`: the year in the site's zone and a number that leaves no gap; given by the store. */
  number: string;
  title: Bilingual;
  level: Level;
  state: IncidentState;
  mode: Mode;
  service: string;
  openedAt: UnixMs;
  mitigatedAt: UnixMs | null;
  resolvedAt: UnixMs | null;
  closedAt: UnixMs | null;
  roles: Readonly<Partial<Record<Role, string>>>;
  alerts: readonly IncidentAlert[];
  runId: string | null;
  /** Promised to the public by the newest notice. */
  nextUpdateAt: UnixMs | null;
  /** Counts its changes; a change made on an older one is refused. */
  revision: number;
}

export interface IncidentPolicy {
  /** Any alert that matches all of them opens an incident. */
  openWhen: readonly Matcher[];
  levelBy: Readonly<Record<Severity, Level>>;
}

/** What has to change so that incidents tell the same story as the alerts. */
export type IncidentChange =
  | { do: 'open'; service: string; alerts: readonly IncidentAlert[]; level: Level; title: Bilingual; labels: Alert['labels']; runbook: Runbook | null }
  | { do: 'join'; incident: Incident; alerts: readonly IncidentAlert[]; level: Level; runbook: Runbook | null; labels: Alert['labels'] }
  | { do: 'relapse'; incident: Incident }
  | { do: 'alertsResolved'; incident: Incident; alerts: readonly IncidentAlert[]; all: boolean };

export interface IncidentFacts {
  /** Declared and mitigated ones; a service has at most one. */
  open: readonly Incident[];
  /** Pending and firing alerts, as they are now. */
  alerts: readonly Alert[];
  /** Episodes some incident answers already, closed ones too. */
  answered: ReadonlySet<string>;
  runbooks: readonly Runbook[];
}

export const isOpen = ({ state }: Incident): boolean => state === 'declared' || state === 'mitigated';

/** Asked again after every change and every start, so that nothing is lost with a process; what is in order already changes nothing. */
export function reconcileIncidents(facts: IncidentFacts, policy: IncidentPolicy, now: UnixMs): IncidentChange[] {
  const firing = facts.alerts.filter(({ state }) => state === 'firing');
  const services = [...new Set(firing.map(serviceOf))];
  return [
    ...services.flatMap((service) => forService(service, { facts, policy, firing: firing.filter((alert) => serviceOf(alert) === service) })),
    ...facts.open.flatMap((incident) => afterResolved(incident, firing, now)),
  ];
}

interface ServiceQuestion {
  facts: IncidentFacts;
  policy: IncidentPolicy;
  firing: readonly Alert[];
}

function forService(service: string, { facts, policy, firing }: ServiceQuestion): IncidentChange[] {
  const fresh = firing.filter(({ episode }) => !facts.answered.has(episode));
  const incident = facts.open.find((candidate) => candidate.service === service);
  const level = fresh.map((alert) => policy.levelBy[severityOf(alert)]).reduce<Level>(graver, 'sev5');
  const plan = runbookFor(fresh, facts.runbooks);
  const shared = { alerts: fresh.map(asIncidentAlert), runbook: plan, labels: (fresh.find((alert) => alert.annotations.runbook) ?? fresh[0])?.labels ?? {} };
  if (incident) {
    const changes: IncidentChange[] = fresh.length === 0 ? [] : [{ do: 'join', incident, ...shared, level: graver(incident.level, level), runbook: incident.runId ? null : plan }];
    // Trouble that comes back before the incident is over belongs to it.
    if (incident.state === 'mitigated' && fresh.length > 0) changes.push({ do: 'relapse', incident });
    return changes;
  }
  const opener = fresh.find((alert) => matchesAll(policy.openWhen, labelsOf(alert)));
  if (!opener) return [];
  return [{ do: 'open', service, ...shared, level: plan?.level ? graver(level, plan.level) : level, title: opener.title }];
}

function afterResolved(incident: Incident, firing: readonly Alert[], now: UnixMs): IncidentChange[] {
  const still = new Set(firing.map(({ episode }) => episode));
  const over = incident.alerts.filter(({ episode, resolvedAt }) => resolvedAt === null && !still.has(episode));
  if (over.length === 0) return [];
  const left = incident.alerts.some(({ episode, resolvedAt }) => resolvedAt === null && still.has(episode));
  return [{ do: 'alertsResolved', incident, alerts: over.map((alert) => ({ ...alert, resolvedAt: now })), all: !left }];
}

const serviceOf = (alert: Alert): string => alert.labels.service ?? '';
const severityOf = (alert: Alert): Severity => (['critical', 'warning', 'info'] as const).find((severity) => severity === alert.labels.severity) ?? 'warning';
const labelsOf = (alert: Alert): Alert['labels'] => ({ ...alert.labels, severity: severityOf(alert) });

export const asIncidentAlert = (alert: Alert): IncidentAlert => ({
  episode: alert.episode,
  fingerprint: alert.fingerprint,
  rule: alert.rule,
  summary: alert.title,
  firedAt: alert.state === 'pending' ? alert.activeAt : alert.firedAt,
  resolvedAt: null,
});

/** The runbook an alert names, else the first whose labels apply. */
export function runbookFor(alerts: readonly Alert[], runbooks: readonly Runbook[]): Runbook | null {
  const named = alerts.flatMap(({ annotations }) => runbooks.filter(({ id }) => id === annotations.runbook))[0];
  return named ?? alerts.flatMap((alert) => runbooks.filter((runbook) => applies(runbook, alert)))[0] ?? null;
}

function applies({ appliesWhen }: Runbook, alert: Alert): boolean {
  const parsed = appliesWhen.map((text) => parseMatchers(text));
  return parsed.length > 0 && parsed.every((part) => part.ok && matchesAll(part.matchers, labelsOf(alert)));
}

/** An incident is over when its alerts are and the run's last word holds; without a run the alerts alone decide, without alerts the walked run. */
export function resolvable(incident: Incident, { hasRun, verified, gateHeld }: { hasRun: boolean; verified: boolean; gateHeld: boolean }): boolean {
  if (incident.alerts.length === 0) return isOpen(incident) && hasRun && verified;
  return incident.state === 'mitigated' && incident.alerts.every(({ resolvedAt }) => resolvedAt !== null) && (!hasRun || verified || gateHeld);
}
