import { iso, type UnixMs } from '#lib/time.ts';
import { alertRows } from './alert-rows.ts';
import { isoOrNull } from './answers.ts';
import { incidentRow, noticeView } from './incident-rows.ts';
import { measureOf } from './measures.ts';
import type { AlertEntry, StepEntry } from './ports.ts';
import type { Routes } from './routes.ts';
import { figureState } from './states.ts';
import type { IncidentView, PanelView, StepView } from './views.ts';

/** Everything the incident room shows; panels of the open step are live, those of closed steps as they were frozen. */
export async function incidentRoom(routes: Routes, id: string): Promise<IncidentView | null> {
  const { ports, clock, panels } = routes;
  const now = clock.now();
  const room = await ports.incidents.room({ id, now });
  if (!room) return null;
  const { incident, steps } = room;
  const open = steps.find((step) => step.state === 'open');
  const [live, entries, notices] = await Promise.all([panels.beside(open?.panels ?? [], { service: incident.service, now }), alertsOf(routes, incident.alerts, now), ports.notices.list()]);
  const rules = ports.alerts.rules();
  const fallback = open || entries.length === 0 ? [] : await panels.beside(fallbackPanels, { service: incident.service, now });
  return {
    incident: incidentRow(incident),
    runId: room.runId,
    mode: room.mode,
    roles: [...room.roles],
    figure: await figureOf(routes, entries, now),
    nextUpdateDueAt: isoOrNull(room.nextUpdateDueAt),
    timeline: room.timeline.map((row) => ({ ...row, at: iso(row.at) })),
    steps: steps.map((step) => stepView(step, step === open ? live : [])),
    runbookVersion: room.runbookVersion,
    alerts: alertRows(entries, { incidents: [incident], rules, catalogue: ports.catalogue() }),
    notices: notices.filter((notice) => notice.incidentId === incident.id).map(noticeView),
    evidence: open ? live : fallback,
  };
}

const fallbackPanels = ['request-error-ratio', 'request-latency'];

async function alertsOf({ ports }: Routes, fingerprints: readonly string[], now: UnixMs): Promise<AlertEntry[]> {
  const found = await Promise.all(fingerprints.slice(0, 50).map((fingerprint) => ports.alerts.entry({ fingerprint, now })));
  return found.filter((entry) => entry !== null);
}

/** The one number the room is about: what its first alert looks at, as it is now. */
async function figureOf({ ports }: Routes, entries: readonly AlertEntry[], now: UnixMs): Promise<IncidentView['figure']> {
  for (const entry of entries) {
    const found = measureOf(entry, ports.alerts.rules());
    if (!found) continue;
    const { measure, scope } = found;
    const reading = await measure.now(ports.questions, { now, zone: ports.site().zone, scope });
    return { label: measure.label, value: reading.value, unit: measure.unit, state: figureState(reading.value, { normal: reading.normal ?? reading.before, ...measure.limits }) };
  }
  return null;
}

const isPanels = (value: unknown): value is PanelView[] => Array.isArray(value) && value.every((panel) => typeof panel === 'object' && panel !== null && 'id' in panel && 'data' in panel);

function stepView(step: StepEntry, live: readonly PanelView[]): StepView {
  const { openedAt, closedAt, dueAt, panels: _, evidence, gate, draft, ...rest } = step;
  return {
    ...rest,
    choices: [...step.choices],
    openedAt: isoOrNull(openedAt),
    closedAt: isoOrNull(closedAt),
    dueAt: isoOrNull(dueAt),
    gate,
    draft,
    panels: [...live],
    evidence: evidence ? { at: iso(evidence.at), text: evidence.text, panels: isPanels(evidence.panels) ? evidence.panels : [] } : null,
  };
}
