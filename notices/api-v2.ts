import { iso, unixMs } from '#lib/time.ts';
import type { Impact } from '#runbooks/notice-template.ts';
import type { ComponentStatus } from './component.ts';
import { current, isOpenNotice, type Notice, worstImpact } from './notice.ts';
import { openNotices, overallSentence, overallStatus, type PublicComponent, type PublicFacts } from './page-words.ts';

/** The read API of Statuspage, version 2, so that clients written for it can read us. Texts in the site's first language. */
export function renderApi(facts: PublicFacts): Record<string, unknown> {
  const page = pageOf(facts);
  const components = facts.components.map((component, index) => componentOf(facts, component, index + 1));
  const incidents = facts.notices.slice(0, 50).map((notice) => incidentOf(facts, notice));
  const unresolved = openNotices(facts).map((notice) => incidentOf(facts, notice));
  const status = statusOf(facts);
  return {
    'summary.json': { page, components, incidents: unresolved, scheduled_maintenances: [], status },
    'status.json': { page, status },
    'components.json': { page, components },
    'incidents.json': { page, incidents },
    'incidents/unresolved.json': { page, incidents: unresolved },
    'scheduled-maintenances.json': { page, scheduled_maintenances: [] },
    'scheduled-maintenances/upcoming.json': { page, scheduled_maintenances: [] },
    'scheduled-maintenances/active.json': { page, scheduled_maintenances: [] },
  };
}

const pageId = 'fenghuo';
const say = ({ languages }: PublicFacts) => languages[0] ?? 'zh-CN';

function pageOf(facts: PublicFacts) {
  const instants = [...facts.notices.map((notice) => current(notice).at), ...facts.components.map(({ updatedAt }) => updatedAt)];
  const updated = instants.length === 0 ? facts.renderedAt : unixMs(Math.max(...instants));
  return { id: pageId, name: facts.name[say(facts)], url: `${facts.url}/status`, time_zone: facts.zone, updated_at: iso(updated) };
}

const indicators: Readonly<Record<ComponentStatus, Impact>> = { operational: 'none', under_maintenance: 'none', degraded_performance: 'minor', partial_outage: 'major', major_outage: 'critical' };
const rank: readonly Impact[] = ['none', 'minor', 'major', 'critical'];

function statusOf(facts: PublicFacts) {
  const told = openNotices(facts).map((notice) => current(notice).impact);
  const indicator = [indicators[overallStatus(facts)], ...told].reduce((a, b) => (rank.indexOf(a) >= rank.indexOf(b) ? a : b));
  return { indicator: overallStatus(facts) === 'under_maintenance' && indicator === 'none' ? 'maintenance' : indicator, description: overallSentence(facts)[say(facts)] };
}

function componentOf(facts: PublicFacts, { id, name, about, status, updatedAt, uptime }: PublicComponent, position: number) {
  return {
    id,
    name: name[say(facts)],
    status,
    created_at: iso(uptime.since ?? updatedAt),
    updated_at: iso(updatedAt),
    position,
    description: about?.[say(facts)] ?? null,
    showcase: true,
    start_date: uptime.since === null ? null : iso(uptime.since).slice(0, 10),
    group_id: null,
    page_id: pageId,
    group: false,
    only_show_if_degraded: false,
  };
}

function incidentOf(facts: PublicFacts, notice: Notice) {
  const language = say(facts);
  const latest = current(notice);
  const monitoring = notice.updates.find(({ status }) => status === 'monitoring');
  const updates = notice.updates.map((update) => ({
    id: `${notice.id}-${update.seq}`,
    status: update.status,
    body: `${update.body[language]}\n\n${update.advice[language]}`,
    incident_id: notice.id,
    created_at: iso(update.at),
    updated_at: iso(update.at),
    display_at: iso(update.at),
    affected_components: update.components.map((id) => ({ code: id, name: nameOf(facts, id) })),
  }));
  return {
    id: notice.id,
    name: latest.title[language],
    status: latest.status,
    created_at: iso(notice.startedAt),
    updated_at: iso(latest.at),
    monitoring_at: monitoring ? iso(monitoring.at) : null,
    resolved_at: notice.resolvedAt === null ? null : iso(notice.resolvedAt),
    impact: isOpenNotice(notice) ? latest.impact : worstImpact(notice),
    shortlink: `${facts.url}/status/${language}#${notice.id}`,
    started_at: iso(notice.startedAt),
    page_id: pageId,
    incident_updates: updates.reverse(),
    components: facts.components.flatMap((component, index) => (latest.components.includes(component.id) ? [componentOf(facts, component, index + 1)] : [])),
  };
}

const nameOf = (facts: PublicFacts, id: string): string => facts.components.find((component) => component.id === id)?.name[say(facts)] ?? id;
