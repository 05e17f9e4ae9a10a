import { describe, expect, test } from 'vitest';
import type { CheckFact, Facts } from '#alerts/ports.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { type Gate, gateText, parseGate } from './gate.ts';
import { type ClauseReading, type GateProgress, gateHeld, heldMs, holdGate, judgeGate, progressReason, readGate } from './gate-reading.ts';

const gateOf = (text: string): Gate => {
  const parsed = parseGate(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.gate;
};

describe('parseGate', () => {
  test.each([
    {
      text: 'p95 < 2s for 5m over >= 3 vantages, >= 300 samples',
      hold: 300_000,
      clauses: [{ condition: { kind: 'measure', measure: 'p95', comparison: '<', limit: 2 }, minVantages: 3, minSamples: 300 }],
    },
    { text: 'p99 <= 800ms for 30s', hold: 30_000, clauses: [{ condition: { kind: 'measure', measure: 'p99', comparison: '<=', limit: 0.8 }, minVantages: 0, minSamples: 0 }] },
    { text: 'error_ratio < 2% for 1m', hold: 60_000, clauses: [{ condition: { kind: 'measure', measure: 'error_ratio', comparison: '<', limit: 0.02 }, minVantages: 0, minSamples: 0 }] },
    {
      text: 'login_failure_ratio<8% for 3m',
      hold: 180_000,
      clauses: [{ condition: { kind: 'measure', measure: 'login_failure_ratio', comparison: '<', limit: 0.08 }, minVantages: 0, minSamples: 0 }],
    },
    { text: 'probe invoice-journey passes for 1m', hold: 60_000, clauses: [{ condition: { kind: 'probe', probe: 'invoice-journey' }, minVantages: 0, minSamples: 0 }] },
    {
      text: 'p95 < 2 s for 1m ≥ 20 samples and probe {{journey}} passes for 2m over ≥ 2 vantages',
      hold: 120_000,
      clauses: [
        { condition: { kind: 'measure', measure: 'p95', comparison: '<', limit: 2 }, minVantages: 0, minSamples: 20 },
        { condition: { kind: 'probe', probe: '{{journey}}' }, minVantages: 2, minSamples: 0 },
      ],
    },
  ])('reads "$text"', ({ text, hold, clauses }) => {
    expect(gateOf(text)).toMatchObject({ holdForMs: hold, clauses });
  });

  test.each([
    { text: 'p95 < 2 for 5m', says: 'no unit' },
    { text: 'error_ratio < 0.02 for 5m', says: 'no unit' },
    { text: 'error_ratio < 2s for 5m', says: 'wrong unit' },
    { text: 'p95 < 2% for 5m', says: 'wrong unit' },
    { text: 'p95 < 2s for 5', says: '"for 5" has no unit' },
    { text: 'p95 < 2s', says: 'how long' },
    { text: 'latency < 2s for 5m', says: 'not known' },
    { text: 'p95 is fine', says: 'cannot be read' },
    { text: '', says: 'cannot be read' },
    { text: 'p95 < 2s for 5m on tuesdays', says: 'on tuesdays' },
  ])('refuses "$text" and says why', ({ text, says }) => {
    const parsed = parseGate(text);
    if (parsed.ok) throw new Error('was read');
    expect(parsed.problems.map(({ message }) => message).join(' | ')).toContain(says);
    expect(parsed.problems.every(({ hint }) => hint.length > 0)).toBe(true);
  });

  test('says itself in both languages', () => {
    expect(gateText(gateOf('login_failure_ratio < 8% for 3m over >= 3 vantages, >= 300 samples'))).toEqual({
      'zh-CN': '登录失败率 < 8%（至少 3 个探测点、至少 300 次），持续 3 分钟',
      en: 'login failure ratio < 8% (at least 3 vantages, at least 300 samples), for 3m',
    });
  });
});

describe('a gate over time', () => {
  const gate = gateOf('error_ratio < 2% for 1m, >= 10 samples');
  const reading = (value: number | null, samples = 100): ClauseReading[] => [{ value, samples, vantages: 0 }];
  const play = (rows: readonly { at: number; value: number | null; samples?: number }[]): GateProgress => {
    let progress: GateProgress | null = null;
    for (const { at, value, samples } of rows) progress = holdGate(progress, judgeGate(gate, reading(value, samples), unixMs(at * 1_000)));
    if (!progress) throw new Error('no rows');
    return progress;
  };
  const every = (from: number, to: number, value: number | null) => Array.from({ length: Math.floor((to - from) / 2) + 1 }, (_, index) => ({ at: from + index * 2, value }));

  test.each([
    { name: 'holds after a minute without a break', rows: every(0, 60, 0.01), held: true },
    { name: 'does not hold a moment before', rows: every(0, 58, 0.01), held: false },
    { name: 'one bad reading starts it again', rows: [...every(0, 40, 0.01), { at: 42, value: 0.5 }, ...every(44, 90, 0.01)], held: false },
    { name: 'one unknown reading starts it again', rows: [...every(0, 40, 0.01), { at: 42, value: null }, ...every(44, 90, 0.01)], held: false },
    { name: 'unknown data never hold it', rows: every(0, 600, null), held: false },
    { name: 'time nobody looked does not count', rows: [...every(0, 10, 0.01), ...every(70, 100, 0.01)], held: false },
    { name: 'exactly the limit is not below it', rows: every(0, 120, 0.02), held: false },
  ])('$name', ({ rows, held }) => {
    expect(gateHeld(gate, play(rows))).toBe(held);
  });

  test('too few samples are not known, whatever their value', () => {
    const progress = play([{ at: 0, value: 0, samples: 3 }]);
    expect([progress.verdict.holds, progress.verdict.reason.en]).toEqual([null, 'only 3 samples, at least 10 needed']);
  });

  test('says how far it has come', () => {
    const progress = play(every(0, 40, 0.01));
    expect(heldMs(progress)).toBe(40_000);
    expect(progressReason(gate, progress)['zh-CN']).toBe('已满足 40 秒，共需 1 分钟');
    expect(progressReason(gate, play([{ at: 0, value: 0.126 }]))['zh-CN']).toBe('现在 12.6%，要求 < 2%');
  });
});

describe('readGate', () => {
  const now = unixMs(1_000_000);
  const check = (vantage: string, outcome: CheckFact['outcome'], at = now - 1_000): CheckFact => ({
    probeId: 'p',
    service: 's',
    vantage,
    at: unixMs(at),
    durationMs: durationMs(1),
    outcome,
    failureKind: '',
    reason: '',
    attempt: 0,
  });
  const facts = (checks: readonly CheckFact[]): Facts => ({
    recentChecks: async () => checks,
    ratio: async () => [{ labels: {}, of: 1, over: 200 }],
    metric: async () => [{ labels: {}, value: 0.3, samples: 500 }],
  });
  const scope = { service: 's', probes: [{ id: 'p', service: 's', intervalMs: durationMs(10_000) }] };
  const probeGate = gateOf('probe p passes for 1m');

  test.each([
    { name: 'every vantage passes', checks: [check('a', 'pass'), check('b', 'slow')], value: 1 },
    { name: 'the newest check of a vantage counts', checks: [check('a', 'pass'), check('a', 'fail', now - 9_000)], value: 1 },
    { name: 'one vantage fails', checks: [check('a', 'pass'), check('b', 'fail')], value: 0 },
    { name: 'nothing known', checks: [check('a', 'unknown')], value: null },
    { name: 'no check at all', checks: [], value: null },
  ])('a probe: $name', async ({ checks, value }) => {
    expect((await readGate(facts(checks), { gate: probeGate, scope }, now))[0]?.value).toBe(value);
  });

  test('a probe that does not exist is not known', async () => {
    expect((await readGate(facts([check('a', 'pass')]), { gate: gateOf('probe q passes for 1m'), scope }, now))[0]?.value).toBeNull();
  });

  test('vantages count when their newest check got an answer', async () => {
    const [reading] = await readGate(facts([check('a', 'pass'), check('b', 'slow'), check('c', 'fail')]), { gate: gateOf('p95 < 2s for 1m over >= 3 vantages'), scope }, now);
    expect(reading).toEqual({ value: 0.3, samples: 500, vantages: 2 });
  });

  test('a question that fails leaves its clause unknown and the others known', async () => {
    const broken: Facts = { ...facts([]), ratio: () => Promise.reject(new Error('store is away')) };
    const gate = gateOf('error_ratio < 2% for 1m and p95 < 2s for 1m');
    const readings = await readGate(broken, { gate, scope }, now);
    expect(readings.map(({ value }) => value)).toEqual([null, 0.3]);
    expect(judgeGate(gate, readings, now).holds).toBeNull();
  });
});
