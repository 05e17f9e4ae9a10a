import { expect, test } from 'vitest';
import type { CollectorTopics } from '#collector/ports.ts';
import { createBus } from '#lib/bus.ts';
import { type Clock, virtualClock } from '#lib/clock.ts';
import { type DurationMs, durationMs, minute, unixMs } from '#lib/time.ts';
import { emptyState, noChange } from './change.ts';
import { startEvaluator } from './evaluator.ts';
import type { Rule } from './rules/rule.ts';

const start = unixMs(1_800_000_000_000);

const rule: Rule = {
  kind: 'probe',
  terms: {
    name: 'Failing',
    title: { 'zh-CN': '失败', en: 'failing' },
    forMs: durationMs(0),
    keepFiringForMs: durationMs(0),
    intervalMs: durationMs(10_000),
    labels: {},
    annotations: {},
    noData: 'keep',
  },
  windowMs: minute,
  interest: { probes: ['p'], logs: false, metrics: [] },
  measure: 'probe:p',
  above: null,
  below: null,
  look: async () => [],
};

test('a busy machine, on which time goes on between two looks at the clock, is never asked to wait less than nothing', async () => {
  const still = virtualClock(start);
  const waits: DurationMs[] = [];
  let late = 0;
  const busy: Clock = {
    ...still,
    now: () => unixMs(still.now() + ++late * 30),
    after(wait, task) {
      waits.push(wait);
      return still.after(wait, task);
    },
  };
  const bus = createBus<CollectorTopics>((error) => {
    throw error;
  });
  const evaluator = startEvaluator({
    name: 'rules',
    rules: () => [rule],
    names: () => new Set(['Failing']),
    facts: { recentChecks: async () => [], ratio: async () => [], metric: async () => [] },
    probe: () => undefined,
    ledger: { state: () => emptyState, transact: async () => noChange, refresh: async () => {}, setDispatching() {}, setPlan() {} },
    clock: busy,
    bus,
    startedAt: start,
    pauseMs: durationMs(0),
    keptMs: () => minute,
    onError: (error) => {
      throw error;
    },
  });
  await still.advance(durationMs(100));
  bus.emit('checksStored', {
    results: [
      { probeId: 'p', service: 's', vantage: 'local', at: start, durationMs: durationMs(1), outcome: { kind: 'fail', failure: { kind: 'status', reason: '' } }, phases: {}, evidence: {}, attempt: 0 },
    ],
  });
  await still.advance(durationMs(100));
  await evaluator.stop();
  expect(waits.length).toBeGreaterThan(1);
  expect(waits.filter((wait) => wait < 0)).toEqual([]);
});
