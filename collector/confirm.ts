import { networkKinds } from './blame.ts';
import type { CheckResult } from './check.ts';
import type { Probe } from './probes/probe.ts';
import type { Vantage } from './vantage.ts';

/**
 * Where a failure is looked at again first. What the network between may have caused is looked at from another vantage at
 * once: when it fails there too the failure is confirmed a second sooner, and when it does not, the vantage's own second
 * look decides, since what fails from one carrier only is a failure all the same.
 */
export function elsewhere(failed: CheckResult, probe: Probe, vantages: ReadonlyMap<string, Vantage>): Vantage | undefined {
  if (failed.outcome.kind !== 'fail' || !networkKinds.has(failed.outcome.failure.kind)) return undefined;
  const here = probe.vantages.indexOf(failed.vantage);
  const others = [...probe.vantages.slice(here + 1), ...probe.vantages.slice(0, Math.max(0, here))];
  return others.flatMap((id) => vantages.get(id) ?? []).find(({ id, far }) => id !== failed.vantage && far !== true);
}

/** The look from elsewhere as a re-check of the failure it confirms: it belongs to the vantage that failed. */
export function confirmedBy(look: CheckResult, failed: CheckResult): CheckResult {
  return { ...look, vantage: failed.vantage, evidence: { ...look.evidence, lookedFrom: look.vantage } };
}
