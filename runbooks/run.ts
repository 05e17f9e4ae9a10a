import type { Mode } from '#alerts/notification.ts';
import { chainHash, genesisHash } from '#lib/chain.ts';
import type { Actor } from '#lib/people.ts';
import type { Bilingual } from '#lib/text.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import type { RunEvent } from './run-event.ts';
import type { Runbook, Step } from './runbook.ts';

/** Written down once, never changed: what happened, when, by whom, after what. */
export interface RunEntry {
  /** From 1, without gaps. */
  seq: number;
  at: UnixMs;
  actor: Actor;
  event: RunEvent;
  prevHash: string;
  hash: string;
}

/** Frozen when a step closes: what was known then. */
export interface Evidence {
  at: UnixMs;
  text: Bilingual;
  /** Panels as they were, JSON. */
  panels: unknown;
}

export type ActionState = 'ready' | 'running' | 'done' | 'failed' | 'unknown';
export interface StepProgress {
  state: 'waiting' | 'open' | 'done' | 'skipped' | 'not_taken';
  openedAt: UnixMs | null;
  closedAt: UnixMs | null;
  closedBy: Actor | null;
  note: string | null;
  choice: string | null;
  /** Closed although its gate did not hold, for the reason in `note`. */
  overridden: boolean;
  evidence: Evidence | null;
  action: { state: ActionState; detail: string | null };
  undo: { state: ActionState; detail: string | null };
  /** How often it was taken back: a call after that is a new call. */
  undone: number;
  gateHeld: boolean;
  late: 'soft' | 'hard' | null;
  noticeId: string | null;
}

/** One execution of one version of a runbook; everything in it follows from its entries. */
export interface Run {
  id: string;
  incidentId: string;
  mode: Mode;
  /** As it was when the run began. */
  runbook: Runbook;
  params: Readonly<Record<string, string>>;
  startedAt: UnixMs;
  state: 'open' | 'ended' | 'aborted';
  endedAt: UnixMs | null;
  steps: Readonly<Record<string, StepProgress>>;
  /** The open step; null once the run is over. */
  frontier: string | null;
  head: { seq: number; hash: string };
}

export type RunStart = Pick<Run, 'id' | 'incidentId' | 'mode' | 'runbook' | 'params' | 'startedAt'>;

const waiting: StepProgress = {
  state: 'waiting',
  openedAt: null,
  closedAt: null,
  closedBy: null,
  note: null,
  choice: null,
  overridden: false,
  evidence: null,
  action: { state: 'ready', detail: null },
  undo: { state: 'ready', detail: null },
  undone: 0,
  gateHeld: false,
  late: null,
  noticeId: null,
};

/** A run before its first entry. */
export const blankRun = (start: RunStart): Run => ({
  ...start,
  state: 'open',
  endedAt: null,
  steps: Object.fromEntries(start.runbook.steps.map(({ id }) => [id, waiting])),
  frontier: null,
  head: { seq: 0, hash: genesisHash },
});

/** The run as its entries tell it. */
export const replay = (start: RunStart, entries: readonly RunEntry[]): Run => entries.reduce(applyEntry, blankRun(start));

export const entryContent = ({ seq, at, actor, event }: Pick<RunEntry, 'seq' | 'at' | 'actor' | 'event'>) => ({ seq, at, actor, event });

/** Writes the event down after the last one. */
export function linkEntry(run: Run, { event, actor, at }: { event: RunEvent; actor: Actor; at: UnixMs }): RunEntry {
  const content = entryContent({ seq: run.head.seq + 1, at, actor, event });
  return { ...content, prevHash: run.head.hash, hash: chainHash(run.head.hash, content) };
}

/** Takes one entry into account; judges nothing, because what is written has happened. */
export function applyEntry(run: Run, entry: RunEntry): Run {
  const { event } = entry;
  const next: Run = { ...run, head: { seq: entry.seq, hash: entry.hash } };
  if (event.kind === 'start') return next;
  if (event.kind === 'end' || event.kind === 'abort') return { ...next, state: event.kind === 'end' ? 'ended' : 'aborted', endedAt: entry.at, frontier: null, steps: leaveOpen(next) };
  const before = run.steps[event.stepId];
  if (!before) return next;
  const steps = { ...run.steps, [event.stepId]: applyToStep(before, entry) };
  if (event.kind === 'branch') for (const id of event.stepsNotTaken) if (steps[id]) steps[id] = { ...steps[id], state: 'not_taken', closedAt: entry.at };
  const frontier = event.kind === 'open' ? event.stepId : closes.has(event.kind) && run.frontier === event.stepId ? null : run.frontier;
  return { ...next, steps, frontier };
}

const closes: ReadonlySet<RunEvent['kind']> = new Set(['close', 'skip', 'override', 'branch', 'publish']);

/** Aborting leaves the open step as it is: neither done nor skipped, only no longer waited for. */
const leaveOpen = (run: Run): Run['steps'] => Object.fromEntries(Object.entries(run.steps).map(([id, step]) => [id, step.state === 'open' ? { ...step, state: 'waiting' as const } : step]));

function applyToStep(step: StepProgress, { event, at, actor }: RunEntry): StepProgress {
  const closed = (state: 'done' | 'skipped', note: string | null) => ({ ...step, state, closedAt: at, closedBy: actor, note });
  switch (event.kind) {
    case 'open':
      return { ...step, state: 'open', openedAt: at };
    case 'close':
      return { ...closed('done', event.note || null), evidence: event.evidence };
    case 'override':
      return { ...closed('done', event.reason), evidence: event.evidence, overridden: true };
    case 'skip':
      return { ...closed('skipped', event.reason), evidence: event.evidence };
    case 'branch':
      return { ...closed('done', event.note || null), evidence: event.evidence, choice: event.taken };
    case 'publish':
      return { ...closed('done', null), evidence: event.evidence, noticeId: event.noticeId };
    case 'act':
      return { ...step, action: { state: event.phase, detail: event.detail } };
    case 'undo':
      return {
        ...step,
        undo: { state: event.phase, detail: event.detail },
        action: event.phase === 'done' ? { state: 'ready', detail: null } : step.action,
        undone: step.undone + (event.phase === 'done' ? 1 : 0),
      };
    case 'gate':
      return { ...step, gateHeld: event.held };
    case 'timer':
      return { ...step, late: event.which };
    default:
      return step;
  }
}

export const stepOf = (run: Run, id: string): Step | undefined => run.runbook.steps.find((step) => step.id === id);

/** When the open step becomes late; null without a timer. */
export function dueAt(run: Run, step: Step): UnixMs | null {
  const progress = run.steps[step.id];
  if (progress?.openedAt == null) return null;
  if (step.waitMs !== null) return unixMs(progress.openedAt + step.waitMs);
  return step.timer ? unixMs(progress.openedAt + step.timer.hardMs) : null;
}

/** The first step still waiting, in the file's order. */
export const nextStep = (run: Run): Step | undefined => run.runbook.steps.find(({ id }) => run.steps[id]?.state === 'waiting');

/** Whether every verify step on the way taken is closed, and there was one. */
export function verified(run: Run): boolean {
  const onTheWay = run.runbook.steps.filter(({ id, kind }) => kind === 'verify' && run.steps[id]?.state !== 'not_taken');
  return onTheWay.length > 0 && onTheWay.every(({ id }) => run.steps[id]?.state === 'done');
}
