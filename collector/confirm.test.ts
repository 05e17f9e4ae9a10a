import { describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { CheckResult, FailureKind } from './check.ts';
import { startCollector } from './collector.ts';
import type { Look, Probe, Sight } from './probes/probe.ts';
import type { Vantage } from './vantage.ts';

const start = unixMs(1_790_000_000_000);
const pass: Sight = { outcome: { kind: 'pass' }, phases: {}, evidence: {} };
const fail = (kind: FailureKind): Sight => ({ outcome: { kind: 'fail', failure: { kind, reason: kind } }, phases: {}, evidence: { code: 1 } });
const place = (id: string, more: Partial<Vantage> = {}): Vantage => ({ id, region: '', carrier: '', sourceAddress: null, ...more });

/** Ten seconds of one probe whose first start fails at `a` alone or wherever `fails` says. */
async function rechecks(vantages: readonly Vantage[], answer: (look: Look) => Sight) {
  const clock = virtualClock(start);
  const stored: CheckResult[] = [];
  const probe: Probe = {
    ...{ id: 'p', kind: 'fake', service: 's', target: '', labels: {}, config: {}, vantages: vantages.map(({ id }) => id) },
    ...{ intervalMs: durationMs(10_000), timeoutMs: durationMs(4_000), slowAfterMs: durationMs(1_000), confirm: { times: 1, afterMs: durationMs(1_000) } },
    check: (look) => Promise.resolve(answer(look)),
  };
  const collector = startCollector({ probes: [probe], vantages, output: { checks: async (results) => void stored.push(...results) }, clock, onError: () => {} });
  await clock.advance(durationMs(13_000));
  await collector.stop();
  return stored.filter(({ vantage }) => vantage === 'a').map(({ attempt, outcome, evidence, at }) => ({ attempt, outcome: outcome.kind, from: evidence.lookedFrom, at }));
}

describe('a failure', () => {
  it('of the network is looked at from another vantage at once, which confirms it', async () => {
    const [first, second, ...rest] = await rechecks([place('a'), place('b')], () => fail('connect'));
    expect(first).toMatchObject({ attempt: 0, outcome: 'fail' });
    expect(second).toMatchObject({ attempt: 1, outcome: 'fail', from: 'b', at: first?.at });
    expect(rest).toEqual([]);
  });

  it('that the other vantage does not see is looked at again from its own', async () => {
    const [first, second, ...rest] = await rechecks([place('a'), place('b')], ({ vantage }) => (vantage.id === 'a' ? fail('timeout') : pass));
    expect(second).toEqual({ attempt: 1, outcome: 'fail', from: undefined, at: (first?.at ?? 0) + 1_000 });
    expect(rest).toEqual([]);
  });

  it('of the answer itself is looked at again from its own vantage', async () => {
    const [first, second] = await rechecks([place('a'), place('b')], () => fail('status'));
    expect(second).toEqual({ attempt: 1, outcome: 'fail', from: undefined, at: (first?.at ?? 0) + 1_000 });
  });

  it('is not looked at from where others look, nor from nowhere', async () => {
    for (const others of [[place('far', { far: true })], []]) {
      const [first, second] = await rechecks([place('a'), ...others], () => fail('dns'));
      expect(second).toEqual({ attempt: 1, outcome: 'fail', from: undefined, at: (first?.at ?? 0) + 1_000 });
    }
  });

  it('tells the re-check that it is one, so that it tries another address', async () => {
    const attempts: (number | undefined)[] = [];
    await rechecks([place('a')], (look) => {
      attempts.push(look.attempt);
      return fail('connect');
    });
    expect(attempts).toEqual([0, 1]);
  });
});
