import type { Clock } from '#lib/clock.ts';
import { type DurationMs, durationMs, formatDuration, type UnixMs } from '#lib/time.ts';
import type { CheckResult, Outcome } from './check.ts';
import type { Look, Probe, Sight } from './probes/probe.ts';
import type { Vantage } from './vantage.ts';

/** How long a check may go on after its time is up, to say where it was stuck. */
const graceMs = durationMs(500);
/** A watch that rings later than this, and by a quarter of its time, was not looked at: this process or its machine was too busy to see an answer come. */
const heldUpMs = durationMs(1_000);

export interface CheckRun {
  probe: Probe;
  vantage: Vantage;
  attempt: number;
  clock: Clock;
  beats?: Look['beats'];
  artifacts?: Look['artifacts'];
  /** Ends the check early, for a prober that is stopping. */
  signal?: AbortSignal;
  /** Called once when the answer is still pending past `slow_after`: a hang is seen before its timeout. */
  onSlow?: (provisional: CheckResult) => void;
}

/** One check with its watch: time-out, slowness and duration are judged here, the same for every kind. Never rejects. */
export async function runCheck(run: CheckRun): Promise<CheckResult> {
  const { probe, clock } = run;
  const at = clock.now();
  const startedAt = clock.elapsed();
  const spent = () => durationMs(Math.max(0, clock.elapsed() - startedAt));
  const stop = new AbortController();
  let lateMs = 0;
  const ring = (wait: DurationMs, task: () => void) =>
    clock.after(wait, () => {
      lateMs = Math.max(lateMs, spent() - wait);
      task();
    });
  const cancels = [
    ring(probe.timeoutMs, () => stop.abort(new Error('timeout'))),
    ring(durationMs(probe.slowAfterMs + (probe.pausesMs ?? 0)), () => run.onSlow?.(resultOf(run, { at, durationMs: spent(), sight: pendingSight }))),
  ];
  const leave = () => stop.abort(run.signal?.reason);
  if (run.signal?.aborted) leave();
  run.signal?.addEventListener('abort', leave, { once: true });
  try {
    const seen = await Promise.race([look(run, stop.signal), overdue(run, cancels)]);
    const sight = lateMs >= Math.max(heldUpMs, probe.timeoutMs / 4) && isTimeout(seen) ? heldUp(seen, durationMs(lateMs)) : seen;
    return resultOf(run, { at, durationMs: sight.tookMs ?? spent(), sight });
  } finally {
    for (const cancel of cancels) cancel();
    run.signal?.removeEventListener('abort', leave);
  }
}

const isTimeout = ({ outcome }: Sight): boolean => outcome.kind === 'fail' && outcome.failure.kind === 'timeout';

/** The answer may have been there all the while: such a time-out says nothing of the target. */
const heldUp = (seen: Sight, late: DurationMs): Sight => ({
  ...seen,
  outcome: { kind: 'unknown', reason: `the prober was held up for ${(late / 1_000).toFixed(1)} s` },
  evidence: { ...seen.evidence, heldUpMs: Math.round(late) },
});

const pendingSight: Sight = { outcome: { kind: 'pass' }, phases: {}, evidence: { pending: true } };

async function look({ probe, vantage, attempt, clock, signal, beats, artifacts }: CheckRun, timeUp: AbortSignal): Promise<Sight> {
  try {
    const sight = await probe.check({ vantage, clock, attempt, signal: timeUp, beats, artifacts });
    // A prober told to stop has not seen a time-out of the target.
    return signal?.aborted ? unknown('the prober was stopped') : sight;
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

/** The answer for a check that does not heed its signal. */
function overdue({ probe, clock }: CheckRun, cancels: (() => void)[]): Promise<Sight> {
  return new Promise((resolve) => {
    const reason = `timeout ${formatDuration(probe.timeoutMs)}`;
    cancels.push(clock.after(durationMs(probe.timeoutMs + graceMs), () => resolve({ outcome: { kind: 'fail', failure: { kind: 'timeout', reason } }, phases: {}, evidence: {} })));
  });
}

const unknown = (reason: string): Sight => ({ outcome: { kind: 'unknown', reason: reason.slice(0, 300) }, phases: {}, evidence: {} });

function resultOf({ probe, vantage, attempt }: CheckRun, seen: { at: UnixMs; durationMs: CheckResult['durationMs']; sight: Sight }): CheckResult {
  const { sight } = seen;
  const slow = sight.outcome.kind === 'pass' && seen.durationMs >= probe.slowAfterMs;
  const outcome: Outcome = slow ? { kind: 'slow' } : sight.outcome;
  return { probeId: probe.id, service: probe.service, vantage: vantage.id, at: seen.at, durationMs: seen.durationMs, outcome, phases: sight.phases, evidence: sight.evidence, attempt };
}
