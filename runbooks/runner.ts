import { randomUUID } from 'node:crypto';
import type { UnixMs } from '#lib/time.ts';
import { type RunAsk, systemActor } from './advance.ts';
import { attachRunbook, emptyCommit, inState, runChange } from './change.ts';
import { freezeEvidence } from './evidence.ts';
import type { Gate } from './gate.ts';
import { fillGate, gateHeld, holdGate, judgeGate, readGate } from './gate-reading.ts';
import { type Incident, type IncidentChange, isOpen, reconcileIncidents, resolvable } from './incident.ts';
import { type IncidentCommit, StaleIncident } from './ports.ts';
import { type Run, stepOf, verified } from './run.ts';
import { line, saidAlert, saidAlertResolved, saidDeclared } from './timeline.ts';
import { armKey, gateKey, type Ward } from './ward.ts';

/** One round: incidents follow the alerts, open steps follow time and data, and what is over is resolved. */
export async function round(ward: Ward, now: UnixMs): Promise<{ backlog: number }> {
  await ward.inTurn(() => followAlerts(ward, now));
  const active = await ward.store.incidents({ state: 'active', limit: 200 });
  for (const incident of active) {
    const run = incident.runId ? await ward.store.run(incident.runId) : null;
    if (run) await readGates(ward, { incident, run }, now);
    await ward.inTurn(() => carryOn(ward, incident.id, now)).catch(ignoreStale);
  }
  forgetGates(ward, active);
  return { backlog: active.length };
}

/** Someone else was faster; the next round sees what they left. */
export function ignoreStale(error: unknown): void {
  if (!(error instanceof StaleIncident)) throw error;
}

async function followAlerts(ward: Ward, now: UnixMs): Promise<void> {
  const alerts = await ward.alerts.active();
  const open = await ward.store.incidents({ state: 'open', limit: 200 });
  const answered = await ward.store.answered(alerts.map(({ episode }) => episode));
  const changes = reconcileIncidents({ open, alerts, answered, runbooks: ward.runbooks() }, ward.policy, now);
  for (const [id, mine] of Map.groupBy(changes, (change) => (change.do === 'open' ? `new/${change.service}` : change.incident.id)))
    await keep(ward, buildChange(ward, { id, changes: mine }, now)).catch(ignoreStale);
}

/** Several changes to one incident commit as one. */
function buildChange(ward: Ward, { changes }: { id: string; changes: readonly IncidentChange[] }, now: UnixMs): IncidentCommit {
  let commit: IncidentCommit | null = null;
  for (const change of changes) commit = change.do === 'open' ? opened(ward, change, now) : applied(ward, commit ?? emptyCommit(change.incident, { zone: ward.zone, at: now }), change);
  if (!commit) throw new Error('no change to build');
  return commit;
}

function opened(ward: Ward, { service, alerts, level, title, labels, runbook }: Extract<IncidentChange, { do: 'open' }>, now: UnixMs): IncidentCommit {
  const incident = newIncident({ service, level, title, alerts }, now);
  const by = { actor: systemActor, at: now };
  const change: IncidentCommit = {
    ...emptyCommit(incident, { zone: ward.zone, at: now }),
    isNew: true,
    timeline: [...alerts.map((alert) => line(saidAlert(alert), { ...by, at: alert.firedAt })), line(saidDeclared(title), by)],
  };
  return runbook ? attachRunbook(change, { runbook, params: ward.params, labels, runId: randomUUID() }) : change;
}

export const newIncident = ({ service, level, title, alerts }: Pick<Incident, 'service' | 'level' | 'title' | 'alerts'>, now: UnixMs): Incident => ({
  id: randomUUID(),
  number: '',
  title,
  level,
  state: 'declared',
  mode: 'live',
  service,
  openedAt: now,
  mitigatedAt: null,
  resolvedAt: null,
  closedAt: null,
  roles: {},
  alerts,
  runId: null,
  nextUpdateAt: null,
  revision: 0,
});

function applied(ward: Ward, commit: IncidentCommit, change: Exclude<IncidentChange, { do: 'open' }>): IncidentCommit {
  const { incident, at } = commit;
  const by = { actor: systemActor, at };
  if (change.do === 'relapse') return inState(commit, 'declared', { actor: systemActor, why: { 'zh-CN': '告警再次触发', en: 'an alert fired again' } });
  if (change.do === 'join') {
    const joined: IncidentCommit = {
      ...commit,
      incident: { ...incident, level: change.level, alerts: [...incident.alerts, ...change.alerts] },
      timeline: [...commit.timeline, ...change.alerts.map((alert) => line(saidAlert(alert), by))],
    };
    return change.runbook ? attachRunbook(joined, { runbook: change.runbook, params: ward.params, labels: change.labels, runId: randomUUID() }) : joined;
  }
  const over = new Map(change.alerts.map((alert) => [alert.episode, alert]));
  const alerts = incident.alerts.map((alert) => over.get(alert.episode) ?? alert);
  const told: IncidentCommit = { ...commit, incident: { ...incident, alerts }, timeline: [...commit.timeline, ...change.alerts.map((alert) => line(saidAlertResolved(alert), by))] };
  if (alerts.some(({ resolvedAt }) => resolvedAt === null) || incident.state !== 'declared') return told;
  return inState(told, 'mitigated', { actor: systemActor, why: { 'zh-CN': '告警全部恢复', en: 'all alerts have resolved' } });
}

/** Reads the open step's gates and those of the verify steps still ahead, so that their time runs while people work. */
async function readGates(ward: Ward, { incident, run }: { incident: Incident; run: Run }, now: UnixMs): Promise<void> {
  for (const { key, written } of watchedGates(run)) {
    const gate = fillGate(written, run.params);
    const readings = await readGate(ward.facts, { gate, scope: { service: incident.service, probes: ward.probes() } }, now);
    ward.gates.set(key, holdGate(ward.gates.get(key) ?? null, judgeGate(gate, readings, now)));
  }
}

/** The arms of an open decision are watched as well: what data would choose stands beside what a person may choose. */
function watchedGates(run: Run): { key: string; written: Gate }[] {
  const ahead = run.runbook.steps.filter(({ id, kind }) => kind === 'verify' && run.steps[id]?.state === 'waiting');
  const open = run.frontier ? stepOf(run, run.frontier) : undefined;
  const arms = open?.branches.flatMap(({ id, when }) => (when ? [{ key: armKey(run.id, open.id, id), written: when }] : [])) ?? [];
  return [...(open ? [open] : []), ...ahead].flatMap(({ id, gate }) => (gate ? [{ key: gateKey(run.id, id), written: gate }] : [])).concat(arms);
}

/** Everything time and data allow now, one commit after the other. */
async function carryOn(ward: Ward, incidentId: string, now: UnixMs): Promise<void> {
  for (let turns = 0; turns < 30; turns++) {
    const incident = await ward.store.incident(incidentId);
    if (!incident) return;
    const run = incident.runId ? await ward.store.run(incident.runId) : null;
    const event = run ? await dueEvent(ward, { incident, run }, now) : null;
    if (run && event) {
      const change = runChange({ incident, run, zone: ward.zone }, { event, actor: systemActor }, now);
      if (!change.ok) return;
      await keep(ward, change.change);
      continue;
    }
    if (isOpen(incident) && resolvable(incident, { hasRun: run !== null, verified: run !== null && verified(run), gateHeld: run !== null && lastGatesHold(ward, run) }))
      await keep(ward, resolvedChange(ward, { incident, run }, now));
    return;
  }
}

/** What the open step owes to time and data, if anything. */
async function dueEvent(ward: Ward, { incident, run }: { incident: Incident; run: Run }, now: UnixMs): Promise<RunAsk | null> {
  const cut = cutOff(ward, run);
  if (cut) return cut;
  const step = run.frontier ? stepOf(run, run.frontier) : undefined;
  const progress = step ? run.steps[step.id] : undefined;
  if (!step || !progress || progress.openedAt === null) return null;
  const known = ward.gates.get(gateKey(run.id, step.id)) ?? null;
  if (step.gate && known) {
    const held = gateHeld(fillGate(step.gate, run.params), known);
    if (held !== progress.gateHeld) return { kind: 'gate', stepId: step.id, held, verdict: known.verdict };
  }
  const openFor = now - progress.openedAt;
  if (step.closedBy === 'data' && openFor >= (step.waitMs ?? 0) && (!step.gate || progress.gateHeld))
    return { kind: 'close', stepId: step.id, note: '', evidence: await freezeEvidence(ward, { incident, run, step }, now) };
  if (step.timer && progress.late !== 'hard' && openFor >= step.timer.hardMs) return { kind: 'timer', stepId: step.id, which: 'hard' };
  if (step.timer?.softMs != null && progress.late === null && openFor >= step.timer.softMs) return { kind: 'timer', stepId: step.id, which: 'soft' };
  return null;
}

/** A call that was under way when the process ended: nobody knows whether it was made, so nobody makes it again by itself. */
function cutOff(ward: Ward, run: Run): RunAsk | null {
  for (const { id } of run.runbook.steps) {
    for (const kind of ['act', 'undo'] as const) {
      const state = run.steps[id]?.[kind === 'act' ? 'action' : 'undo'].state;
      const key = `${run.id}/${id}/${kind}`;
      if (state === 'running' && !ward.underway.has(key)) return { kind, stepId: id, phase: 'unknown', key, dryRun: false, detail: null };
    }
  }
  return null;
}

function lastGatesHold(ward: Ward, run: Run): boolean {
  const ahead = run.runbook.steps.filter(({ id, kind }) => kind === 'verify' && (run.steps[id]?.state === 'waiting' || run.steps[id]?.state === 'open'));
  return ahead.length > 0 && ahead.every((step) => step.gate && gateHeld(fillGate(step.gate, run.params), ward.gates.get(gateKey(run.id, step.id)) ?? null));
}

function resolvedChange(ward: Ward, { incident, run }: { incident: Incident; run: Run | null }, now: UnixMs): IncidentCommit {
  const why = run ? { 'zh-CN': '告警全部恢复，核验关口已满足', en: 'all alerts have resolved and the verify gate holds' } : { 'zh-CN': '告警全部恢复', en: 'all alerts have resolved' };
  return inState(emptyCommit(incident, { zone: ward.zone, at: now }), 'resolved', { actor: systemActor, why });
}

/** Commits and tells everyone. */
export async function keep(ward: Ward, change: IncidentCommit): Promise<Incident> {
  const incident = await ward.store.commit(change);
  ward.bus.emit('incidentsChanged', { id: incident.id });
  if (change.entries) ward.bus.emit('runsChanged', { id: change.entries.runId, incidentId: incident.id });
  return incident;
}

function forgetGates(ward: Ward, active: readonly Incident[]): void {
  const runs = new Set(active.map(({ runId }) => runId));
  for (const key of ward.gates.keys()) if (!runs.has(key.split('/')[0] ?? '')) ward.gates.delete(key);
}
