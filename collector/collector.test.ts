import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { CheckResult } from './check.ts';
import { startCollector } from './collector.ts';
import type { Check, Probe } from './probes/probe.ts';

const start = unixMs(1_790_000_000_000);
const pass = { outcome: { kind: 'pass' }, phases: {}, evidence: {} } as const;
const fail = { outcome: { kind: 'fail', failure: { kind: 'status', reason: 'HTTP 500' } }, phases: {}, evidence: {} } as const;

const probe = (own: Partial<Probe> & { check: Check }): Probe => ({
  id: 'p',
  kind: 'fake',
  service: 's',
  target: '',
  intervalMs: durationMs(10_000),
  timeoutMs: durationMs(4_000),
  slowAfterMs: durationMs(1_000),
  confirm: { times: 1, afterMs: durationMs(1_000) },
  vantages: [],
  labels: {},
  config: {},
  ...own,
});

function harness(probes: Probe[]) {
  const clock = virtualClock(start);
  const stored: CheckResult[] = [];
  const slow: CheckResult[] = [];
  const kept: CheckResult[] = [];
  const errors: unknown[] = [];
  const collector = startCollector({
    probes,
    vantages: [{ id: 'bj', region: '北京', carrier: '电信', sourceAddress: null, anchors: [] }],
    output: { checks: async (results) => void stored.push(...results) },
    clock,
    emit: (topic, { result }) => (topic === 'checkSlow' ? slow : kept).push(result),
    onError: (error) => errors.push(error),
  });
  return { clock, collector, stored, slow, kept, errors, seen: () => stored.map(({ at, attempt, outcome, durationMs: ms }) => [at - start, attempt, outcome.kind, ms]) };
}

describe('the collector', () => {
  it('looks again at once when a check fails, and stores each look as it happens', async () => {
    const answers = [fail, pass, pass];
    const { clock, seen } = harness([probe({ check: async () => answers.shift() ?? pass })]);
    await clock.advance(durationMs(20_000));
    expect(seen()).toEqual([
      [10_000, 0, 'fail', 0],
      [11_000, 1, 'pass', 0],
      [20_000, 0, 'pass', 0],
    ]);
  });

  it('looks now from the vantage that is asked for, and never in the name of one that is elsewhere', async () => {
    const clock = virtualClock(start);
    const place = (id: string, far: boolean) => ({ id, region: '', carrier: '', sourceAddress: null, far });
    const far = probe({ id: 'all-far', check: async () => pass, vantages: ['far'] });
    const both = probe({ id: 'both', check: async () => pass, vantages: ['far', 'near', 'next'] });
    const collector = startCollector({ probes: [far, both], vantages: [place('far', true), place('near', false), place('next', false)], output: { checks: async () => {} }, clock, onError: () => {} });
    const seenFrom = async (id: string, vantage?: string) => (await collector.runProbe(id, vantage))?.vantage;
    expect([await seenFrom('both'), await seenFrom('both', 'next'), await seenFrom('all-far')]).toEqual(['near', 'next', 'local']);
    await collector.stop();
  });

  it('leaves to others what is looked at from elsewhere', async () => {
    const clock = virtualClock(start);
    const stored: CheckResult[] = [];
    const far = { id: 'far', region: '', carrier: '', sourceAddress: null, far: true };
    const near = { id: 'near', region: '', carrier: '', sourceAddress: null };
    startCollector({
      probes: [probe({ id: 'both', vantages: ['near', 'far'], check: async () => pass }), probe({ id: 'far', vantages: ['far'], check: async () => pass })],
      vantages: [near, far],
      output: { checks: async (results) => void stored.push(...results) },
      clock,
      onError: () => {},
    });
    await clock.advance(durationMs(20_000));
    expect(new Set(stored.map(({ probeId, vantage }) => `${probeId} ${vantage}`))).toEqual(new Set(['both near']));
  });

  it('ends the re-checks at the configured number', async () => {
    const { clock, seen } = harness([probe({ check: async () => fail, confirm: { times: 2, afterMs: durationMs(500) } })]);
    await clock.advance(durationMs(12_000));
    expect(seen().map(([at, attempt]) => [at, attempt])).toEqual([
      [10_000, 0],
      [10_500, 1],
      [11_000, 2],
    ]);
  });

  it('tells of a pending answer as soon as it is slow, and stores the check once', async () => {
    const { clock, slow, kept, seen } = harness([
      probe({
        check: async ({ clock: inner }) => {
          await inner.sleep(durationMs(2_500));
          return pass;
        },
      }),
    ]);
    await clock.advance(durationMs(11_000));
    expect(slow.map(({ outcome, durationMs: ms }) => [outcome.kind, ms])).toEqual([['slow', 1_000]]);
    expect(seen()).toEqual([]);
    await clock.advance(durationMs(2_000));
    expect(seen()).toEqual([[10_000, 0, 'slow', 2_500]]);
    expect(slow.length).toBe(1);
    // What is on disk is told as well, so that nobody who must act on it waits for the store.
    expect(kept.map(({ outcome, durationMs: ms }) => [outcome.kind, ms])).toEqual([['slow', 2_500]]);
  });

  it('never runs a probe over itself, and counts the starts it skipped', async () => {
    let running = 0;
    let most = 0;
    const { clock, collector, stored } = harness([
      probe({
        intervalMs: durationMs(1_000),
        timeoutMs: durationMs(5_000),
        check: async ({ clock: inner }) => {
          most = Math.max(most, ++running);
          await inner.sleep(durationMs(2_400));
          running--;
          return pass;
        },
      }),
    ]);
    await clock.advance(durationMs(12_500));
    expect(most).toBe(1);
    expect(stored.length).toBe(4);
    expect(collector.health().failures).toEqual({ 'still running': 8 });
  });

  it('calls a check that does not heed its time a time-out', async () => {
    const { clock, seen } = harness([probe({ check: () => new Promise(() => {}), confirm: { times: 0, afterMs: durationMs(0) } })]);
    await clock.advance(durationMs(15_000));
    expect(seen()).toEqual([[10_000, 0, 'fail', 4_500]]);
  });

  it('calls a fault of the prober itself unknown, and does not look again', async () => {
    const { clock, stored } = harness([
      probe({
        check: async () => {
          throw new Error('bug');
        },
      }),
    ]);
    await clock.advance(durationMs(15_000));
    expect(stored.map(({ outcome }) => outcome)).toEqual([{ kind: 'unknown', reason: 'bug' }]);
  });

  it('runs one check now without storing it, from the vantage asked for', async () => {
    const { collector, stored } = harness([probe({ check: async ({ vantage }) => ({ ...pass, evidence: { from: vantage.id } }), vantages: ['bj'] })]);
    expect(await collector.runProbe('p')).toMatchObject({ probeId: 'p', vantage: 'bj', outcome: { kind: 'pass' }, evidence: { from: 'bj' } });
    expect(await collector.runProbe('none')).toBeUndefined();
    expect(stored).toEqual([]);
  });

  it('looks at once when it is nudged, stores what it saw, and keeps its times', async () => {
    const { clock, collector, seen } = harness([probe({ check: async () => pass })]);
    await clock.advance(durationMs(12_000));
    collector.nudge('p');
    collector.nudge('nobody');
    await clock.advance(durationMs(8_500));
    expect(seen().map(([at]) => at)).toEqual([10_000, 12_000, 20_000]);
  });

  it('drops running checks when it stops', async () => {
    const { clock, collector, stored } = harness([
      probe({
        check: async ({ clock: inner, signal }) => {
          await inner.sleep(durationMs(3_000), signal).catch(() => {});
          return fail;
        },
      }),
    ]);
    await clock.advance(durationMs(10_500));
    expect(collector.health().backlog).toBe(1);
    await collector.stop();
    await clock.advance(durationMs(20_000));
    expect(stored).toEqual([]);
  });

  it('says so when results cannot be handed over, and goes on', async () => {
    const clock = virtualClock(start);
    const errors: unknown[] = [];
    const collector = startCollector({
      probes: [probe({ check: async () => pass })],
      vantages: [],
      output: { checks: async () => Promise.reject(new Error('disk full')) },
      clock,
      onError: (error) => errors.push(error),
    });
    await clock.advance(durationMs(20_000));
    expect(errors.length).toBe(2);
    expect(collector.health().failures).toEqual({ 'disk full': 2 });
  });

  it('takes a new configuration over while it runs', async () => {
    const { clock, collector, stored } = harness([probe({ id: 'old', check: async () => pass })]);
    await clock.advance(durationMs(10_000));
    collector.replace([probe({ id: 'new', intervalMs: durationMs(1_000), check: async () => pass })], []);
    await clock.advance(durationMs(2_000));
    expect(stored.map(({ probeId }) => probeId)).toEqual(['old', 'new', 'new']);
  });

  it('holds its laws whatever the checks take: no probe over itself, scheduled starts only on its own times, a re-check only after a failure', async () => {
    const check = fc.record({ tookMs: fc.integer({ min: 0, max: 6_000 }), bad: fc.boolean() });
    const fleet = fc.array(fc.record({ intervalMs: fc.constantFrom(1_000, 2_000, 5_000), checks: fc.array(check, { minLength: 1, maxLength: 6 }) }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fleet, async (wishes) => {
        const running = new Map<string, number>();
        const probes = wishes.map(({ intervalMs, checks }, index) => {
          let turn = 0;
          return probe({
            id: `p${index}`,
            intervalMs: durationMs(intervalMs),
            async check({ clock, signal }) {
              const { tookMs, bad } = checks[turn++ % checks.length] ?? { tookMs: 0, bad: false };
              running.set(`p${index}`, (running.get(`p${index}`) ?? 0) + 1);
              expect(running.get(`p${index}`)).toBe(1);
              await clock.sleep(durationMs(tookMs), signal).catch(() => {});
              running.set(`p${index}`, 0);
              return bad ? fail : pass;
            },
          });
        });
        const { clock, collector, stored, errors } = harness(probes);
        await clock.advance(durationMs(30_000));
        await collector.stop();
        expect(errors).toEqual([]);
        for (const { id, intervalMs } of probes) {
          const own = stored.filter(({ probeId }) => probeId === id);
          const scheduled = own.filter(({ attempt }) => attempt === 0);
          for (const { at } of scheduled) expect((at - (scheduled[0]?.at ?? 0)) % intervalMs).toBe(0);
          for (const [index, { attempt }] of own.entries()) if (attempt > 0) expect(own[index - 1]).toMatchObject({ attempt: attempt - 1, outcome: { kind: 'fail' } });
        }
      }),
      { numRuns: 40 },
    );
  });
});
