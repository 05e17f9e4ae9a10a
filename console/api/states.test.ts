import { describe, expect, it, test } from 'vitest';
import { durationMs, hour, minute, second, unixMs } from '#lib/time.ts';
import type { CatalogueProbe } from './ports.ts';
import type { RecentCheck } from './questions.ts';
import { availabilityState, combined, combinedStrip, dayFigures, figureState, probeState } from './states.ts';
import type { State } from './views.ts';

const now = unixMs(Date.UTC(2026, 10, 24, 2, 59));
const probe: CatalogueProbe = { id: 'home', kind: 'http', service: 'invoice', target: '', intervalMs: durationMs(10 * second), vantages: ['bj'], yaml: '' };
const check = (outcome: RecentCheck['outcome'], age = 1000, vantage = 'bj'): RecentCheck => ({
  probe: 'home',
  vantage,
  at: unixMs(now - age),
  durationMs: 10,
  outcome,
  failureKind: null,
  reason: null,
  maintenance: false,
});

describe('states', () => {
  test.each<[string, State[], State]>([
    ['nothing is unknown', [], 'unknown'],
    ['only unknown is unknown', ['unknown', 'unknown'], 'unknown'],
    ['unknown takes no part', ['unknown', 'ok'], 'ok'],
    ['one of three down is slow', ['ok', 'ok', 'down'], 'slow'],
    ['half down is down', ['ok', 'down'], 'down'],
    ['one slow is slow', ['ok', 'ok', 'slow'], 'slow'],
    ['maintenance alone is maintenance', ['maintenance'], 'maintenance'],
  ])('%s', (_, states, expected) => expect(combined(states)).toBe(expected));

  test.each<[string, RecentCheck[], State]>([
    ['never checked', [], 'unknown'],
    ['passed just now', [check('pass')], 'ok'],
    ['failed just now', [check('fail')], 'down'],
    ['failed at one of three vantages', [check('fail'), check('pass', 900, 'tj'), check('pass', 900, 'sh')], 'slow'],
    ['passed two minutes ago is not passed now', [check('pass', 2 * minute)], 'unknown'],
    ['the prober was cut off', [check('unknown')], 'unknown'],
    ['fails within a planned window', [{ ...check('fail'), maintenance: true }], 'maintenance'],
  ])('a probe that %s', (_, checks, expected) => expect(probeState(checks, probe, now)).toBe(expected));

  it('strips are combined minute by minute', () => {
    expect(combinedStrip(['ood', 'osd', 'oou'], 3)).toEqual(['ok', 'slow', 'down']);
    expect(combinedStrip(['mmo', 'umu'], 3)).toEqual(['maintenance', 'maintenance', 'ok']);
    expect(combinedStrip([], 2)).toEqual(['unknown', 'unknown']);
  });

  it('coverage counts gaps and not the time before a probe existed', () => {
    const day = { probe: 'home', vantage: 'bj', good: 350, known: 355, total: 360, minutes: 54 };
    const fresh = dayFigures([{ ...day, since: unixMs(now - hour) }], [probe], now);
    expect(fresh.availability).toBeCloseTo(350 / 355);
    expect(fresh.coverage).toBeCloseTo(54 / 60);
    expect(dayFigures([{ ...day, since: unixMs(now - 24 * hour) }], [probe], now).coverage).toBeCloseTo(54 / 1440);
    expect(dayFigures([{ ...day, minutes: 12, since: unixMs(now - hour) }], [{ ...probe, intervalMs: durationMs(5 * minute) }], now).coverage).toBe(1);
    expect(dayFigures([], [probe], now)).toEqual({ availability: null, coverage: 0 });
  });

  test.each<[string, number | null, number | null, State]>([
    ['nothing known', null, null, 'unknown'],
    ['low', 0.01, 0.01, 'ok'],
    ['high and far from normal', 0.38, 0.01, 'down'],
    ['high but as always', 0.06, 0.055, 'ok'],
    ['high with no history', 0.06, null, 'down'],
    ['raised', 0.03, 0.01, 'slow'],
  ])('a figure that is %s', (...[, value, normal, expected]) => expect(figureState(value, { normal, slow: 0.02, down: 0.05 })).toBe(expected));

  it('availability is judged against its target', () => {
    expect([null, 0.9995, 0.995, 0.98].map((value) => availabilityState(value, 0.999))).toEqual(['unknown', 'ok', 'slow', 'down']);
  });
});
