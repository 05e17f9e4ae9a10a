import type { Reading } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import { minute, type UnixMs } from '#lib/time.ts';
import { addresseeName, failureName, loginReasonName } from './names.ts';
import type { AlertEntry, Catalogue, RuleEntry } from './ports.ts';
import type { RecentCheck } from './questions.ts';
import type { Subject, Trouble } from './sentence.ts';
import { figureLimits, figureState, newestByVantage } from './states.ts';
import { same } from './words.ts';

/** What a service's logs say now. */
export interface ServiceReadings {
  errors: Reading;
  logins: Reading;
  latency: Reading;
  topReason: string | null;
}

/** What stands beside the alerts when a sentence is made of them. */
export interface TroubleFacts {
  now: UnixMs;
  rules: readonly RuleEntry[];
  catalogue: Catalogue;
  readings(service: string): ServiceReadings;
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
          who: addresseeName(delivery.to) ?? delivery.receiver,
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
const partLabels = ['route', 'vantage', 'client'];

type Measured = Extract<Subject, { kind: 'errors' | 'logins' | 'latency' }>;
const kindOfMeasure = (measure: string | null | undefined): Measured['kind'] | null =>
  measure === 'request.errors/request.total' ? 'errors' : measure === 'login.failed/login.attempts' ? 'logins' : measure?.startsWith('request.duration:') ? 'latency' : null;

function subjectOf({ alert }: AlertEntry, facts: TroubleFacts): Subject {
  const rule = facts.rules.find((candidate) => candidate.name === alert.rule);
  const kind = kindOfMeasure(rule?.measure);
  const service = facts.readings(alert.labels.service ?? '');
  if (kind) {
    const partial = partLabels.some((label) => alert.labels[label] !== undefined);
    const usual = partial ? { normal: null, before: null } : usualOf(service[kind], { since: alert.activeAt, now: facts.now });
    const reason = kind === 'logins' ? (alert.labels.reason ?? service.topReason) : null;
    return { kind, value: alert.value, ...usual, reason: reason === null ? null : loginReasonName(reason), probes: null };
  }
  const probes = alert.labels.probe ? [alert.labels.probe] : (rule?.probes ?? []);
  const seen = probes.length > 0 ? probeSubject(probes, { facts, service, since: alert.activeAt }) : null;
  return seen ?? { kind: 'other', title: alert.title, why: rule?.kind === 'probe' && alert.state === 'firing' && seesNoFailure(probes, facts) ? wellAgain : alert.why };
}

const wellAgain = { 'zh-CN': '探测已恢复，告警等待解除', en: 'the probes are good again and the alert is about to resolve' };
const seesNoFailure = (probes: readonly string[], { latest }: TroubleFacts): boolean => latest.some((check) => probes.includes(check.probe));

/** Normal for this hour; without a history of days, the middle one of the minutes before it began. */
function usualOf(reading: Reading, { since, now }: { since: UnixMs; now: UnixMs }): { normal: number | null; before: number | null } {
  const lastMinute = Math.floor(now / minute);
  const began = Math.floor(since / minute);
  const earlier = reading.spark.filter((value, index): value is number => value !== null && lastMinute - 59 + index < began).sort((a, b) => a - b);
  return { normal: reading.normal, before: earlier.length < 5 ? null : (earlier[Math.floor((earlier.length - 1) / 2)] ?? null) };
}

/** Which reading tells more than the probe does, by how the probe failed. */
const readingFor: Partial<Record<string, Measured['kind']>> = { status: 'errors', business: 'errors', connect: 'errors', timeout: 'latency', login: 'logins', captcha: 'logins' };

function probeSubject(probes: readonly string[], { facts, service, since }: { facts: TroubleFacts; service: ServiceReadings; since: UnixMs }): Subject | null {
  const newest = probes.flatMap((probe) => newestByVantage(facts.latest.filter((check) => check.probe === probe)));
  const failing = newest.filter((check) => check.outcome === 'fail');
  const [shown] = failing;
  if (!shown) return null;
  const vantages = (checks: readonly RecentCheck[]): number => new Set(checks.map((check) => check.vantage)).size;
  const points = { failing: vantages(failing), of: vantages(newest) };
  const kind = readingFor[shown.failureKind ?? ''];
  const reading = kind ? service[kind] : null;
  if (kind && reading && isBad(kind, reading)) {
    const reason = kind === 'logins' && service.topReason !== null ? loginReasonName(service.topReason) : null;
    return { kind, value: reading.value, ...usualOf(reading, { since, now: facts.now }), reason, probes: points };
  }
  const component = facts.catalogue.components.find((candidate) => candidate.probes.includes(shown.probe));
  const failure = shown.failureKind === null ? null : withReason(failureName(shown.failureKind), shown.reason);
  return { kind: 'probe', probe: component?.name ?? same(shown.probe), failure, ...points };
}

function isBad(kind: Measured['kind'], reading: Reading): boolean {
  const limits = { errors: figureLimits.errorRatio, logins: figureLimits.loginFailureRatio, latency: figureLimits.latencySeconds }[kind];
  const state = figureState(reading.value, { normal: reading.normal ?? reading.before, ...limits });
  return state === 'down' || state === 'slow';
}

const withReason = (name: Bilingual, reason: string | null): Bilingual => (reason === null ? name : { 'zh-CN': `${name['zh-CN']}（${reason}）`, en: `${name.en} (${reason})` });
