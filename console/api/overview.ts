import type { Reading } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import { day, durationMs, iso, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { alertRows } from './alert-rows.ts';
import { isoOrNull } from './answers.ts';
import { marksOf } from './boards.ts';
import { componentRows } from './component-rows.ts';
import { incidentRow } from './incident-rows.ts';
import type { AlertEntry, ConsolePorts, IncidentEntry, NoticeEntry } from './ports.ts';
import { type ProbeFacts, probeFacts, vantageCells } from './probe-rows.ts';
import type { Scope } from './questions.ts';
import { overviewSentence } from './sentence.ts';
import { availabilityState, dayFigures, figureLimits, figureState, freshFor } from './states.ts';
import { type ServiceReadings, troublesOf } from './troubles.ts';
import type { Figure, OverviewView } from './views.ts';

type OverviewPorts = Pick<ConsolePorts, 'site' | 'catalogue' | 'questions' | 'alerts' | 'incidents' | 'notices'>;

function figure(reading: Reading, unit: Figure['unit'], limits: { slow: number; down: number }): Figure {
  const { value, samples, normal, spark } = reading;
  return { value, unit, samples, normal, spark: [...spark], state: figureState(value, { normal: normal ?? reading.before, ...limits }) };
}

async function logReadings({ questions, site }: OverviewPorts, scope: Scope, now: UnixMs): Promise<ServiceReadings> {
  const asked = { now, zone: site().zone, scope };
  const lately = { from: unixMs(now - 5 * minute), until: unixMs(now + 1) };
  const [latency, errors, logins, reasons] = await Promise.all([
    questions.latencyNow(asked),
    questions.errorRatioNow(asked),
    questions.loginFailureNow(asked),
    questions.loginReasons({ span: lately, now, scope, limit: 1 }),
  ]);
  return { latency, errors, logins, topReason: reasons.rows[0]?.key ?? null };
}

async function readings(ports: OverviewPorts, now: UnixMs) {
  const { questions, site } = ports;
  const [logs, availability, routes, logins] = await Promise.all([
    logReadings(ports, {}, now),
    questions.availabilityNow({ now, zone: site().zone, scope: {} }),
    questions.routeFigures({ now, scope: {} }),
    questions.loginFigures({ now, scope: {} }),
  ]);
  return { ...logs, availability, services: { routes, logins } };
}

const availabilityFigure = (reading: Reading, day: { value: number | null; target: number; coverage: number }): OverviewView['availability'] => ({
  ...figure(reading, 'ratio', { slow: 2, down: 2 }),
  ...day,
  state: availabilityState(day.value, day.target),
});

const gravest = (incidents: readonly IncidentEntry[]): IncidentEntry | null => [...incidents].sort((a, b) => (a.level < b.level ? -1 : a.level > b.level ? 1 : a.openedAt - b.openedAt))[0] ?? null;

const recentThings = 8;
const newestFirst = (marks: ReturnType<typeof marksOf>): OverviewView['recent'] =>
  marks
    .slice(-recentThings)
    .reverse()
    .map((mark) => ({ ...mark, at: iso(mark.at) }));

/** Everything the first page shows, at one moment. */
export async function overview(ports: OverviewPorts, now: UnixMs): Promise<OverviewView> {
  const lastDay = { from: unixMs(now - day), until: unixMs(now + 1) };
  const [figures, probes, entries, everyIncident, statuses, notices, fired] = await Promise.all([
    readings(ports, now),
    probeFacts(ports, now),
    ports.alerts.entries({ state: 'active', now }),
    ports.incidents.list({ state: 'all' }),
    ports.notices.components(),
    ports.notices.list(),
    ports.questions.alertMarks({ span: lastDay, limit: 40 }),
  ]);
  const incidents = everyIncident.filter((one) => one.state !== 'closed');
  const catalogue = ports.catalogue();
  const [byService, newest] = await Promise.all([troubledServices(ports, entries, now), newestCheck(ports, probes, now)]);
  const site = ports.site();
  const components = componentRows(catalogue, { probes, services: figures.services, statuses: new Map(statuses.map((component) => [component.id, component.status])) });
  const daily = dayFigures(probes.days, catalogue.probes, now);
  const availability = { value: daily.availability, target: site.availabilityTarget, coverage: daily.coverage };
  const rules = ports.alerts.rules();
  const fastest = Math.min(60_000, ...catalogue.probes.map((probe) => probe.intervalMs));
  const sentence = overviewSentence({
    now,
    zone: site.zone,
    troubles: troublesOf(entries, { now, rules, catalogue, readings: (service) => byService.get(service) ?? figures, latest: probes.latest }),
    incident: gravest(incidents),
    components,
    nothingWatched: catalogue.probes.length === 0,
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
    availability: availabilityFigure(figures.availability, availability),
    latencyP95: figure(figures.latency, 'seconds', figureLimits.latencySeconds),
    errorRatio: figure(figures.errors, 'ratio', figureLimits.errorRatio),
    loginFailureRatio: figure(figures.logins, 'ratio', figureLimits.loginFailureRatio),
    components,
    vantages: vantageCells(catalogue, probes),
    alerts: alertRows(entries, { incidents, rules, catalogue }),
    incidents: incidents.map(incidentRow),
    recent: newestFirst(marksOf({ alerts: fired, incidents: everyIncident, notices, rules }, lastDay)),
    next: nextThings({ incidents, notices, entries }),
  };
}

/** When the last check was stored; after a long silence the store is asked a day back. */
async function newestCheck({ questions }: OverviewPorts, { latest }: ProbeFacts, now: UnixMs): Promise<UnixMs | null> {
  if (latest.length === 0) return (await questions.newest({ now })).checks;
  return unixMs(Math.max(...latest.map((check) => check.at)));
}

/** With more than one service, the readings of those in trouble by themselves; a handful at most. */
async function troubledServices(ports: OverviewPorts, entries: readonly AlertEntry[], now: UnixMs): Promise<ReadonlyMap<string, ServiceReadings>> {
  if (ports.catalogue().services.length <= 1) return new Map();
  const services = [...new Set(entries.flatMap((entry) => entry.alert.labels.service ?? []))].slice(0, 3);
  return new Map(await Promise.all(services.map(async (service): Promise<[string, ServiceReadings]> => [service, await logReadings(ports, { services: [service] }, now)])));
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
    ...entries.flatMap((entry) => (entry.next ? [next('notification', entry.alert.title, entry.next)] : [])),
  ];
  return things.sort((a, b) => ((a.at ?? '9') < (b.at ?? '9') ? -1 : 1)).slice(0, 8);
}
