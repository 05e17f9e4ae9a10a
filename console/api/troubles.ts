import type { Reading } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import { failureName, loginReasonName } from './names.ts';
import type { AlertEntry, Catalogue, RuleEntry } from './ports.ts';
import type { RecentCheck } from './questions.ts';
import type { Subject, Trouble } from './sentence.ts';
import { newestByVantage } from './states.ts';
import { same } from './words.ts';

/** What stands beside the alerts when a sentence is made of them. */
export interface TroubleFacts {
  rules: readonly RuleEntry[];
  catalogue: Catalogue;
  errors: Reading;
  logins: Reading;
  latency: Reading;
  topReason: string | null;
  latest: readonly RecentCheck[];
}

export const troublesOf = (entries: readonly AlertEntry[], facts: TroubleFacts): Trouble[] =>
  entries.flatMap((entry): Trouble[] => {
    const { alert } = entry;
    if (alert.state === 'resolved') return [];
    const severity = alert.labels.severity === 'critical' || alert.labels.severity === 'info' ? alert.labels.severity : 'warning';
    return [
      {
        fingerprint: alert.fingerprint,
        state: alert.state,
        severity,
        place: placeOf(entry, facts.catalogue),
        since: alert.activeAt,
        subject: subjectOf(entry, facts),
        told: entry.deliveries.map((delivery) => ({
          who: delivery.receiver,
          channel: delivery.channel,
          at: delivery.at,
          arrived: delivery.state === 'sent' || delivery.state === 'delivered' || delivery.state === 'read',
        })),
        untold: entry.mutedBy[0]?.text ?? null,
        acknowledged: alert.acknowledgement ? { by: alert.acknowledgement.by, at: alert.acknowledgement.at } : null,
      },
    ];
  });

function placeOf({ alert }: AlertEntry, catalogue: Catalogue): Bilingual {
  const component = catalogue.components.find((candidate) => candidate.id === alert.labels.component);
  const service = catalogue.services.find((candidate) => candidate.id === alert.labels.service);
  return component?.name ?? service?.name ?? same(alert.labels.service ?? '');
}

/** A reading belongs to an alert only when the alert speaks of the whole service; of a part, only its own value is told. */
const partLabels = ['route', 'vantage', 'reason', 'client'];

function subjectOf({ alert }: AlertEntry, facts: TroubleFacts): Subject {
  const rule = facts.rules.find((candidate) => candidate.name === alert.rule);
  const partial = partLabels.some((label) => alert.labels[label] !== undefined);
  const beside = (reading: Reading) => (partial ? { normal: null, before: null } : { normal: reading.normal, before: reading.before });
  if (rule?.measure === 'request.errors/request.total') return { kind: 'errors', value: alert.value, ...beside(facts.errors), reason: null };
  if (rule?.measure === 'login.failed/login.attempts') {
    const reason = alert.labels.reason ?? facts.topReason;
    return { kind: 'logins', value: alert.value, ...beside(facts.logins), reason: reason === null || reason === undefined ? null : loginReasonName(reason) };
  }
  if (rule?.measure === 'request.duration:p95') return { kind: 'latency', value: alert.value, ...beside(facts.latency), reason: null };
  const probe = alert.labels.probe;
  if (probe !== undefined) return probeSubject(probe, facts);
  return { kind: 'other', title: alert.title, why: alert.why };
}

function probeSubject(probe: string, { latest, catalogue }: TroubleFacts): Subject {
  const newest = newestByVantage(latest.filter((check) => check.probe === probe));
  const failing = newest.filter((check) => check.outcome === 'fail');
  const component = catalogue.components.find((candidate) => candidate.probes.includes(probe));
  const kind = failing[0]?.failureKind ?? null;
  const reason = failing[0]?.reason ?? null;
  const failure = kind === null ? null : withReason(failureName(kind), reason);
  return { kind: 'probe', probe: component?.name ?? same(probe), failure, failing: failing.length, of: newest.length };
}

const withReason = (name: Bilingual, reason: string | null): Bilingual => (reason === null ? name : { 'zh-CN': `${name['zh-CN']}（${reason}）`, en: `${name.en} (${reason})` });
