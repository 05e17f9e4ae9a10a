import type { Reading } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import { durationMs, iso, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { alertRows } from './alert-rows.ts';
import { isoOrNull } from './answers.ts';
import { componentRows } from './component-rows.ts';
import { incidentRow } from './incident-rows.ts';
import type { AlertEntry, ConsolePorts, IncidentEntry, NoticeEntry } from './ports.ts';
import { probeFacts, vantageCells } from './probe-rows.ts';
import { overviewSentence } from './sentence.ts';
import { availabilityState, dayFigures, figureLimits, figureState, freshFor } from './states.ts';
import { troublesOf } from './troubles.ts';
import type { Figure, OverviewView } from './views.ts';

type OverviewPorts = Pick<ConsolePorts, 'site' | 'catalogue' | 'questions' | 'alerts' | 'incidents' | 'notices'>;

function figure(reading: Reading, unit: Figure['unit'], limits: { slow: number; down: number }): Figure {
  const { value, samples, normal, spark } = reading;
  return { value, unit, samples, normal, spark: [...spark], state: figureState(value, { normal: normal ?? reading.before, ...limits }) };
}

async function readings({ questions, site }: OverviewPorts, now: UnixMs) {
  const asked = { now, zone: site().zone, scope: {} };
  const lately = { from: unixMs(now - 5 * minute), until: unixMs(now + 1) };
  const [availability, latency, errors, logins, routes, loginRows, reasons] = await Promise.all([
    questions.availabilityNow(asked),
    questions.latencyNow(asked),
    questions.errorRatioNow(asked),
    questions.loginFailureNow(asked),
    questions.routeFigures(asked),
    questions.loginFigures(asked),
    questions.loginReasons({ span: lately, now, scope: {}, limit: 1 }),
  ]);
  return { availability, latency, errors, logins, services: { routes, logins: loginRows }, topReason: reasons.rows[0]?.key ?? null };
}

/** Everything the first page shows, at one moment. */
export async function overview(ports: OverviewPorts, now: UnixMs): Promise<OverviewView> {
  const [figures, probes, entries, incidents, statuses, notices] = await Promise.all([
    readings(ports, now),
    probeFacts(ports, now),
    ports.alerts.entries({ state: 'active', now }),
    ports.incidents.list({ state: 'open' }),
    ports.notices.components(),
    ports.notices.list(),
  ]);
  const catalogue = ports.catalogue();
  const site = ports.site();
  const components = componentRows(catalogue, { probes, services: figures.services, statuses: new Map(statuses.map((component) => [component.id, component.status])) });
  const day = dayFigures(probes.days, catalogue.probes, now);
  const availability = { value: day.availability, target: site.availabilityTarget, coverage: day.coverage };
  const rules = ports.alerts.rules();
  const newest = probes.latest.reduce<UnixMs | null>((latest, check) => (latest === null || check.at > latest ? check.at : latest), null);
  const incident = [...incidents].sort((a, b) => (a.level < b.level ? -1 : a.level > b.level ? 1 : a.openedAt - b.openedAt))[0] ?? null;
  const fastest = Math.min(60_000, ...catalogue.probes.map((probe) => probe.intervalMs));
  const sentence = overviewSentence({
    now,
    zone: site.zone,
    troubles: troublesOf(entries, { rules, catalogue, errors: figures.errors, logins: figures.logins, latency: figures.latency, topReason: figures.topReason, latest: probes.latest }),
    incident,
    components,
    newestCheckAt: newest,
    staleAfterMs: freshFor(durationMs(fastest)) * 2,
    availability,
    latencySeconds: figures.latency.value,
    errorRatio: figures.errors.value,
    loginFailureRatio: figures.logins.value,
  });
  return {
    at: iso(now),
    sentence,
    availability: {
      ...figure(figures.availability, 'ratio', { slow: 2, down: 2 }),
      value: availability.value,
      state: availabilityState(availability.value, availability.target),
      target: availability.target,
      coverage: availability.coverage,
    },
    latencyP95: figure(figures.latency, 'seconds', figureLimits.latencySeconds),
    errorRatio: figure(figures.errors, 'ratio', figureLimits.errorRatio),
    loginFailureRatio: figure(figures.logins, 'ratio', figureLimits.loginFailureRatio),
    components,
    vantages: vantageCells(catalogue, probes),
    alerts: alertRows(entries, { incidents, rules }),
    incidents: incidents.map(incidentRow),
    next: nextThings({ incidents, notices, entries }),
  };
}

const next = (what: OverviewView['next'][number]['what'], label: Bilingual, { at, text }: { at: UnixMs | null; text: Bilingual | null }): OverviewView['next'][number] => ({
  what,
  label,
  at: isoOrNull(at),
  text,
});

/** What happens next if nobody does anything, the soonest first; what has no time comes last. */
export function nextThings({ incidents, notices, entries }: { incidents: readonly IncidentEntry[]; notices: readonly NoticeEntry[]; entries: readonly AlertEntry[] }): OverviewView['next'] {
  const open = notices.filter((notice) => notice.status !== 'resolved');
  const things = [
    ...open.flatMap((notice) => (notice.nextUpdateAt === null ? [] : [next('noticeUpdate', { 'zh-CN': '公告下次更新', en: 'Next notice update' }, { at: notice.nextUpdateAt, text: notice.title })])),
    ...incidents.flatMap((incident) =>
      incident.runbook?.dueAt ? [next('gate', { 'zh-CN': '预案这一步到期', en: 'Runbook step due' }, { at: incident.runbook.dueAt, text: incident.runbook.stepTitle })] : [],
    ),
    ...entries.flatMap((entry) => (entry.next ? [next('notification', { 'zh-CN': '告警通知', en: 'Alert notification' }, entry.next)] : [])),
  ];
  return things.sort((a, b) => ((a.at ?? '9') < (b.at ?? '9') ? -1 : 1)).slice(0, 8);
}
