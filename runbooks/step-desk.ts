import type { Done } from '#lib/done.ts';
import { parseIso } from '#lib/time.ts';
import type { RunAsk } from './advance.ts';
import { runChange } from './change.ts';
import { type By, changeIncident, refused, tidy } from './desk.ts';
import { freezeEvidence } from './evidence.ts';
import type { Incident } from './incident.ts';
import type { NoticeDraft } from './notice-template.ts';
import type { IncidentCommit } from './ports.ts';
import { type Evidence, type Run, stepOf } from './run.ts';
import type { HttpAction, Step } from './runbook.ts';
import { line, saidNotice } from './timeline.ts';
import type { Ward } from './ward.ts';

export interface StepAsk extends By {
  runId: string;
  stepId: string;
}
interface Place {
  incident: Incident;
  run: Run;
  step: Step;
}
type Refusal = Extract<Done, { ok: false }>;

/** Finds the step again inside the turn, so that what is judged is what is written. */
async function atStep(ward: Ward, { runId, stepId }: StepAsk, make: (place: Place) => Promise<IncidentCommit | Refusal>): Promise<Done> {
  const run = await ward.store.run(runId);
  if (!run) return refused('not-found', '没有这次执行', 'there is no such run');
  return changeIncident(ward, run.incidentId, async (incident) => {
    const current = await ward.store.run(runId);
    const step = current ? stepOf(current, stepId) : undefined;
    if (!current || !step) return refused('not-found', '预案里没有这一步', 'the run has no such step');
    return make({ incident, run: current, step });
  });
}

/** The event, judged and ready to commit, with its line in the audit. */
function change(ward: Ward, { incident, run, step }: Place, { event, by }: { event: RunAsk; by: By }): IncidentCommit | Refusal {
  const made = runChange({ incident, run, zone: ward.zone }, { event, actor: by.actor }, by.now);
  if (!made.ok) return { ok: false, code: 'conflict', message: made.refusal };
  return { ...made.change, audit: { actor: by.actor, action: `step.${event.kind}`, before: null, after: { run: run.id, step: step.id } } };
}

async function evidenceOf(ward: Ward, place: Place, { now, given }: { now: By['now']; given: unknown }): Promise<Evidence> {
  const frozen = await freezeEvidence(ward, place, now);
  return given === undefined || given === null || (Array.isArray(given) && given.length === 0) ? frozen : { ...frozen, panels: given };
}

/** Closes the open step; a note on a gate that does not hold is the named person's reason to let it pass. */
export function closeStep(ward: Ward, ask: StepAsk & { note: string; choice: string | null; evidence: { panels: unknown } | null }): Promise<Done> {
  const note = tidy(ask.note);
  return atStep(ward, ask, async (place) => {
    const evidence = await evidenceOf(ward, place, { now: ask.now, given: ask.evidence?.panels });
    const { step, run } = place;
    const gateOpen = step.gate !== null && run.steps[step.id]?.gateHeld === false;
    const base = { stepId: step.id, evidence };
    const event: RunAsk =
      ask.choice !== null && ask.choice !== ''
        ? { kind: 'choose', ...base, choice: ask.choice, note }
        : gateOpen && note !== ''
          ? { kind: 'override', ...base, reason: note }
          : { kind: 'close', ...base, note };
    return change(ward, place, { event, by: ask });
  });
}

export function skipStep(ward: Ward, ask: StepAsk & { reason: string }): Promise<Done> {
  return atStep(ward, ask, async (place) =>
    change(ward, place, { event: { kind: 'skip', stepId: ask.stepId, reason: tidy(ask.reason), evidence: await freezeEvidence(ward, place, ask.now) }, by: ask }),
  );
}

export const actStep = (ward: Ward, ask: StepAsk): Promise<Done> => call(ward, ask, 'act');
export const undoStep = (ward: Ward, ask: StepAsk): Promise<Done> => call(ward, ask, 'undo');

/** Writes down that the call begins, makes it, writes down how it went: a crash in between leaves "unknown" and never a second call. */
async function call(ward: Ward, ask: StepAsk, kind: 'act' | 'undo'): Promise<Done> {
  const key = `${ask.runId}/${ask.stepId}/${kind}`;
  let todo: { action: HttpAction; run: Run } | null = null;
  const begin = await atStep(ward, ask, async (place) => {
    const { step, run } = place;
    const way = kind === 'act' ? step.action : step.undo;
    const common = { kind, stepId: step.id, key, dryRun: run.mode !== 'live' } as const;
    if (way?.kind === 'by_hand') return change(ward, place, { event: { ...common, phase: 'done', detail: way.label['zh-CN'] }, by: ask });
    const begun = change(ward, place, { event: { ...common, phase: 'running', detail: null }, by: ask });
    if (way && !('ok' in begun)) {
      todo = { action: way, run };
      ward.underway.add(key);
    }
    return begun;
  }).catch((error: unknown) => {
    ward.underway.delete(key);
    throw error;
  });
  if (!begin.ok || todo === null) {
    ward.underway.delete(key);
    return begin;
  }
  const { action, run }: { action: HttpAction; run: Run } = todo;
  try {
    const outcome = await ward.perform(action, { params: run.params, key: `${key}/${run.steps[ask.stepId]?.undone ?? 0}`, dryRun: run.mode !== 'live' });
    await atStep(ward, { ...ask, now: ward.clock.now() }, async (place) =>
      change(ward, place, { event: { kind, stepId: ask.stepId, key, dryRun: run.mode !== 'live', ...outcome }, by: { ...ask, now: ward.clock.now() } }),
    );
    if (outcome.phase === 'done') return { ok: true, value: {} };
    return outcome.phase === 'failed'
      ? refused('conflict', `动作失败：${outcome.detail}`, `the action failed: ${outcome.detail}`)
      : refused('conflict', `结果未知，请人工核对：${outcome.detail}`, `the outcome is unknown, check by hand: ${outcome.detail}`);
  } finally {
    ward.underway.delete(key);
  }
}

/** Publishes first, under a key that publishes once, then closes the step: a crash in between publishes nothing twice. */
export async function publishStep(ward: Ward, ask: StepAsk & { draft: NoticeDraft }): Promise<Done> {
  const before = await ward.store.run(ask.runId);
  if (!before) return refused('not-found', '没有这次执行', 'there is no such run');
  const step = stepOf(before, ask.stepId);
  if (!step?.draft) return refused('invalid', '这一步不发布公告', 'this step publishes nothing');
  if (before.frontier !== ask.stepId) return refused('conflict', '这一步没有打开', 'this step is not open');
  if (before.mode !== 'live') return refused('forbidden', '演练不对外发布', 'a drill publishes nothing');
  const { incidentId } = before;
  const published = await ward.publisher.publish({ draft: ask.draft, incidentId, key: `${ask.runId}/${ask.stepId}`, actor: ask.actor, now: ask.now });
  if (!published.ok) return published;
  return atStep(ward, ask, async (place) => {
    const evidence = await freezeEvidence(ward, place, ask.now);
    const made = change(ward, place, { event: { kind: 'publish', stepId: ask.stepId, noticeId: published.noticeId, evidence }, by: ask });
    if ('ok' in made) return made;
    const nextUpdateAt = ask.draft.nextUpdateAt === null ? null : (parseIso(ask.draft.nextUpdateAt) ?? null);
    return { ...made, incident: { ...made.incident, nextUpdateAt }, timeline: [line(saidNotice(ask.draft.title, published.noticeId), { actor: ask.actor, at: ask.now }), ...made.timeline] };
  });
}
