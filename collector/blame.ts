import type { Clock } from '#lib/clock.ts';
import { type DurationMs, durationMs } from '#lib/time.ts';
import type { CheckResult, FailureKind } from './check.ts';
import type { Probe } from './probes/probe.ts';
import type { Vantage } from './vantage.ts';

/**
 * Whose fault a failure is. A prober that is itself cut off, or whose probe depends on something that is down, has not seen
 * the target fail: its results are unknown, with the reason, and alert nobody.
 */
export interface Blame {
  judge(result: CheckResult, about: { probe: Probe; vantage: Vantage }): Promise<CheckResult>;
}

export interface BlameOptions {
  clock: Clock;
  /** Whether something answers at `host:port`, be it with a refusal: then the network between is well. */
  reach(address: string, vantage: Vantage): Promise<boolean>;
  /** One look at another probe, not stored. */
  look(probeId: string, vantage: Vantage): Promise<CheckResult | undefined>;
}

/** Failures the network between prober and target can cause. */
export const networkKinds: ReadonlySet<FailureKind> = new Set(['dns', 'connect', 'tls', 'timeout']);
/** A hundred probes that fail together ask once. */
const answerHoldsMs = durationMs(2_000);

export function createBlame({ clock, reach, look }: BlameOptions): Blame {
  const isCutOff = remembered(clock, async (vantage: Vantage) => {
    const answers = await Promise.all((vantage.anchors ?? []).map((address) => reach(address, vantage)));
    return !answers.includes(true);
  });
  const parentFails = remembered(clock, async ({ parent, vantage }: { parent: string; vantage: Vantage }) => (await look(parent, vantage))?.outcome.kind === 'fail');
  return {
    async judge(result, { probe, vantage }) {
      const { outcome } = result;
      if (outcome.kind !== 'fail') return result;
      const instead = (reason: string): CheckResult => ({ ...result, outcome: { kind: 'unknown', reason }, evidence: { ...result.evidence, failure: outcome.failure } });
      const { anchors = [] } = vantage;
      if (anchors.length > 0 && networkKinds.has(outcome.failure.kind) && (await isCutOff(vantage.id, vantage))) return instead(`this vantage is cut off: no answer from ${anchors.join(', ')}`);
      for (const parent of probe.dependsOn ?? []) {
        if (await parentFails(`${parent} ${vantage.id}`, { parent, vantage })) return instead(`depends on ${parent}, which fails`);
      }
      return result;
    },
  };
}

/** Answers that are being asked for or were given a moment ago are not asked for again. */
function remembered<Subject>(clock: Clock, ask: (subject: Subject) => Promise<boolean>, holdsMs: DurationMs = answerHoldsMs): (key: string, subject: Subject) => Promise<boolean> {
  const answers = new Map<string, { at: number; answer: Promise<boolean> }>();
  return (key, subject) => {
    const known = answers.get(key);
    if (known && clock.elapsed() - known.at < holdsMs) return known.answer;
    const answer = ask(subject);
    answers.set(key, { at: clock.elapsed(), answer });
    return answer;
  };
}
