import { and, asc, desc, eq, inArray, isNull, max, or, sql } from 'drizzle-orm';
import { unixMs } from '#lib/time.ts';
import type { Incident, IncidentAlert } from '#runbooks/incident.ts';
import type { IncidentCommit, IncidentStore } from '#runbooks/ports.ts';
import type { Run, RunEntry, RunStart } from '#runbooks/run.ts';
import { appendAudit } from './audit.ts';
import { appendLink } from './chains.ts';
import { runChainName, timelineChainName, timelineContent } from './incident-chains.ts';
import { incident, incidentAlert, incidentNumber, incidentTimeline, run, runEvent } from './schema/incidents.ts';
import { CommitUnknown, type State, type Tx } from './state.ts';
import { isDuplicate } from './state-errors.ts';

/** What the caller's heart calls a conflict and a replayed run; handed in, because the store imports only types from the capabilities. */
export interface IncidentHearts {
  stale(what: string): Error;
  replay(start: RunStart, entries: readonly RunEntry[]): Run;
}

export function createIncidentStore(state: State, hearts: IncidentHearts): IncidentStore {
  return {
    commit: (change) => commitOnce(state, change, hearts),
    incidents: (question) => state.read((db) => listIncidents(db, question)),
    incident: (id) => state.read(async (db) => (await withAlerts(db, await db.select().from(incident).where(eq(incident.id, id))))[0] ?? null),
    answered: (episodes) =>
      state.read(async (db) => {
        if (episodes.length === 0) return new Set<string>();
        const rows = await db
          .select({ episode: incidentAlert.episode })
          .from(incidentAlert)
          .where(inArray(incidentAlert.episode, [...episodes]));
        return new Set(rows.map((row) => row.episode));
      }),
    timeline: (incidentId) =>
      state.read(async (db) => {
        const rows = await db.select().from(incidentTimeline).where(eq(incidentTimeline.incidentId, incidentId)).orderBy(asc(incidentTimeline.seq));
        return rows.map(({ incidentId: _incident, ...entry }) => entry);
      }),
    run: (id) => state.read((db) => readRun(db, id, hearts)),
    lastRuns: () =>
      state.read(async (db) => {
        const rows = await db
          .select({ id: run.runbookId, at: max(run.startedAt) })
          .from(run)
          .groupBy(run.runbookId);
        return new Map(rows.flatMap(({ id, at }) => (at === null ? [] : [[id, at]])));
      }),
  };
}

/** A commit whose answer was lost is looked up: the revision it would have left tells whether it was kept. */
async function commitOnce(state: State, change: IncidentCommit, hearts: IncidentHearts): Promise<Incident> {
  try {
    return await state.transaction((tx) => commitIncident(tx, change, hearts));
  } catch (error) {
    if (isDuplicate(error)) throw hearts.stale('the incident');
    if (!(error instanceof CommitUnknown)) throw error;
    const [kept] = await state.read(async (db) => withAlerts(db, await db.select().from(incident).where(eq(incident.id, change.incident.id))));
    if (kept?.revision === change.incident.revision + 1) return kept;
    return commitOnce(state, change, hearts);
  }
}

async function readRun(db: Tx, id: string, { replay }: IncidentHearts) {
  const [row] = await db.select().from(run).where(eq(run.id, id));
  if (!row) return null;
  const { runbookId: _runbook, endedAt: _ended, ...start } = row;
  const rows = await db.select().from(runEvent).where(eq(runEvent.runId, id)).orderBy(asc(runEvent.seq));
  return replay(
    start,
    rows.map(({ runId: _run, ...entry }) => entry),
  );
}

async function listIncidents(db: Tx, { state, limit }: { state: 'open' | 'active' | 'all'; limit: number }): Promise<Incident[]> {
  const open = inArray(incident.state, ['declared', 'mitigated']);
  const stillRunning = and(eq(incident.state, 'resolved'), inArray(incident.runId, db.select({ id: run.id }).from(run).where(isNull(run.endedAt))));
  const where = { open, active: or(open, stillRunning), all: undefined }[state];
  return withAlerts(db, await db.select().from(incident).where(where).orderBy(desc(incident.openedAt), desc(incident.number)).limit(limit));
}

async function withAlerts(db: Tx, rows: (typeof incident.$inferSelect)[]): Promise<Incident[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const alerts = await db.select().from(incidentAlert).where(inArray(incidentAlert.incidentId, ids)).orderBy(asc(incidentAlert.firedAt), asc(incidentAlert.episode));
  const byIncident = Map.groupBy(alerts, ({ incidentId }) => incidentId);
  return rows.map((row) => ({ ...row, alerts: (byIncident.get(row.id) ?? []).map(({ incidentId: _incident, ...alert }): IncidentAlert => alert) }));
}

async function commitIncident(tx: Tx, change: IncidentCommit, hearts: IncidentHearts): Promise<Incident> {
  const { alerts, ...row } = change.incident;
  const kept = change.isNew ? { ...row, number: await nextNumber(tx, change.year), revision: 1 } : { ...row, revision: row.revision + 1 };
  if (change.isNew) await tx.insert(incident).values(kept);
  else {
    const updated = await tx
      .update(incident)
      .set(kept)
      .where(and(eq(incident.id, row.id), eq(incident.revision, row.revision)))
      .returning({ id: incident.id });
    if (updated.length === 0) throw hearts.stale(`incident ${row.number}`);
  }
  if (alerts.length > 0) {
    await tx
      .insert(incidentAlert)
      .values(alerts.map((alert) => ({ ...alert, incidentId: row.id })))
      .onConflictDoUpdate({ target: incidentAlert.episode, set: { resolvedAt: sql`excluded.resolved_at` }, setWhere: eq(incidentAlert.incidentId, row.id) });
  }
  if (change.newRun) {
    const { runbook, ...start } = change.newRun;
    await tx.insert(run).values({ ...start, params: { ...start.params }, runbook, runbookId: runbook.id });
  }
  await appendRunEntries(tx, change, hearts);
  await appendTimeline(tx, change);
  if (change.audit) await appendAudit(tx, { at: change.at, target: `incident/${row.id}`, ...change.audit });
  return { ...kept, alerts };
}

/** Numbers follow one another within a year without a gap; two openings wait for each other. */
async function nextNumber(tx: Tx, year: number): Promise<string> {
  const [row] = await tx
    .insert(incidentNumber)
    .values({ year, last: 1 })
    .onConflictDoUpdate({ target: incidentNumber.year, set: { last: sql`${incidentNumber.last} + 1` } })
    .returning();
  return `${year}-${String(row?.last ?? 1).padStart(4, '0')}`;
}

async function appendRunEntries(tx: Tx, { entries }: IncidentCommit, hearts: IncidentHearts): Promise<void> {
  if (!entries) return;
  for (const entry of entries.entries) {
    const { seq, at, actor, event } = entry;
    const link = await appendLink(tx, runChainName(entries.runId), (place) => ({ seq: place, at, actor, event }));
    if (link.seq !== seq || link.hash !== entry.hash) throw hearts.stale(`run ${entries.runId}`);
    await tx.insert(runEvent).values({ runId: entries.runId, at, actor, event, ...link });
    if (event.kind === 'end' || event.kind === 'abort') await tx.update(run).set({ endedAt: at }).where(eq(run.id, entries.runId));
  }
}

async function appendTimeline(tx: Tx, { incident: { id }, timeline }: IncidentCommit): Promise<void> {
  for (const line of timeline) {
    const { at, actor, kind, tone, text, link: address } = line;
    const link = await appendLink(tx, timelineChainName(id), (seq) => timelineContent({ seq, at: unixMs(at), actor, kind, tone, text, link: address }));
    await tx.insert(incidentTimeline).values({ incidentId: id, at, actor, kind, tone, text, link: address, ...link });
  }
}
