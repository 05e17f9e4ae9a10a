import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { actionUrl } from './action.ts';
import { gateText } from './gate.ts';
import { fillGate, type GateProgress, gateHeld, heldMs, progressReason } from './gate-reading.ts';
import type { Incident } from './incident.ts';
import { renderBilingual } from './markdown.ts';
import { draftFrom, type NoticeDraft } from './notice-template.ts';
import { dueAt, type Evidence, type Run, type StepProgress, stepOf } from './run.ts';
import { fillInBilingual, roleLabels, roles, type Step } from './runbook.ts';
import type { TimelineEntry } from './timeline.ts';
import { armKey, gateKey } from './ward.ts';

export interface GateNow {
  text: Bilingual;
  held: boolean;
  value: number | null;
  unit: 'ratio' | 'seconds' | 'count';
  samples: number;
  vantages: number;
  heldMs: number;
  holdForMs: number;
  reason: Bilingual;
}
export interface StepNow {
  id: string;
  number: number;
  kind: 'check' | 'act' | 'decide' | 'wait' | 'verify' | 'publish';
  title: Bilingual;
  bodyHtml: Bilingual;
  role: string;
  accountable: string | null;
  state: 'waiting' | 'open' | 'done' | 'skipped' | 'not_taken' | 'failed';
  arm: Bilingual | null;
  openedAt: UnixMs | null;
  closedAt: UnixMs | null;
  closedBy: string | null;
  note: string | null;
  dueAt: UnixMs | null;
  gate: GateNow | null;
  choices: { id: string; label: Bilingual }[];
  /** The arm the data would take now; a person still chooses. */
  suggested: string | null;
  action: { label: Bilingual; undo: Bilingual | null; state: 'ready' | 'done' | 'unknown' | 'failed'; detail: string | null } | null;
  panels: string[];
  evidence: Evidence | null;
  draft: NoticeDraft | null;
}

/** The run's steps as a person sees them now. */
export function stepsNow(run: Run, gates: ReadonlyMap<string, GateProgress>, now: UnixMs): StepNow[] {
  const arms = armsOf(run);
  return run.runbook.steps.flatMap((step) => {
    const progress = run.steps[step.id];
    return progress ? [{ ...stepNow({ run, step, progress }, gates, now), arm: arms.get(step.id) ?? null }] : [];
  });
}

interface Place {
  run: Run;
  step: Step;
  progress: StepProgress;
}

function stepNow({ run, step, progress }: Place, gates: ReadonlyMap<string, GateProgress>, now: UnixMs): Omit<StepNow, 'arm'> {
  const { params } = run;
  const known = gates.get(gateKey(run.id, step.id)) ?? null;
  return {
    id: step.id,
    number: step.number,
    kind: step.kind as StepNow['kind'],
    title: fillInBilingual(step.title, params),
    bodyHtml: renderBilingual(fillInBilingual(step.body, params)),
    role: step.role,
    accountable: step.accountable,
    state: progress.state,
    openedAt: progress.openedAt,
    closedAt: progress.closedAt,
    closedBy: progress.closedBy?.name ?? null,
    note: progress.note,
    dueAt: progress.state === 'open' ? dueAt(run, step) : null,
    gate: step.gate ? gateNow({ run, step, progress }, known) : null,
    choices: step.branches.map(({ id, label }) => ({ id, label })),
    suggested: progress.state === 'open' ? (step.branches.find(({ id, when }) => when && gateHeld(fillGate(when, params), gates.get(armKey(run.id, step.id, id)) ?? null))?.id ?? null) : null,
    action: actionNow({ run, step, progress }),
    panels: [...step.panels],
    evidence: progress.evidence,
    draft: step.draft
      ? draftFrom({ ...step.draft, title: fillInBilingual(step.draft.title, params), body: fillInBilingual(step.draft.body, params), advice: fillInBilingual(step.draft.advice, params) }, now)
      : null,
  };
}

function gateNow({ run, step, progress }: Place, known: GateProgress | null): GateNow | null {
  if (!step.gate) return null;
  const gate = fillGate(step.gate, run.params);
  const verdict = known?.verdict;
  const closed = progress.state !== 'open' && progress.state !== 'waiting';
  return {
    text: gateText(gate),
    held: closed ? progress.gateHeld : gateHeld(gate, known),
    value: verdict?.value ?? null,
    unit: verdict?.unit ?? 'count',
    samples: verdict?.samples ?? 0,
    vantages: verdict?.vantages ?? 0,
    heldMs: heldMs(known),
    holdForMs: gate.holdForMs,
    reason: progressReason(gate, known),
  };
}

/** An address that is not set here leaves the step to the hand, so no button promises what it cannot do. */
function actionNow({ run, step, progress }: Place): StepNow['action'] {
  if (!step.action || actionUrl(step.action, run.params) === null) return null;
  const shown = progress.undo.state !== 'ready' && progress.undo.state !== 'done' ? progress.undo : progress.action;
  const state = shown.state === 'running' ? 'unknown' : shown.state;
  return { label: step.action.label, undo: step.undo?.label ?? null, state, detail: shown.detail };
}

/** Which arm a step hangs on. */
function armsOf(run: Run): Map<string, Bilingual> {
  const arms = new Map<string, Bilingual>();
  for (const { branches } of run.runbook.steps) for (const { label, steps } of branches) for (const id of steps) arms.set(id, label);
  return arms;
}

/** One row of the list: where the incident and its runbook stand. */
export function incidentRow(incident: Incident, run: Run | null) {
  const { id, number, title, level, state, service, openedAt, resolvedAt, closedAt, roles: taken, alerts } = incident;
  const steps = run?.runbook.steps ?? [];
  const current = run?.frontier ? stepOf(run, run.frontier) : undefined;
  const shown = current ?? steps.findLast((step) => ['done', 'skipped'].includes(run?.steps[step.id]?.state ?? ''));
  return {
    id,
    number,
    title,
    level,
    state,
    service,
    openedAt,
    endedAt: resolvedAt ?? closedAt,
    commander: taken.commander ?? null,
    alerts: alerts.map(({ fingerprint }) => fingerprint),
    runbook:
      run && shown
        ? { id: run.runbook.id, title: run.runbook.title, step: shown.number, steps: steps.length, stepTitle: fillInBilingual(shown.title, run.params), dueAt: current ? dueAt(run, current) : null }
        : null,
  };
}

/** Everything the incident room shows, panels and alerts by name. */
export function incidentRoom({ incident, run, timeline, gates }: { incident: Incident; run: Run | null; timeline: readonly TimelineEntry[]; gates: ReadonlyMap<string, GateProgress> }, now: UnixMs) {
  return {
    incident: incidentRow(incident, run),
    runId: incident.runId,
    mode: incident.mode,
    roles: roles.map((role) => ({ role, label: roleLabels[role], person: incident.roles[role] ?? null })),
    nextUpdateDueAt: incident.nextUpdateAt,
    timeline: timeline.map(({ seq, at, actor, kind, tone, text, link }) => ({ id: String(seq), at, actor: actor.name, kind, tone, text, link })),
    steps: run ? stepsNow(run, gates, now) : [],
    runbookVersion: run?.runbook.version ?? null,
  };
}
