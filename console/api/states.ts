import type { OutcomeKind } from '#collector/check.ts';
import { type DurationMs, day, minute, type UnixMs } from '#lib/time.ts';
import type { CatalogueProbe } from './ports.ts';
import type { ProbeDay, RecentCheck } from './questions.ts';
import type { State } from './views.ts';

/** How things are, out of what was last seen of them. Pure: unknown is neither green nor red. */

/** A probe that missed three of its turns (and at least 15 s) has nothing to say about now. */
export const freshFor = (intervalMs: DurationMs): number => Math.max(15_000, intervalMs * 3);

const letterStates: Record<string, State> = { o: 'ok', s: 'slow', d: 'down', u: 'unknown', m: 'maintenance' };
/** The strip of one probe as states, 60 of them. */
export const stripStates = (letters: string): State[] => [...letters].map((letter) => letterStates[letter] ?? 'unknown');

/** A state seen in one cell holds for so many cells after it that were not looked at; beyond, nothing is known. */
export function heldStates(cells: readonly State[], held: number): State[] {
  let last: State = 'unknown';
  let age = 0;
  return cells.map((cell) => {
    if (cell !== 'unknown') [last, age] = [cell, 0];
    else age += 1;
    return age < held ? last : 'unknown';
  });
}

/** Several probes of one component, minute by minute: down when half of those known are down, slow when any is slow or down. */
export function combinedStrip(strips: readonly string[], length = 60): State[] {
  return Array.from({ length }, (_, index): State => combined(strips.map((strip) => letterStates[strip[index] ?? 'u'] ?? 'unknown')));
}

export function combined(some: readonly State[]): State {
  const known = some.filter((state) => state !== 'unknown' && state !== 'maintenance');
  if (known.length === 0) return some.includes('maintenance') ? 'maintenance' : 'unknown';
  const down = known.filter((state) => state === 'down').length;
  if (down * 2 >= known.length && down > 0) return 'down';
  return down > 0 || known.includes('slow') ? 'slow' : 'ok';
}

const outcomeStates: Record<OutcomeKind, State> = { pass: 'ok', slow: 'slow', fail: 'down', unknown: 'unknown' };

/** A probe's state now: its newest check at each vantage, those not too old. */
export function probeState(latest: readonly RecentCheck[], probe: Pick<CatalogueProbe, 'intervalMs'>, now: UnixMs): State {
  const fresh = latest.filter((check) => now - check.at <= freshFor(probe.intervalMs));
  return combined(fresh.map((check) => (check.maintenance ? 'maintenance' : outcomeStates[check.outcome])));
}

/** The newest check of each vantage out of checks newest first. */
export function newestByVantage(checks: readonly RecentCheck[]): RecentCheck[] {
  const seen = new Map<string, RecentCheck>();
  for (const check of checks) if (!seen.has(check.vantage)) seen.set(check.vantage, check);
  return [...seen.values()];
}

export interface DayFigures {
  availability: number | null;
  coverage: number;
}

/** Availability of what was known, and the share of time that is known: of the minutes (or of the longer intervals) a probe should have seen, those it saw. A probe that did not exist yet missed nothing. */
export function dayFigures(days: readonly ProbeDay[], probes: readonly CatalogueProbe[], now: UnixMs): DayFigures {
  const interval = new Map(probes.map((probe) => [probe.id, probe.intervalMs]));
  let good = 0;
  let known = 0;
  let expected = 0;
  let seen = 0;
  for (const row of days) {
    const every = interval.get(row.probe);
    if (every === undefined) continue;
    good += row.good;
    known += row.known;
    const turn = Math.max(minute, every);
    const turns = Math.max(1, Math.floor((now - Math.max(row.since, now - day)) / turn));
    expected += turns;
    seen += Math.min(turns, row.minutes);
  }
  return { availability: known === 0 ? null : good / known, coverage: expected === 0 ? 0 : seen / expected };
}

/** A figure against what is normal: red or amber only when it is both high in itself and far from normal. */
export function figureState(value: number | null, { normal, slow, down }: { normal: number | null; slow: number; down: number }): State {
  if (value === null) return 'unknown';
  const far = normal === null ? 1 : 2;
  if (value >= down && value >= (normal ?? 0) * far) return 'down';
  if (value >= slow && value >= (normal ?? 0) * far) return 'slow';
  return 'ok';
}

export const figureLimits = {
  errorRatio: { slow: 0.02, down: 0.05 },
  loginFailureRatio: { slow: 0.15, down: 0.3 },
  latencySeconds: { slow: 1.5, down: 3 },
} as const;

export function availabilityState(value: number | null, target: number): State {
  if (value === null) return 'unknown';
  if (value >= target) return 'ok';
  return value >= 1 - (1 - target) * 10 ? 'slow' : 'down';
}
