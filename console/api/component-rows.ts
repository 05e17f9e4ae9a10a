import type { Catalogue, CatalogueComponent, ComponentStatus } from './ports.ts';
import { byProbe, type ProbeFacts } from './probe-rows.ts';
import type { ProbeSpeed } from './questions.ts';
import { combined, combinedStrip, dayFigures, newestByVantage, probeState } from './states.ts';
import type { ComponentRow, State } from './views.ts';

/** What logs say of services just now. */
export interface ServiceFacts {
  routes: readonly { service: string; route: string; total: number; errors: number }[];
  logins: readonly { service: string; attempts: number; failed: number }[];
}

const fits = (route: string, pattern: string): boolean => (pattern.endsWith('*') ? route.startsWith(pattern.slice(0, -1)) : route === pattern);

/** Errors of its routes; a component that is all there is of its service speaks for the whole service; else not known. */
function errorRatio(component: CatalogueComponent, catalogue: Catalogue, facts: ServiceFacts): number | null {
  const alone = catalogue.components.filter((other) => other.service === component.service).length === 1;
  const patterns = component.routes ?? [];
  if (patterns.length === 0 && !alone) return null;
  const mine = facts.routes.filter((row) => row.service === component.service && (patterns.length === 0 || patterns.some((pattern) => fits(row.route, pattern))));
  const total = mine.reduce((sum, row) => sum + row.total, 0);
  return total === 0 ? null : mine.reduce((sum, row) => sum + row.errors, 0) / total;
}

function loginFailureRatio(component: CatalogueComponent, facts: ServiceFacts): number | null {
  if (!component.logins) return null;
  const found = facts.logins.find((row) => row.service === component.service);
  return found && found.attempts > 0 ? found.failed / found.attempts : null;
}

/** Its slowest probe's p95: percentiles of different probes are not mixed. */
function slowest(speeds: readonly (ProbeSpeed | undefined)[]): number | null {
  const known = speeds.flatMap((speed) => (speed?.p95 === null || speed === undefined ? [] : [speed.p95]));
  return known.length === 0 ? null : Math.max(...known);
}

export function componentRows(catalogue: Catalogue, facts: { probes: ProbeFacts; services: ServiceFacts; statuses: ReadonlyMap<string, ComponentStatus> }): ComponentRow[] {
  const { probes, services, statuses } = facts;
  const latest = byProbe(probes.latest);
  const days = byProbe(probes.days);
  const byId = new Map(catalogue.probes.map((probe) => [probe.id, probe]));
  return catalogue.components.map((component) => {
    const own = component.probes.flatMap((id) => byId.get(id) ?? []);
    const states = own.map((probe): State => probeState(newestByVantage(latest.get(probe.id) ?? []), probe, probes.now));
    const maintained = statuses.get(component.id) === 'under_maintenance';
    const figures = dayFigures(
      own.flatMap((probe) => days.get(probe.id) ?? []),
      own,
      probes.now,
    );
    const strips = own.flatMap((probe) => probes.minutes.get(probe.id) ?? []).map((row) => row.strip);
    return {
      id: component.id,
      name: component.name,
      service: component.service,
      state: maintained ? 'maintenance' : combined(states),
      availability24h: figures.availability,
      coverage24h: figures.coverage,
      p95Seconds: slowest(own.map((probe) => probes.speeds.get(probe.id))),
      errorRatio: errorRatio(component, catalogue, services),
      loginFailureRatio: loginFailureRatio(component, services),
      strip: combinedStrip(strips),
    };
  });
}
