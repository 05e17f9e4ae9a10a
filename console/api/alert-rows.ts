import type { Bilingual } from '#lib/text.ts';
import { iso } from '#lib/time.ts';
import { isoOrNull } from './answers.ts';
import { withProbeName } from './names.ts';
import type { AlertEntry, Catalogue, IncidentEntry, RuleEntry } from './ports.ts';
import type { AlertRow } from './views.ts';
import { same } from './words.ts';

const order = { firing: 0, pending: 1, resolved: 2 };
const severityOrder = { critical: 0, warning: 1, info: 2 };

const severityOf = (entry: AlertEntry): AlertRow['severity'] => {
  const severity = entry.alert.labels.severity;
  return severity === 'critical' || severity === 'info' ? severity : 'warning';
};

export interface AlertContext {
  incidents: readonly Pick<IncidentEntry, 'id' | 'alerts' | 'state'>[];
  rules: readonly RuleEntry[];
  catalogue: Catalogue;
  /** What runbooks are called, where the row shows it. */
  runbooks?: readonly { id: string; title: Bilingual }[];
}

/** Newest trouble first: firing before pending before resolved, critical before the rest. */
export function alertRows(entries: readonly AlertEntry[], context: AlertContext): AlertRow[] {
  const rows = entries.map((entry) => alertRow(entry, context));
  return rows.sort((a, b) => order[a.state] - order[b.state] || severityOrder[a.severity] - severityOrder[b.severity] || (a.since < b.since ? 1 : a.since > b.since ? -1 : 0));
}

export function alertRow(entry: AlertEntry, { incidents, rules, catalogue, runbooks = [] }: AlertContext): AlertRow {
  const { alert } = entry;
  const rule = rules.find((candidate) => candidate.name === alert.rule);
  const runbook = alert.annotations.runbook ?? rule?.runbook ?? null;
  const service = alert.labels.service ?? '';
  const own = incidents.filter((incident) => incident.alerts.includes(alert.fingerprint));
  const incident = own.find((candidate) => candidate.state !== 'closed') ?? own[0];
  return {
    fingerprint: alert.fingerprint,
    episode: alert.episode,
    rule: alert.rule,
    labels: { ...alert.labels },
    state: alert.state,
    severity: severityOf(entry),
    service,
    serviceName: catalogue.services.find((candidate) => candidate.id === service)?.name ?? same(service),
    since: iso(alert.activeAt),
    resolvedAt: alert.state === 'resolved' ? iso(alert.resolvedAt) : null,
    value: alert.value,
    why: withProbeName(alert.why, catalogue),
    summary: alert.title,
    runbook,
    runbookTitle: runbooks.find((candidate) => candidate.id === runbook)?.title ?? (runbook === null ? null : same(runbook)),
    acknowledgement: alert.acknowledgement ? { by: alert.acknowledgement.by, at: iso(alert.acknowledgement.at) } : null,
    mutedBy: entry.mutedBy.map((mute) => ({ by: mute.by, text: mute.text, until: isoOrNull(mute.until) })),
    deliveries: entry.deliveries.map((delivery) => ({ ...delivery, at: iso(delivery.at) })),
    next: entry.next ? { text: entry.next.text, at: isoOrNull(entry.next.at) } : null,
    incidentId: incident?.id ?? null,
  };
}
