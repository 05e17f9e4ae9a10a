import { type Labels, labelKey, pickLabels } from '#lib/labels.ts';
import type { UnixMs } from '#lib/time.ts';
import { durationMs } from '#lib/time.ts';
import type { Aggregation, CheckFact, Facts, Signal, Window } from './ports.ts';

/** One point of a series; null marks its end. */
export interface MemoryPoint {
  at: UnixMs;
  value: number | null;
}

export interface MemorySeries {
  metric: string;
  labels: Labels;
  points: readonly MemoryPoint[];
}

/** So many things of one kind at one instant. */
export interface MemoryEvent {
  at: UnixMs;
  kind: string;
  count: number;
  labels: Labels;
}

export interface Telemetry {
  series: readonly MemorySeries[];
  events: readonly MemoryEvent[];
  checks: readonly CheckFact[];
}

/** What a whole is made of when only its parts were written down. */
const parts: Readonly<Record<string, readonly string[]>> = {
  'request.total': ['request.errors', 'request.ok'],
  'login.attempts': ['login.failed', 'login.accepted'],
  'check.total': ['check.failed', 'check.slow', 'check.passed'],
};

/** Facts from what a test wrote down; the same answers the telemetry store would give. */
export function memoryFacts(telemetry: Telemetry): Facts {
  const { series, events, checks } = telemetry;
  const written = new Set(events.map((event) => event.kind));
  const kindsOf = (signal: Signal): readonly string[] => (written.has(signal) ? [signal] : (parts[signal] ?? [signal]));
  return {
    async recentChecks({ probeIds, limit, window }) {
      const inside = checks.filter((check) => probeIds.includes(check.probeId) && within(window, check.at)).sort((a, b) => b.at - a.at || b.attempt - a.attempt);
      const taken = new Map<string, number>();
      return inside.filter((check) => {
        const key = `${check.probeId} ${check.vantage}`;
        taken.set(key, (taken.get(key) ?? 0) + 1);
        return (taken.get(key) ?? 0) <= limit;
      });
    },
    async ratio({ of, over, by, where, window }) {
      const shared = of === 'login.failed' ? by.filter((name) => name !== 'reason') : by;
      const whole = counted(events, { kinds: kindsOf(over), by: shared, where: withoutReason(where, of), window });
      const part = counted(events, { kinds: kindsOf(of), by, where, window });
      const told = new Set([...part.values()].map(({ labels }) => labelKey(pickLabels(labels, shared))));
      // Where nothing failed the whole answers for itself, so that "no failures" is not mistaken for "no data".
      const sets = new Map([...part.values(), ...[...whole.values()].filter(({ labels }) => !told.has(labelKey(labels)))].map(({ labels }) => [labelKey(labels), labels]));
      return [...sets.entries()].flatMap(([key, labels]) => {
        const total = whole.get(labelKey(pickLabels(labels, shared)))?.count ?? 0;
        return total > 0 ? [{ labels, of: part.get(key)?.count ?? 0, over: total }] : [];
      });
    },
    metric: async (question) => metricValues(series, question),
  };
}

const within = (window: Window, at: UnixMs): boolean => at >= window.from && at < window.until;
const agrees = (labels: Labels, where: Labels): boolean => Object.entries(where).every(([name, value]) => (labels[name] ?? '') === value);

/** Reasons are known for failures only, so a condition on them does not narrow the attempts. */
function withoutReason(where: Labels, of: Signal): Labels {
  if (of !== 'login.failed') return where;
  const { reason: _reason, ...rest } = where;
  return rest;
}

function counted(events: readonly MemoryEvent[], question: { kinds: readonly string[]; by: readonly string[]; where: Labels; window: Window }): Map<string, { labels: Labels; count: number }> {
  const { kinds, by, where, window } = question;
  const counts = new Map<string, { labels: Labels; count: number }>();
  for (const event of events) {
    if (!kinds.includes(event.kind) || !within(window, event.at) || !agrees(event.labels, where)) continue;
    const labels = pickLabels(event.labels, by);
    const key = labelKey(labels);
    counts.set(key, { labels, count: (counts.get(key)?.count ?? 0) + event.count });
  }
  return counts;
}

function metricValues(series: readonly MemorySeries[], question: Parameters<Facts['metric']>[0]): { labels: Labels; value: number; samples: number }[] {
  const { metric, agg, by, where, window } = question;
  const groups = new Map<string, { labels: Labels; points: MemoryPoint[] }>();
  for (const one of series) {
    if (one.metric !== metric || !agrees(one.labels, where)) continue;
    const inside = one.points.filter((point) => within(window, point.at));
    const newest = inside.at(-1)?.value;
    // A series marked as ended is gone, whatever it said before; one whose last value is no number has no last value.
    if (newest === undefined || newest === null || (agg === 'last' && Number.isNaN(newest))) continue;
    const labels = by === 'all' ? one.labels : pickLabels(one.labels, by);
    const group = groups.get(labelKey(labels)) ?? { labels, points: [] };
    group.points.push(...inside.filter(({ value }) => value !== null && !Number.isNaN(value)));
    groups.set(labelKey(labels), group);
  }
  const told = [...groups.values()].filter(({ points }) => points.length > 0).map(({ labels, points }) => ({ labels, value: aggregate(agg, points), samples: points.length }));
  return told.filter(({ value }) => !Number.isNaN(value));
}

function aggregate(agg: Aggregation, points: readonly MemoryPoint[]): number {
  const values = points.map((point) => point.value ?? 0);
  const sum = values.reduce((total, value) => total + value, 0);
  if (agg === 'last') return [...points].sort((a, b) => a.at - b.at).at(-1)?.value ?? Number.NaN;
  if (agg === 'min') return Math.min(...values);
  if (agg === 'max') return Math.max(...values);
  if (agg === 'sum') return sum;
  if (agg === 'count') return values.length;
  if (agg === 'avg') return sum / values.length;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((Number(agg.slice(1)) / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** A check written as an event: `check.failed` with labels probe, vantage, service, failure and perhaps attempt. */
export function checkOf(event: MemoryEvent): CheckFact[] {
  const outcome = ({ 'check.failed': 'fail', 'check.fail': 'fail', 'check.slow': 'slow', 'check.passed': 'pass', 'check.pass': 'pass', 'check.unknown': 'unknown' } as const)[event.kind];
  if (!outcome) return [];
  const { probe = '', vantage = 'local', service = '', failure = 'status', reason = '', attempt = '0' } = event.labels;
  const fact: CheckFact = { probeId: probe, service, vantage, at: event.at, durationMs: durationMs(0), outcome, failureKind: outcome === 'fail' ? failure : '', reason, attempt: Number(attempt) };
  return Array.from({ length: event.count }, () => fact);
}
