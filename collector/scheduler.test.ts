import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationMs, unixMs } from '#lib/time.ts';
import type { Probe } from './probes/probe.ts';
import { due, emptyPlan, nextStart, planProbes } from './scheduler.ts';

const probe = (id: string, intervalMs: number, vantages: string[] = []): Probe => ({
  id,
  kind: 'fake',
  service: 's',
  target: '',
  intervalMs: durationMs(intervalMs),
  timeoutMs: durationMs(100),
  slowAfterMs: durationMs(50),
  confirm: { times: 0, afterMs: durationMs(1_000) },
  vantages,
  labels: {},
  config: {},
  check: async () => ({ outcome: { kind: 'pass' }, phases: {}, evidence: {} }),
});
const some = (count: number, intervalMs: number) => Array.from({ length: count }, (_, index) => probe(`p${index}`, intervalMs));
const intervals = fc.constantFrom(1_000, 5_000, 7_500, 60_000);
const fleet = fc.array(intervals, { minLength: 1, maxLength: 120 }).map((list) => list.map((intervalMs, index) => probe(`p${index}`, intervalMs)));
const waking = fc.record({ shift: fc.integer({ min: 0, max: 100_000 }), steps: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 30, maxLength: 120 }) });
const seeds = fc.double({ min: 0, max: 0.999, noNaN: true });
const start = 1_790_000_000_000;

describe('what is due', () => {
  it('starts every probe exactly once in each of its intervals, however the waking falls', () => {
    fc.assert(
      fc.property(fleet, seeds, waking, (probes, seed, { shift, steps }) => {
        const plan = planProbes(probes, { seed, before: emptyPlan });
        const began = start + shift;
        let since = unixMs(began);
        const counts = new Map<string, number[]>();
        for (const step of steps) {
          const now = unixMs(since + step);
          for (const { slot, at } of due(plan, { since, now }).starts) {
            expect(at).toBeGreaterThan(since);
            expect(at).toBeLessThanOrEqual(now);
            counts.set(slot.key, [...(counts.get(slot.key) ?? []), at]);
          }
          since = now;
        }
        for (const { slots, intervalMs } of plan.rings) {
          for (const slot of slots) {
            const expected = Math.floor((since - slot.offsetMs) / intervalMs) - Math.floor((began - slot.offsetMs) / intervalMs);
            const seen = counts.get(slot.key) ?? [];
            expect(seen.length).toBe(expected);
            for (const [index, at] of seen.entries()) if (index > 0) expect(at - (seen[index - 1] ?? 0)).toBe(intervalMs);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('spreads starts evenly: no gap is wider than three times the even one, or than the beat that close starts share', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 400, max: 6_000 })), seeds, (count, seed) => {
        const [ring] = planProbes(some(count, 10_000), { seed, before: emptyPlan }).rings;
        const offsets = ring?.slots.map(({ offsetMs }) => offsetMs) ?? [];
        const gaps = offsets.map((offset, index) => (index === 0 ? offset + 10_000 - (offsets.at(-1) ?? 0) : offset - (offsets[index - 1] ?? 0)));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(Math.max((10_000 / count) * 3 + 1, count < 400 ? 0 : 50));
        const together = [...Map.groupBy(offsets, (offset) => offset).values()].map(({ length }) => length);
        expect(Math.max(...together)).toBeLessThanOrEqual(count < 400 ? 2 : 8);
      }),
      { numRuns: 60 },
    );
  });

  it('starts a thousand probes a few at a time, and five thousand too', () => {
    const together = (count: number) => {
      const [ring] = planProbes(some(count, 10_000), { seed: 0, before: emptyPlan }).rings;
      const sizes = [...Map.groupBy(ring?.slots ?? [], ({ offsetMs }) => offsetMs).values()].map(({ length }) => length);
      return { wakes: sizes.length, least: Math.min(...sizes), most: Math.max(...sizes) };
    };
    expect(together(1_000)).toEqual({ wakes: 200, least: 4, most: 6 });
    expect(together(5_000)).toEqual({ wakes: 1_000, least: 3, most: 6 });
  });

  it('names the next start, and nothing is due before it', () => {
    fc.assert(
      fc.property(fleet, seeds, fc.integer({ min: 0, max: 100_000 }), (probes, seed, shift) => {
        const plan = planProbes(probes, { seed, before: emptyPlan });
        const now = unixMs(start + shift);
        const next = nextStart(plan, now);
        expect(next).not.toBeNull();
        if (next === null) return;
        expect(due(plan, { since: now, now: unixMs(next - 1) }).starts).toEqual([]);
        expect(due(plan, { since: now, now: next }).starts.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('starts a probe once after a long pause and counts what it missed', () => {
    const plan = planProbes(some(3, 1_000), { seed: 0, before: emptyPlan });
    const { starts, missed } = due(plan, { since: unixMs(start), now: unixMs(start + 10_000) });
    expect(starts.map(({ slot }) => slot.probe.id).sort()).toEqual(['p0', 'p1', 'p2']);
    expect(missed).toBe(27);
  });

  it('puts the vantages of one probe apart, so that a fault is seen sooner', () => {
    const [ring] = planProbes([probe('a', 9_000, ['x', 'y', 'z'])], { seed: 0, before: emptyPlan }).rings;
    expect(ring?.slots.map(({ vantageId, offsetMs }) => [vantageId, offsetMs])).toEqual([
      ['x', 0],
      ['z', 2124],
      ['y', 5562],
    ]);
  });

  it('keeps the times of probes that did not change when others come and go', () => {
    const before = planProbes(some(10, 10_000), { seed: 0.3, before: emptyPlan });
    const after = planProbes([...some(10, 10_000).slice(4), probe('new', 10_000)], { seed: 0.3, before });
    const times = (plan: typeof before) => new Map(plan.rings.flatMap(({ slots }) => slots.map((slot) => [slot.probe.id, slot.offsetMs])));
    for (const id of ['p4', 'p5', 'p9']) expect(times(after).get(id)).toBe(times(before).get(id));
    expect(new Set(times(after).values()).size).toBe(7);
  });

  it('has nothing to do without probes', () => {
    expect(nextStart(emptyPlan, unixMs(start))).toBeNull();
    expect(due(emptyPlan, { since: unixMs(start), now: unixMs(start + 1_000) })).toEqual({ starts: [], missed: 0 });
  });
});
