import { expect, test } from 'vitest';
import { durationMs, unixMs } from '#lib/time.ts';
import type { CheckResult, Outcome } from './check.ts';
import { probeExitCode, probeRunAnswer } from './probe-answer.ts';

const result = (outcome: Outcome): CheckResult => ({
  probeId: 'home',
  service: 'invoice',
  vantage: 'bj',
  at: unixMs(1_790_000_000_000),
  durationMs: durationMs(12.3456),
  outcome,
  phases: { connect: 0.4444, firstByte: 11 },
  evidence: { status: 200 },
  attempt: 0,
});

test.each<{ outcome: Outcome; failure: unknown; exit: number }>([
  { outcome: { kind: 'pass' }, failure: null, exit: 0 },
  { outcome: { kind: 'slow' }, failure: null, exit: 0 },
  { outcome: { kind: 'fail', failure: { kind: 'status', reason: 'HTTP 500 ≠ 2xx' } }, failure: { kind: 'status', message: 'HTTP 500 ≠ 2xx' }, exit: 1 },
  { outcome: { kind: 'unknown', reason: 'EMFILE (prober)' }, failure: { kind: 'unknown', message: 'EMFILE (prober)' }, exit: 3 },
])('$outcome.kind is answered in the promised shape with exit $exit', ({ outcome, failure, exit }) => {
  expect(probeRunAnswer(result(outcome))).toEqual({
    probe: 'home',
    at: '2026-09-21T14:13:20.000Z',
    outcome: outcome.kind,
    failure,
    durationMs: 12.35,
    phases: { connect: 0.44, firstByte: 11 },
    evidence: { vantage: 'bj', status: 200 },
  });
  expect(probeExitCode[outcome.kind]).toBe(exit);
});
