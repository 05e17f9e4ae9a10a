import { expect, it } from 'vitest';
import { type Clock, virtualClock } from '#lib/clock.ts';
import { durationMs, second } from '#lib/time.ts';
import type { Probe, Sight } from './probes/probe.ts';
import { runCheck } from './run-check.ts';
import { localVantage } from './vantage.ts';

const timedOut: Sight = { outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: first byte' } }, phases: {}, evidence: {} };

/** Hangs until its time is up. */
const probe: Probe = {
  ...{ id: 'p', kind: 'http', service: 's', target: 't', labels: {}, config: {}, vantages: [] },
  ...{ intervalMs: durationMs(10_000), timeoutMs: durationMs(5_000), slowAfterMs: second, confirm: { times: 1, afterMs: second } },
  check: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(timedOut))),
};

/** A check during which the process stands still for so long, beginning at the given moment. */
async function whenHeldUp(fromMs: number, forMs: number) {
  const virtual = virtualClock();
  const clock: Clock = { ...virtual, elapsed: () => virtual.elapsed() + (virtual.now() > fromMs ? forMs : 0) };
  const run = runCheck({ probe, vantage: localVantage, attempt: 0, clock });
  await virtual.advance(durationMs(6_000));
  return run;
}

it('a time-out is the fault of the target while this process keeps its times', async () => {
  expect((await whenHeldUp(9_000, 0)).outcome).toEqual({ kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: first byte' } });
  expect((await whenHeldUp(2_000, 600)).outcome).toMatchObject({ kind: 'fail' });
});

it.each([
  { name: 'before it counts as slow', fromMs: 500 },
  { name: 'before its time is up', fromMs: 4_000 },
])('a time-out says nothing of the target when this process stood still $name', async ({ fromMs }) => {
  expect(await whenHeldUp(fromMs, 3_000)).toMatchObject({ outcome: { kind: 'unknown', reason: 'the prober was held up for 3.0 s' }, evidence: { heldUpMs: 3_000 } });
});
