import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import { applyEntry, blankRun, linkEntry, nextStep, type Run, type RunEntry, type RunStart, type StepProgress, stepOf } from './run.ts';
import type { RunEvent } from './run-event.ts';
import type { Step } from './runbook.ts';

export type Advance = { ok: true; run: Run; entries: readonly RunEntry[] } | { ok: false; refusal: Bilingual };
/** A choice is asked for by its arm; which steps fall away with it is the run's to say. */
export type RunAsk =
  | Exclude<RunEvent, { kind: 'branch' | 'start' | 'open' | 'end' }>
  | { kind: 'choose'; stepId: string; choice: string; note: string; evidence: Extract<RunEvent, { kind: 'close' }>['evidence'] };

export const systemActor: Actor = { kind: 'system', id: 'fenghuo', name: '烽火' };
const refuse = (zh: string, en: string): Advance => ({ ok: false, refusal: { 'zh-CN': zh, en } });

/** Begins a run: writes down what it follows and opens its first step. */
export function startRun(start: RunStart, { actor, because }: { actor: Actor; because: Bilingual }): { run: Run; entries: readonly RunEntry[] } {
  const blank = blankRun(start);
  const { id: runbook, version } = start.runbook;
  return settle(write({ run: blank, entries: [] }, { event: { kind: 'start', runbook, version, because }, actor, at: start.startedAt }), start.startedAt);
}

/** Judges whether the event may happen now and, if so, writes it and everything that follows from it: the next step, or the end. */
export function advance(run: Run, { event, actor }: { event: RunAsk; actor: Actor }, now: UnixMs): Advance {
  if (run.state !== 'open') return refuse('预案已经结束', 'the run is over');
  if (event.kind === 'abort') return event.reason.trim() === '' ? refuse('请写明原因', 'give a reason') : { ok: true, ...write({ run, entries: [] }, { event, actor, at: now }) };
  const step = stepOf(run, event.stepId);
  const progress = run.steps[event.stepId];
  if (!step || !progress) return refuse('预案里没有这一步', 'the run has no such step');
  const refusal = judge({ event, step, progress, now });
  if (refusal) return { ok: false, refusal };
  const written = event.kind === 'choose' ? branchEvent(run, step, event) : event;
  return { ok: true, ...settle(write({ run, entries: [] }, { event: written, actor, at: now }), now) };
}

interface Question {
  event: Exclude<RunAsk, { kind: 'abort' }>;
  step: Step;
  progress: StepProgress;
  now: UnixMs;
}
const no = (zh: string, en: string): Bilingual => ({ 'zh-CN': zh, en });

/** Why the event may not happen, or null. */
function judge(question: Question): Bilingual | null {
  const { event, progress } = question;
  if (event.kind === 'act') return judgeAct(question);
  if (event.kind === 'undo') return judgeUndo(question);
  if (progress.state !== 'open') return progress.state === 'waiting' ? no('还没轮到这一步', 'this step is not open yet') : no('这一步已经关闭', 'this step is closed already');
  if (event.kind === 'gate') return question.step.gate ? null : no('这一步没有关口', 'this step has no gate');
  if (event.kind === 'timer') return progress.late === 'hard' || progress.late === event.which ? no('已经记过', 'noted already') : null;
  return judgeClosing(question);
}

function judgeClosing({ event, step, progress, now }: Question): Bilingual | null {
  if (progress.action.state === 'running' || progress.undo.state === 'running') return no('动作还在进行', 'an action is still running');
  if (event.kind === 'skip') {
    // Without a choice nobody could say which arm's steps still matter.
    if (step.closedBy === 'choice') return no('判断不能跳过，请选择一个分支', 'a decision cannot be skipped: choose an arm');
    return event.reason.trim() === '' ? no('跳过要写明原因', 'skipping needs a reason') : null;
  }
  if (event.kind === 'override') {
    if (!step.gate) return no('这一步没有关口可以放行', 'this step has no gate to override');
    return event.reason.trim() === '' ? no('放行要写明原因', 'overriding needs a reason') : null;
  }
  if (event.kind === 'choose') return step.branches.some(({ id }) => id === event.choice) ? null : no('没有这个选项', 'there is no such choice');
  if (event.kind === 'publish') return step.draft ? null : no('这一步不发布公告', 'this step publishes nothing');
  if (step.closedBy === 'choice') return no('请选择一个分支', 'choose an arm');
  if (step.closedBy === 'publication') return no('请发布公告，或写明原因跳过', 'publish the notice, or skip with a reason');
  if (step.waitMs !== null && progress.openedAt !== null && now < progress.openedAt + step.waitMs) return no('还没到时间；要提前请写明原因跳过', 'its time is not over yet; skip it with a reason');
  if (step.gate && !progress.gateHeld) return no('关口还没有满足；要放行请写明原因', 'the gate does not hold yet; overriding needs a reason');
  return null;
}

/** What is done is not done again; what is unknown or failed may be tried again, by a person, under the same key. */
function judgeAct({ event, step, progress }: Question): Bilingual | null {
  if (event.kind !== 'act') return null;
  if (!step.action) return no('这一步没有可执行的动作', 'this step has no action');
  if (event.phase !== 'running') return progress.action.state === 'running' ? null : no('没有进行中的动作', 'no action is running');
  if (event.dryRun) return null;
  if (progress.state !== 'open') return no('这一步没有打开', 'this step is not open');
  if (progress.action.state === 'running') return no('动作还在进行', 'the action is still running');
  return progress.action.state === 'done' ? no('动作已经执行过', 'the action was done already') : null;
}

/** The way back stays open after the step is closed, for as long as the run lasts. */
function judgeUndo({ event, step, progress }: Question): Bilingual | null {
  if (event.kind !== 'undo') return null;
  if (!step.undo) return no('这一步没有撤回办法', 'this step has no undo');
  const byHand = step.undo.kind === 'by_hand';
  if (event.phase !== 'running' && !byHand) return progress.undo.state === 'running' ? null : no('没有进行中的撤回', 'no undo is running');
  if (progress.undo.state === 'running' || progress.action.state === 'running') return no('动作还在进行', 'an action is still running');
  const acted = progress.action.state === 'done' || progress.action.state === 'unknown' || progress.action.state === 'failed';
  return acted || (!step.action && progress.openedAt !== null) ? null : no('还没有动作可以撤回', 'there is nothing to undo');
}

function branchEvent(run: Run, step: Step, { choice, note, evidence }: Extract<RunAsk, { kind: 'choose' }>): RunEvent {
  const others = step.branches.filter(({ id }) => id !== choice);
  return {
    kind: 'branch',
    stepId: step.id,
    taken: choice,
    notTaken: others.map(({ id }) => id),
    stepsNotTaken: withInner(
      run,
      others.flatMap(({ steps }) => steps),
    ),
    note,
    evidence,
  };
}

/** A decision that falls away takes the steps of all its arms with it. */
function withInner(run: Run, ids: readonly string[]): string[] {
  const inner = ids.flatMap((id) => stepOf(run, id)?.branches.flatMap(({ steps }) => steps) ?? []);
  return inner.length === 0 ? [...ids] : [...ids, ...withInner(run, inner)];
}

interface Written {
  run: Run;
  entries: readonly RunEntry[];
}

function write({ run, entries }: Written, { event, actor, at }: { event: RunEvent; actor: Actor; at: UnixMs }): Written {
  const entry = linkEntry(run, { event, actor, at });
  return { run: applyEntry(run, entry), entries: [...entries, entry] };
}

/** When nothing is open any more, opens what comes next or ends the run. */
function settle(written: Written, at: UnixMs): Written {
  if (written.run.frontier !== null || written.run.state !== 'open') return written;
  const next = nextStep(written.run);
  return write(written, { event: next ? { kind: 'open', stepId: next.id } : { kind: 'end' }, actor: systemActor, at });
}
