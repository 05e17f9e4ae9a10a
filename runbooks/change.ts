import type { Actor } from '#lib/people.ts';
import type { UnixMs } from '#lib/time.ts';
import { advance, type RunAsk, startRun, systemActor } from './advance.ts';
import type { Incident, IncidentState } from './incident.ts';
import type { IncidentCommit } from './ports.ts';
import type { Run, RunEntry, RunStart } from './run.ts';
import type { Runbook } from './runbook.ts';
import { line, saidEntry, saidRunbook, saidState, type TimelineLine } from './timeline.ts';
import { yearIn } from './ward.ts';

/** A change with nothing in it yet. */
export const emptyCommit = (incident: Incident, { zone, at }: { zone: string; at: UnixMs }): IncidentCommit => ({
  incident,
  isNew: false,
  year: yearIn(zone, at),
  timeline: [],
  newRun: null,
  entries: null,
  audit: null,
  at,
});

/** The run's entries as lines of the story. */
export const linesOf = (run: Run, entries: readonly RunEntry[]): TimelineLine[] =>
  entries.flatMap((entry) => {
    const said = saidEntry(run, entry);
    return said ? [line(said, { actor: entry.actor, at: entry.at })] : [];
  });

/** Begins the runbook for the incident, with its parameters filled from the settings and the alert. */
export function attachRunbook(
  change: IncidentCommit,
  { runbook, params, labels, runId }: { runbook: Runbook; params: Readonly<Record<string, string>>; labels: Readonly<Record<string, string>>; runId: string },
): IncidentCommit {
  const { incident, at } = change;
  const own = Object.fromEntries(runbook.params.map(({ id, from, default: fallback }) => [id, params[id] ?? (from ? labels[from.slice('label:'.length)] : undefined) ?? fallback]));
  const start: RunStart = { id: runId, incidentId: incident.id, mode: incident.mode, runbook, params: { ...own, service: incident.service }, startedAt: at };
  const begun = startRun(start, { actor: systemActor, because: incident.title });
  return {
    ...change,
    incident: { ...incident, runId },
    newRun: start,
    entries: { runId, entries: begun.entries },
    timeline: [...change.timeline, line(saidRunbook(runbook), { actor: systemActor, at }), ...linesOf(begun.run, begun.entries)],
  };
}

/** The event and all that follows from it, ready to commit; or why not. */
export function runChange({ incident, run, zone }: { incident: Incident; run: Run; zone: string }, { event, actor }: { event: RunAsk; actor: Actor }, now: UnixMs) {
  const advanced = advance(run, { event, actor }, now);
  if (!advanced.ok) return advanced;
  const { entries } = advanced;
  const change: IncidentCommit = { ...emptyCommit(incident, { zone, at: now }), entries: { runId: run.id, entries }, timeline: linesOf(advanced.run, entries) };
  return { ok: true as const, run: advanced.run, change };
}

/** The incident in its next state, with the instant it got there. */
export function inState(change: IncidentCommit, state: IncidentState, { actor, why }: { actor: Actor; why: Parameters<typeof saidState>[1] }): IncidentCommit {
  const { incident, at } = change;
  const instants = {
    declared: { mitigatedAt: null },
    mitigated: { mitigatedAt: at },
    resolved: { mitigatedAt: incident.mitigatedAt ?? at, resolvedAt: at },
    closed: { mitigatedAt: incident.mitigatedAt ?? at, resolvedAt: incident.resolvedAt ?? at, closedAt: at },
  }[state];
  return { ...change, incident: { ...incident, ...instants, state }, timeline: [...change.timeline, line(saidState(state, why), { actor, at })] };
}
