import { expect, test } from 'vitest';
import type { CheckResult, Outcome } from '#collector/check.ts';
import { after, durationMs, minute, type UnixMs, unixMs } from '#lib/time.ts';
import type { CheckFact } from './ports.ts';
import { provisional } from './provisional.ts';

const start = unixMs(1_800_000_000_000);
const at = (seconds: number): UnixMs => unixMs(start + seconds * 1_000);
const failed: Outcome = { kind: 'fail', failure: { kind: 'status', reason: '500' } };

function result(seconds: number, outcome: Outcome, probeId = 'home'): CheckResult {
  return { probeId, service: 'web', vantage: 'local', at: at(seconds), durationMs: durationMs(5), outcome, phases: {}, evidence: {}, attempt: 0 };
}

/** A store that is told apart from what is only on its way. */
function site() {
  const rows: CheckFact[] = [];
  const overlay = provisional({ recentChecks: async () => rows, ratio: async () => [], metric: async () => [] });
  return {
    overlay,
    store(...results: readonly CheckResult[]) {
      for (const { outcome, ...rest } of results) rows.unshift({ ...rest, outcome: outcome.kind, failureKind: '', reason: '' });
      overlay.stored(results);
    },
    async seenAt(seconds: number, probeIds = ['home']) {
      const window = { from: after(at(seconds), durationMs(-5 * minute)), until: at(seconds) };
      return (await overlay.facts.recentChecks({ probeIds, limit: 9, window })).map((fact) => `${(fact.at - start) / 1_000} ${fact.outcome}`);
    },
  };
}

test('a result on disk counts before it is stored, and once when it is', async () => {
  const { overlay, store, seenAt } = site();
  store(result(0, { kind: 'pass' }));
  overlay.seen(result(10, failed));
  expect(await seenAt(11)).toEqual(['10 fail', '0 pass']);
  store(result(10, failed));
  expect(await seenAt(11)).toEqual(['10 fail', '0 pass']);
});

test('a pass between two failures is known as early as they are', async () => {
  const { overlay, seenAt } = site();
  for (const [seconds, outcome] of [
    [1, failed],
    [2, { kind: 'pass' }],
    [3, failed],
  ] as const)
    overlay.seen(result(seconds, outcome));
  expect(await seenAt(4)).toEqual(['3 fail', '2 pass', '1 fail']);
});

test('an answer that was late is slow until it is whole, and then what it became', async () => {
  const { overlay, seenAt } = site();
  overlay.seen(result(1, { kind: 'slow' }));
  expect(await seenAt(2)).toEqual(['1 slow']);
  overlay.seen(result(1, failed));
  expect(await seenAt(2)).toEqual(['1 fail']);
});

test('what is stored takes only what is as old away', async () => {
  const { overlay, store, seenAt } = site();
  overlay.seen(result(1, failed));
  overlay.seen(result(2, failed));
  store(result(1, failed));
  expect(await seenAt(3)).toEqual(['2 fail', '1 fail']);
});

test('what never comes to the store is forgotten, and so is what nobody asked for', async () => {
  const { overlay, seenAt } = site();
  overlay.seen(result(1, failed));
  expect(await seenAt(2, ['other'])).toEqual([]);
  expect(await seenAt(122)).toEqual([]);
});
