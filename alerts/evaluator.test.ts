import { expect, test } from 'vitest';
import type { CheckResult } from '#collector/check.ts';
import type { CollectorTopics } from '#collector/ports.ts';
import { type Bus, createBus } from '#lib/bus.ts';
import { type Clock, virtualClock } from '#lib/clock.ts';
import { type DurationMs, durationMs, minute, unixMs } from '#lib/time.ts';
import { emptyState, noChange } from './change.ts';
import { startEvaluator } from './evaluator.ts';
import type { Rule } from './rules/rule.ts';

const start = unixMs(1_800_000_000_000);

const rule = {
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
} satisfies Rule;

const result = (outcome: CheckResult['outcome']): CheckResult => ({
  probeId: 'p',
  service: 's',
  vantage: 'local',
  at: start,
  durationMs: durationMs(1),
  outcome,
  phases: {},
  evidence: {},
  attempt: 0,
});
const failing = result({ kind: 'fail', failure: { kind: 'status', reason: '' } });
const rethrow = (error: unknown): never => {
  throw error;
};

function evaluating(rules: readonly Rule[], clock: Clock) {
  const bus = createBus<CollectorTopics>(rethrow);
  const evaluator = startEvaluator({
    name: 'rules',
    rules: () => rules,
    names: () => new Set(rules.map(({ terms }) => terms.name)),
    facts: { recentChecks: async () => [], ratio: async () => [], metric: async () => [] },
    probe: () => undefined,
    ledger: { state: () => emptyState, transact: async () => noChange, refresh: async () => {}, setDispatching() {}, setPlan() {} },
    clock,
    bus,
    startedAt: start,
    pauseMs: durationMs(0),
    keptMs: () => minute,
    onError: rethrow,
  });
  return { bus, evaluator };
}

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
  const { bus, evaluator } = evaluating([rule], busy);
  await still.advance(durationMs(100));
  bus.emit('checksStored', { results: [failing] });
  await still.advance(durationMs(100));
  await evaluator.stop();
  expect(waits.length).toBeGreaterThan(1);
  expect(waits.filter((wait) => wait < 0)).toEqual([]);
});

test.each<{ name: string; slowIsGood: boolean; tell: (bus: Bus<CollectorTopics>) => void; looks: number }>([
  { name: 'a failure is judged at once', slowIsGood: true, tell: (bus) => bus.emit('checksStored', { results: [failing] }), looks: 1 },
  { name: 'a good result waits for the interval', slowIsGood: false, tell: (bus) => bus.emit('checksStored', { results: [result({ kind: 'pass' })] }), looks: 0 },
  { name: 'a slow one is judged at once where slow counts', slowIsGood: false, tell: (bus) => bus.emit('checksStored', { results: [result({ kind: 'slow' })] }), looks: 1 },
  { name: 'and waits where it does not', slowIsGood: true, tell: (bus) => bus.emit('checksStored', { results: [result({ kind: 'slow' })] }), looks: 0 },
  { name: 'an answer that is late is judged at once where slow counts', slowIsGood: false, tell: (bus) => bus.emit('checkSlow', { result: result({ kind: 'slow' }) }), looks: 1 },
  { name: 'and waits where it does not (late)', slowIsGood: true, tell: (bus) => bus.emit('checkSlow', { result: result({ kind: 'slow' }) }), looks: 0 },
  { name: 'a probe nobody watches hurries no rule', slowIsGood: false, tell: (bus) => bus.emit('checksStored', { results: [{ ...failing, probeId: 'other' }] }), looks: 0 },
])('$name', async ({ slowIsGood, tell, looks }) => {
  const clock = virtualClock(start);
  let looked = 0;
  const counted: Rule = {
    ...rule,
    interest: { ...rule.interest, slowIsGood },
    async look() {
      looked++;
      return [];
    },
  };
  const { bus, evaluator } = evaluating([counted], clock);
  await clock.advance(durationMs(100));
  const before = looked;
  tell(bus);
  await clock.advance(durationMs(1_000));
  await evaluator.stop();
  expect(looked - before).toBe(looks);
});
