import { randomUUID } from 'node:crypto';
import type { Done } from '#lib/done.ts';
import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { attachRunbook, emptyCommit, inState, runChange } from './change.ts';
import { asIncidentAlert, type Incident, isOpen, runbookFor } from './incident.ts';
import type { IncidentCommit } from './ports.ts';
import { StaleIncident } from './ports.ts';
import { type Level, levels, type Role, roles } from './runbook.ts';
import { keep, newIncident } from './runner.ts';
import { line, saidAcknowledged, saidAlert, saidDeclared, saidLevel, saidNote, saidRole } from './timeline.ts';
import type { Ward } from './ward.ts';

export interface By {
  actor: Actor;
  now: UnixMs;
}
export const refused = (code: 'not-found' | 'conflict' | 'forbidden' | 'invalid', zh: string, en: string): Extract<Done, { ok: false }> => ({ ok: false, code, message: { 'zh-CN': zh, en } });
export const done: Done = { ok: true, value: {} };
/** Text from outside: no control characters, and no more than anyone reads. */
export const tidy = (text: string): string =>
  [...text.slice(0, 4_000)]
    .filter((letter) => letter === '\n' || letter === '\t' || letter >= ' ')
    .join('')
    .trim();

/** Reads the incident, makes the change and commits it; a conflict is read and made once more. */
export async function changeIncident(ward: Ward, id: string, make: (incident: Incident) => Promise<IncidentCommit | Extract<Done, { ok: false }>>): Promise<Done> {
  return ward.inTurn(async () => {
    for (let tries = 1; ; tries++) {
      const incident = await ward.store.incident(id);
      if (!incident) return refused('not-found', '没有这个事件', 'there is no such incident');
      const change = await make(incident);
      if ('ok' in change) return change;
      try {
        await keep(ward, change);
        return done;
      } catch (error) {
        if (!(error instanceof StaleIncident) || tries >= 3) throw error;
      }
    }
  });
}

/** Declares an incident for an alert by hand, whatever its severity. */
export async function openIncident(ward: Ward, { fingerprint, actor, now }: By & { fingerprint: string }): Promise<Done<{ id: string }>> {
  return ward.inTurn(async () => {
    const alert = (await ward.alerts.active()).find((candidate) => candidate.fingerprint === fingerprint);
    if (!alert) return refused('not-found', '没有这条活动告警', 'there is no such active alert');
    const service = alert.labels.service ?? '';
    const open = (await ward.store.incidents({ state: 'open', limit: 200 })).find((incident) => incident.service === service || incident.alerts.some(({ episode }) => episode === alert.episode));
    if (open) return { ok: true, value: { id: open.id } };
    const severity = (['critical', 'warning', 'info'] as const).find((known) => known === alert.labels.severity) ?? 'warning';
    const answered = await ward.store.answered([alert.episode]);
    const own = asIncidentAlert(alert);
    const incident = newIncident({ service, level: ward.policy.levelBy[severity], title: alert.title, alerts: answered.has(alert.episode) ? [] : [own] }, now);
    const timeline = [line(saidAlert(own), { actor, at: own.firedAt }), line(saidDeclared(alert.title), { actor, at: now })];
    const change: IncidentCommit = {
      ...emptyCommit(incident, { zone: ward.zone, at: now }),
      isNew: true,
      timeline,
      audit: { actor, action: 'incident.open', before: null, after: { alert: fingerprint } },
    };
    const runbook = runbookFor([alert], ward.runbooks());
    const opened = await keep(ward, runbook ? attachRunbook(change, { runbook, params: ward.params, labels: alert.labels, runId: randomUUID() }) : change);
    return { ok: true, value: { id: opened.id } };
  });
}

/** Declares an incident by hand with a runbook to walk, before or without any alert. */
export async function startByHand(ward: Ward, { runbook: id, actor, now }: By & { runbook: string }): Promise<Done<{ id: string }>> {
  const runbook = ward.runbooks().find((candidate) => candidate.id === id);
  if (!runbook) return refused('not-found', `没有预案 ${id}`, `there is no runbook ${id}`);
  return ward.inTurn(async () => {
    const open = (await ward.store.incidents({ state: 'open', limit: 200 })).find(({ service }) => service === '');
    if (open) return refused('conflict', `已有手动建立的事件 ${open.number}，请先结束它`, `incident ${open.number}, declared by hand, is still open`);
    const incident = newIncident({ service: '', level: runbook.level ?? ward.policy.levelBy.warning, title: runbook.title, alerts: [] }, now);
    const change: IncidentCommit = {
      ...emptyCommit(incident, { zone: ward.zone, at: now }),
      isNew: true,
      timeline: [line(saidDeclared(runbook.title), { actor, at: now })],
      audit: { actor, action: 'incident.start', before: null, after: { runbook: id } },
    };
    const opened = await keep(ward, attachRunbook(change, { runbook, params: ward.params, labels: {}, runId: randomUUID() }));
    return { ok: true, value: { id: opened.id } };
  });
}

export async function addNote(ward: Ward, { id, text, actor, now }: By & { id: string; text: string }): Promise<Done> {
  const note = tidy(text);
  if (note === '') return refused('invalid', '请写点什么', 'write something');
  return changeIncident(ward, id, async (incident) => ({
    ...emptyCommit(incident, { zone: ward.zone, at: now }),
    timeline: [line(saidNote(note), { actor, at: now })],
    audit: { actor, action: 'incident.note', before: null, after: { text: note } },
  }));
}

export async function setRole(ward: Ward, { id, role, person, actor, now }: By & { id: string; role: string; person: string }): Promise<Done> {
  const known = roles.find((candidate) => candidate === role);
  const name = tidy(person).slice(0, 100);
  if (!known) return refused('invalid', `没有角色 ${role}`, `there is no role ${role}`);
  if (name === '') return refused('invalid', '请写明由谁担任', 'say who takes the role');
  return changeIncident(ward, id, async (incident) => takeRole(ward, { incident, role: known, person: name }, { actor, now }));
}

function takeRole(ward: Ward, { incident, role, person }: { incident: Incident; role: Role; person: string }, { actor, now }: By): IncidentCommit {
  return {
    ...emptyCommit({ ...incident, roles: { ...incident.roles, [role]: person } }, { zone: ward.zone, at: now }),
    timeline: [line(saidRole(role, person), { actor, at: now })],
    audit: { actor, action: 'incident.role', before: { [role]: incident.roles[role] ?? null }, after: { [role]: person } },
  };
}

export async function setLevel(ward: Ward, { id, level, actor, now }: By & { id: string; level: Level }): Promise<Done> {
  if (!levels.includes(level)) return refused('invalid', `没有级别 ${String(level)}`, `there is no level ${String(level)}`);
  return changeIncident(ward, id, async (incident) => ({
    ...emptyCommit({ ...incident, level }, { zone: ward.zone, at: now }),
    timeline: [line(saidLevel(level), { actor, at: now })],
    audit: { actor, action: 'incident.level', before: { level: incident.level }, after: { level } },
  }));
}

/** Ends an incident that still runs for a person's reason; one that has resolved is closed. */
export async function closeIncident(ward: Ward, { id, reason, actor, now }: By & { id: string; reason: string }): Promise<Done> {
  const why = tidy(reason);
  return changeIncident(ward, id, async (incident) => {
    if (incident.state === 'closed') return refused('conflict', '事件已经关闭', 'the incident is closed already');
    const run = incident.runId ? await ward.store.run(incident.runId) : null;
    const unfinished = isOpen(incident) || run?.state === 'open';
    if (unfinished && why === '') return refused('invalid', '事件还没有恢复或预案还没走完，关闭要写明原因', 'the incident has not resolved or its runbook is not done: give a reason');
    const words: Bilingual = why === '' ? { 'zh-CN': '预案走完，事件恢复', en: 'the runbook is done and the incident resolved' } : { 'zh-CN': why, en: why };
    // What is left of the run is no longer waited for; the reason says so in its own record too.
    const ended = run?.state === 'open' ? runChange({ incident, run, zone: ward.zone }, { event: { kind: 'abort', reason: why }, actor }, now) : null;
    const change = ended?.ok ? ended.change : emptyCommit(incident, { zone: ward.zone, at: now });
    return { ...inState(change, 'closed', { actor, why: words }), audit: { actor, action: 'incident.close', before: { state: incident.state }, after: { state: 'closed', reason: why } } };
  });
}

/** Who takes an alert takes the command, if nobody has it yet. */
export async function noteAcknowledgement(ward: Ward, { episode, by, now }: { episode: string; by: string; now: UnixMs }): Promise<void> {
  const incident = (await ward.store.incidents({ state: 'open', limit: 200 })).find(({ alerts }) => alerts.some((alert) => alert.episode === episode));
  if (!incident) return;
  const actor: Actor = { kind: 'person', id: by, name: by };
  await changeIncident(ward, incident.id, async (current) => {
    const said = line(saidAcknowledged(by), { actor, at: now });
    if (current.roles.commander) return { ...emptyCommit(current, { zone: ward.zone, at: now }), timeline: [said] };
    const taken = takeRole(ward, { incident: current, role: 'commander', person: by }, { actor, now });
    return { ...taken, timeline: [said, ...taken.timeline] };
  });
}
