import { day, hour, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { isoOrNull } from './answers.ts';
import { isFlapping } from './flapping.ts';
import { probeName } from './names.ts';
import type { Catalogue, CatalogueProbe, ConsolePorts } from './ports.ts';
import type { ProbeDay, ProbeMinutes, ProbeSpeed, RecentCheck } from './questions.ts';
import { dayFigures, newestByVantage, probeState } from './states.ts';
import type { ProbeRow, State, VantageCell } from './views.ts';

/** What telemetry says of all probes at one moment; asked once, used by overview, list and palette. */
export interface ProbeFacts {
  now: UnixMs;
  minutes: ReadonlyMap<string, ProbeMinutes>;
  days: readonly ProbeDay[];
  speeds: ReadonlyMap<string, ProbeSpeed>;
  /** The last three of each probe and vantage, newest first. */
  latest: readonly RecentCheck[];
}

/** Far enough back to hold the last checks of the slowest probe, never more than a day. */
export const lookBack = (probes: readonly CatalogueProbe[], checks: number): number => Math.min(day, Math.max(5 * minute, ...probes.map((probe) => probe.intervalMs * (checks + 2))));

export async function probeFacts({ questions, catalogue }: Pick<ConsolePorts, 'questions' | 'catalogue'>, now: UnixMs): Promise<ProbeFacts> {
  const { probes } = catalogue();
  const scope = {};
  const [minutes, days, speeds, latest] = await Promise.all([
    questions.probeMinutes({ now, scope }),
    questions.probeDays({ now, scope }),
    questions.probeSpeeds({ scope, span: { from: unixMs(now - hour), until: unixMs(now + 1) } }),
    questions.recentChecks({ span: { from: unixMs(now - lookBack(probes, 3)), until: unixMs(now + 1) }, scope, each: 3, by: 'vantage' }),
  ]);
  return { now, days, latest, minutes: new Map(minutes.map((row) => [row.probe, row])), speeds: new Map(speeds.map((row) => [row.probe, row])) };
}

const inMs = (seconds: number | null | undefined): number | null => (seconds === null || seconds === undefined ? null : seconds * 1000);

/** Grouped once, so that two thousand probes stay linear. */
export function byProbe<Row extends { probe: string }>(rows: readonly Row[]): ReadonlyMap<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.probe);
    if (group) group.push(row);
    else groups.set(row.probe, [row]);
  }
  return groups;
}

export function probeRows({ probes, components }: Pick<Catalogue, 'probes' | 'components'>, facts: ProbeFacts, recent: readonly RecentCheck[]): ProbeRow[] {
  const name = probeName({ components });
  const latestOf = byProbe(facts.latest);
  const daysOf = byProbe(facts.days);
  const recentOf = byProbe(recent);
  return probes.map((probe) => {
    const latest = latestOf.get(probe.id) ?? [];
    const newest = newestByVantage(latest);
    const failing = newest.find((check) => check.outcome === 'fail');
    const shown = failing ?? newest[0];
    const figures = dayFigures(daysOf.get(probe.id) ?? [], [probe], facts.now);
    const speed = facts.speeds.get(probe.id);
    return {
      id: probe.id,
      name: name(probe.id),
      kind: probe.kind,
      service: probe.service,
      target: probe.target,
      intervalMs: probe.intervalMs,
      state: probeState(newest, probe, facts.now),
      flapping: isFlapping(recentOf.get(probe.id) ?? []),
      lastAt: isoOrNull(newest[0]?.at ?? null),
      lastReason: shown?.reason ?? null,
      failureKind: failing?.failureKind ?? null,
      p50Ms: inMs(speed?.p50),
      p95Ms: inMs(speed?.p95),
      availability24h: figures.availability,
      coverage24h: figures.coverage,
      vantages: [...probe.vantages],
      strip: (recentOf.get(probe.id) ?? [])
        .slice(0, 60)
        .map((check) => (check.maintenance ? 'maintenance' : check.outcome))
        .reverse(),
    };
  });
}

/** One cell a vantage: of its probes' last three checks, a probe is failing there when two of them (or the only ones) failed. */
export function vantageCells(catalogue: Catalogue, facts: ProbeFacts): VantageCell[] {
  const probes = new Map(catalogue.probes.map((probe) => [probe.id, probe]));
  return catalogue.vantages.map((vantage) => {
    const here = byProbe(facts.latest.filter((check) => check.vantage === vantage.id));
    const states: State[] = [];
    const durations: number[] = [];
    for (const [id, checks] of here) {
      const probe = probes.get(id);
      if (!probe) continue;
      const failed = checks.filter((check) => check.outcome === 'fail').length;
      const now = probeState(checks.slice(0, 1), probe, facts.now);
      states.push(now === 'down' && failed < Math.min(2, checks.length) ? 'slow' : now);
      durations.push(...checks.map((check) => check.durationMs));
    }
    const failing = states.filter((state) => state === 'down').length;
    const known = states.filter((state) => state !== 'unknown' && state !== 'maintenance').length;
    const worst: State = known === 0 ? (states.includes('maintenance') ? 'maintenance' : 'unknown') : failing > 0 ? 'down' : states.includes('slow') ? 'slow' : 'ok';
    durations.sort((a, b) => a - b);
    return { vantage: vantage.id, region: vantage.region, carrier: vantage.carrier, state: worst, p50Ms: durations[Math.floor((durations.length - 1) / 2)] ?? null, failing, of: states.length };
  });
}
