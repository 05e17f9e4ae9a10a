import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { CheckResult } from './check.ts';
import { startCollector } from './collector.ts';
import { isInside } from './maintenance.ts';
import type { Probe } from './probes/probe.ts';
import { complaints } from './probes/test-servers.ts';

const start = unixMs(1_790_000_000_000);
const window = { from: unixMs(start + 15_000), until: unixMs(start + 35_000) };

it('a window holds its first instant and not its last', () => {
  expect([window.from - 1, window.from, window.until - 1, window.until].map((at) => isInside([window], unixMs(at)))).toEqual([false, true, true, false]);
  expect(isInside([], start)).toBe(false);
});

it('what is seen in a window, or while a person says so, is marked, and tells nobody early that it is slow', async () => {
  const clock = virtualClock(start);
  const stored: CheckResult[] = [];
  const told: Record<'checkSlow' | 'checkKept', CheckResult[]> = { checkSlow: [], checkKept: [] };
  const said = new Set<string>();
  const probe: Probe = {
    ...{ id: 'p', kind: 'fake', service: 's', target: '', labels: {}, config: {}, vantages: [], maintenance: [window] },
    ...{ intervalMs: durationMs(10_000), timeoutMs: durationMs(4_000), slowAfterMs: durationMs(1_000), confirm: { times: 0, afterMs: durationMs(1_000) } },
    check: async (look) => {
      await look.clock.sleep(durationMs(1_500));
      return { outcome: { kind: 'pass' }, phases: {}, evidence: {} };
    },
  };
  const output = { checks: async (results: readonly CheckResult[]) => void stored.push(...results) };
  const collector = startCollector({ probes: [probe], vantages: [], output, clock, maintained: (id) => said.has(id), emit: (topic, { result }) => told[topic].push(result), onError: () => {} });
  await clock.advance(durationMs(52_000));
  said.add('p');
  await clock.advance(durationMs(10_000));
  await collector.stop();
  expect(stored.map(({ at, maintenance }) => [at - start, maintenance ?? false])).toEqual([
    [10_000, false],
    [20_000, true],
    [30_000, true],
    [40_000, false],
    [50_000, false],
    [60_000, true],
  ]);
  for (const results of Object.values(told)) expect(results.map(({ at }) => at - start)).toEqual([10_000, 40_000, 50_000]);
});

it.each([
  { maintenance: [{ from: '2026-12-01T22:00:00', until: '2026-12-01T23:00:00+08:00' }], said: 'maintenance.0.from: "2026-12-01T22:00:00" is not an instant with its zone' },
  { maintenance: [{ from: '2026-12-01T22:00:00Z', until: '2026-12-01T21:00:00Z' }], said: 'maintenance.0.until: is not after from' },
])('$said', ({ maintenance, said }) => {
  expect(complaints({ kind: 'tcp', address: 'a:1', maintenance })).toEqual([said]);
});
