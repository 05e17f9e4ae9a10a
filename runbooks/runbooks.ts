import type { AlertTopics } from '#alerts/alert.ts';
import type { Facts } from '#alerts/ports.ts';
import type { Bus } from '#lib/bus.ts';
import type { Clock } from '#lib/clock.ts';
import { type Loop, startLoop } from '#lib/loop.ts';
import { type DurationMs, durationMs, type UnixMs } from '#lib/time.ts';
import { callHttp, type Perform } from './action.ts';
import { addNote, closeIncident, noteAcknowledgement, openIncident, setLevel, setRole, startByHand } from './desk.ts';
import type { GateScope } from './gate-reading.ts';
import { renderBilingual } from './markdown.ts';
import type { AlertsNow, EvidenceSource, IncidentStore, NoticePublisher, RunbookTopics } from './ports.ts';
import { incidentRoom, incidentRow } from './room.ts';
import type { Runbook } from './runbook.ts';
import { round } from './runner.ts';
import type { IncidentSettings, RunbookSettings } from './settings.ts';
import { actStep, closeStep, publishStep, skipStep, undoStep } from './step-desk.ts';
import { createTurns, type Ward } from './ward.ts';

/** What a reload may change; runs already begun keep their own copy of the runbook and its parameters. */
export interface ResponseSettings {
  runbooks: RunbookSettings;
  incidents: IncidentSettings;
  zone: string;
}
export interface RunbookParts {
  settings: ResponseSettings;
  /** Loaded by `loadLibrary`; asked each time, so that a reload shows at once. */
  runbooks(): readonly Runbook[];
  facts: Facts;
  store: IncidentStore;
  alerts: AlertsNow;
  publisher: NoticePublisher;
  /** Freezes panels; without it the service's four figures are kept. */
  evidence?: EvidenceSource;
  probes(): GateScope['probes'];
  bus: Bus<RunbookTopics & AlertTopics>;
  clock: Clock;
  onError(error: unknown): void;
  everyMs?: DurationMs;
  perform?: Perform;
}

const restMs = durationMs(5_000);

/** Starts the loop that carries incidents and runs on, and gives what people read and do. */
export function startRunbooks(parts: RunbookParts) {
  const { settings, store, bus, clock, onError } = parts;
  const ward: Ward = {
    ...parts,
    bus: parts.bus as unknown as Ward['bus'],
    evidence: parts.evidence ?? null,
    perform: parts.perform ?? callHttp,
    ...policyOf(settings),
    gates: new Map(),
    underway: new Set(),
    inTurn: createTurns(),
  };
  const everyMs = parts.everyMs ?? durationMs(1_500);
  const run = async (now: UnixMs) => {
    const { backlog } = await round(ward, now);
    // With nothing under way only another process could begin something unheard.
    return { backlog, nextInMs: backlog > 0 ? everyMs : durationMs(Math.max(everyMs, restMs)) };
  };
  const loop = startLoop({ name: 'runbooks', everyMs, clock, run, onError });
  const stops = [bus.on('alertsChanged', () => loop.nudge()), bus.on('acknowledged', ({ alert }) => void acknowledged(ward, alert).catch(onError))];
  return {
    desk: deskOf(ward, loop),
    shelf: shelfOf(parts.runbooks, store),
    health: () => [loop.health()],
    /** Takes over a reloaded configuration. */
    replace: (fresh: ResponseSettings) => void Object.assign(ward, policyOf(fresh)),
    /** One round now, for tests and for a caller that just changed something. */
    nudge: () => loop.nudge(),
    async stop() {
      for (const stop of stops) stop();
      await loop.stop();
    },
  };
}
export type Runbooks = ReturnType<typeof startRunbooks>;

const policyOf = ({ runbooks, incidents, zone }: ResponseSettings): Pick<Ward, 'zone' | 'policy' | 'params'> => ({
  zone,
  policy: { openWhen: incidents.open_when.flat(), levelBy: incidents.level_by },
  params: runbooks.params,
});

async function acknowledged(ward: Ward, { episode, acknowledgement }: AlertTopics['acknowledged']['alert']): Promise<void> {
  if (acknowledgement) await noteAcknowledgement(ward, { episode, by: acknowledgement.by, now: acknowledgement.at });
}

/** What people do and read about incidents; every write names who and when. */
function deskOf(ward: Ward, loop: Loop) {
  const { store } = ward;
  /** What was done may let the run go on at once. */
  const then = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    const given = await answer;
    loop.nudge();
    return given;
  };
  return {
    async list({ state }: { state: 'open' | 'all' }) {
      const incidents = await store.incidents({ state, limit: 200 });
      return Promise.all(incidents.map(async (incident) => incidentRow(incident, incident.runId ? await store.run(incident.runId) : null)));
    },
    async room({ id, now }: { id: string; now: UnixMs }) {
      const incident = await store.incident(id);
      if (!incident) return null;
      const [run, timeline] = await Promise.all([incident.runId ? store.run(incident.runId) : null, store.timeline(id)]);
      return incidentRoom({ incident, run, timeline, gates: ward.gates }, now);
    },
    open: (ask: Parameters<typeof openIncident>[1]) => then(openIncident(ward, ask)),
    start: (ask: Parameters<typeof startByHand>[1]) => then(startByHand(ward, ask)),
    addNote: (ask: Parameters<typeof addNote>[1]) => addNote(ward, ask),
    setRole: (ask: Parameters<typeof setRole>[1]) => setRole(ward, ask),
    setLevel: (ask: Parameters<typeof setLevel>[1]) => setLevel(ward, ask),
    close: (ask: Parameters<typeof closeIncident>[1]) => then(closeIncident(ward, ask)),
    closeStep: (ask: Parameters<typeof closeStep>[1]) => then(closeStep(ward, ask)),
    skipStep: (ask: Parameters<typeof skipStep>[1]) => then(skipStep(ward, ask)),
    actStep: (ask: Parameters<typeof actStep>[1]) => then(actStep(ward, ask)),
    undoStep: (ask: Parameters<typeof undoStep>[1]) => then(undoStep(ward, ask)),
    publishStep: (ask: Parameters<typeof publishStep>[1]) => then(publishStep(ward, ask)),
  };
}

/** The runbooks themselves, to read. */
function shelfOf(runbooks: () => readonly Runbook[], store: IncidentStore) {
  const row = (runbook: Runbook, lastRunAt: UnixMs | undefined) => ({
    id: runbook.id,
    title: runbook.title,
    version: runbook.version,
    owner: runbook.owner,
    steps: runbook.steps.length,
    appliesWhen: runbook.appliesWhen.join(', '),
    lastRunAt: lastRunAt === undefined ? null : new Date(lastRunAt).toISOString(),
  });
  return {
    async list() {
      const last = await store.lastRuns();
      return runbooks().map((runbook) => row(runbook, last.get(runbook.id)));
    },
    async view(id: string) {
      const runbook = runbooks().find((candidate) => candidate.id === id);
      if (!runbook) return null;
      const whole = (language: 'zh-CN' | 'en') => [runbook.intro[language], ...runbook.steps.map((step) => `## ${step.number}. ${step.title[language]}\n\n${step.body[language]}`)].join('\n\n');
      return {
        runbook: row(runbook, (await store.lastRuns()).get(id)),
        html: renderBilingual({ 'zh-CN': whole('zh-CN'), en: whole('en') }),
        steps: runbook.steps.map(({ number, kind, title, role }) => ({ number, kind, title, role })),
      };
    },
  };
}
