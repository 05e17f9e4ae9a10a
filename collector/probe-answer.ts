import { iso } from '#lib/time.ts';
import type { CheckResult, FailureKind, OutcomeKind, Phases } from './check.ts';

/** What `fenghuo probe run ID --json` prints; its shape is promised to the outside. */
export interface ProbeRunAnswer {
  probe: string;
  at: string;
  outcome: OutcomeKind;
  failure: { kind: FailureKind | 'unknown'; message: string } | null;
  durationMs: number;
  phases: Phases;
  evidence: Readonly<Record<string, unknown>>;
}

export function probeRunAnswer(result: CheckResult): ProbeRunAnswer {
  const { outcome } = result;
  const failure = outcome.kind === 'fail' ? { kind: outcome.failure.kind, message: outcome.failure.reason } : outcome.kind === 'unknown' ? { kind: 'unknown' as const, message: outcome.reason } : null;
  const rounded = Object.fromEntries(Object.entries(result.phases).map(([phase, ms]) => [phase, round(ms)]));
  return {
    probe: result.probeId,
    at: iso(result.at),
    outcome: outcome.kind,
    failure,
    durationMs: round(result.durationMs),
    phases: rounded,
    evidence: { vantage: result.vantage, ...result.evidence },
  };
}

const round = (ms: number): number => Math.round(ms * 100) / 100;

/** Exit codes of `fenghuo probe run`: good, bad, could not tell. */
export const probeExitCode: Readonly<Record<OutcomeKind, 0 | 1 | 3>> = { pass: 0, slow: 0, fail: 1, unknown: 3 };
