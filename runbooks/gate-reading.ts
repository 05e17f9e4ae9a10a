import type { Facts, Window } from '#alerts/ports.ts';
import type { Bilingual } from '#lib/text.ts';
import { type DurationMs, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import { type Clause, type Comparison, type Condition, formatMeasure, type Gate, isRatio, spanText } from './gate.ts';
import { fillIn } from './runbook.ts';

/** Where a gate looks: the incident's service and the probes that watch it. */
export interface GateScope {
  service: string;
  probes: readonly { id: string; service: string; intervalMs: DurationMs }[];
}
export interface ClauseReading {
  /** Null is "not known", which never holds a gate. */
  value: number | null;
  samples: number;
  vantages: number;
}
export interface Verdict {
  at: UnixMs;
  /** Null when something it depends on is not known. */
  holds: boolean | null;
  /** Of the first clause that does not hold, or of the first one. */
  value: number | null;
  unit: 'ratio' | 'seconds' | 'count';
  samples: number;
  vantages: number;
  reason: Bilingual;
}
/** Since when it has held without a break; null while it does not. */
export interface GateProgress {
  heldSince: UnixMs | null;
  verdict: Verdict;
}

/** The value is read over the last half minute, so that a fault that has ended stops weighing on it. */
const lookBack = durationMs(30_000);
/** Evaluations further apart than this did not see what happened in between, so the holding time starts again. */
const longestBlink = durationMs(20_000);

/** Asks the store what the gate needs to know; a question that fails leaves its clause unknown. */
export async function readGate(facts: Facts, { gate, scope }: { gate: Gate; scope: GateScope }, now: UnixMs): Promise<readonly ClauseReading[]> {
  return Promise.all(gate.clauses.map((clause) => readClause(facts, { clause, scope, holdForMs: gate.holdForMs }, now).catch(() => ({ value: null, samples: 0, vantages: 0 }))));
}

async function readClause(facts: Facts, { clause, scope, holdForMs }: { clause: Clause; scope: GateScope; holdForMs: DurationMs }, now: UnixMs): Promise<ClauseReading> {
  const span = (length: number): Window => ({ from: unixMs(now - length), until: now });
  const { condition } = clause;
  if (condition.kind === 'probe') return readProbe(facts, { probe: scope.probes.find(({ id }) => id === condition.probe), now });
  const recent = await readMeasure(facts, condition.measure, { service: scope.service, window: span(lookBack) });
  const wholeMs = Math.max(lookBack, holdForMs);
  const samples = clause.minSamples > 0 && wholeMs > lookBack ? (await readMeasure(facts, condition.measure, { service: scope.service, window: span(wholeMs) })).samples : recent.samples;
  return { value: recent.value, samples, vantages: clause.minVantages > 0 ? await countVantages(facts, scope, now) : 0 };
}

async function readMeasure(
  facts: Facts,
  measure: Extract<Condition, { kind: 'measure' }>['measure'],
  { service, window }: { service: string; window: Window },
): Promise<{ value: number | null; samples: number }> {
  const where = service === '' ? {} : { service };
  if (measure === 'p50' || measure === 'p90' || measure === 'p95' || measure === 'p99') {
    const [row] = await facts.metric({ metric: 'request.duration', agg: measure, by: [], where, window });
    return { value: row?.value ?? null, samples: row?.samples ?? 0 };
  }
  const [of, over] = ({ error_ratio: ['request.errors', 'request.total'], login_failure_ratio: ['login.failed', 'login.attempts'], check_failure_ratio: ['check.failed', 'check.total'] } as const)[
    measure
  ];
  const [row] = await facts.ratio({ of, over, by: [], where, window });
  return row && row.over > 0 ? { value: row.of / row.over, samples: row.over } : { value: null, samples: 0 };
}

/** 1 when the newest check of every vantage passed, 0 when one did not; null when none is recent. */
async function readProbe(facts: Facts, { probe, now }: { probe: GateScope['probes'][number] | undefined; now: UnixMs }): Promise<ClauseReading> {
  if (!probe) return { value: null, samples: 0, vantages: 0 };
  const fresh = newestOfVantage(await facts.recentChecks({ probeIds: [probe.id], limit: 3, window: { from: unixMs(now - freshFor(probe.intervalMs)), until: now } }));
  const known = fresh.filter(({ outcome }) => outcome !== 'unknown');
  if (known.length === 0) return { value: null, samples: 0, vantages: 0 };
  return { value: known.every(({ outcome }) => outcome !== 'fail') ? 1 : 0, samples: known.length, vantages: known.length };
}

async function countVantages(facts: Facts, scope: GateScope, now: UnixMs): Promise<number> {
  const probes = scope.probes.filter(({ service }) => scope.service === '' || service === scope.service);
  if (probes.length === 0) return 0;
  const longest = Math.max(...probes.map(({ intervalMs }) => freshFor(intervalMs)));
  const checks = await facts.recentChecks({ probeIds: probes.map(({ id }) => id), limit: 3, window: { from: unixMs(now - longest), until: now } });
  return new Set(checks.filter(({ outcome }) => outcome === 'pass' || outcome === 'slow').map(({ vantage }) => vantage)).size;
}

/** Two and a half rounds and the way into the store: one may be late, none may be missing. */
const freshFor = (intervalMs: number): number => 10_000 + intervalMs * 2.5;

function newestOfVantage<Row extends { vantage: string; at: UnixMs }>(rows: readonly Row[]): Row[] {
  const newest = new Map<string, Row>();
  for (const row of rows) if ((newest.get(row.vantage)?.at ?? -1) < row.at) newest.set(row.vantage, row);
  return [...newest.values()];
}

const compares = (comparison: Comparison, value: number, limit: number): boolean => ({ '<': value < limit, '<=': value <= limit, '>': value > limit, '>=': value >= limit })[comparison];

/** Whether the readings let the gate hold now, and if not, why, in words. */
export function judgeGate(gate: Gate, readings: readonly ClauseReading[], now: UnixMs): Verdict {
  const judged = gate.clauses.map((clause, index) => judgeClause(clause, readings[index] ?? { value: null, samples: 0, vantages: 0 }));
  const first = judged.find(({ holds }) => holds === false) ?? judged.find(({ holds }) => holds === null) ?? judged[0];
  if (!first) return { at: now, holds: null, value: null, unit: 'count', samples: 0, vantages: 0, reason: { 'zh-CN': '关口没有条件', en: 'the gate has no condition' } };
  return { at: now, ...first };
}

function judgeClause({ condition, minSamples, minVantages }: Clause, { value, samples, vantages }: ClauseReading): Omit<Verdict, 'at'> {
  const unit = condition.kind === 'probe' ? 'count' : isRatio(condition.measure) ? 'ratio' : 'seconds';
  const say = (holds: boolean | null, zh: string, en: string) => ({ holds, value, unit, samples, vantages, reason: { 'zh-CN': zh, en } }) as const;
  if (value === null) return say(null, '现在没有数据，不能算满足', 'no data now, which cannot count as holding');
  if (condition.kind === 'probe') {
    if (value < 1) return say(false, `探测 ${condition.probe} 还没有通过`, `probe ${condition.probe} does not pass yet`);
  } else if (!compares(condition.comparison, value, condition.limit)) {
    const [now, limit] = [formatMeasure(condition.measure, value), formatMeasure(condition.measure, condition.limit)];
    return say(false, `现在 ${now}，要求 ${condition.comparison} ${limit}`, `now ${now}, must be ${condition.comparison} ${limit}`);
  }
  if (samples < minSamples) return say(null, `只有 ${samples} 次，至少要 ${minSamples} 次`, `only ${samples} samples, at least ${minSamples} needed`);
  if (vantages < minVantages) return say(null, `只有 ${vantages} 个探测点，至少要 ${minVantages} 个`, `only ${vantages} vantages, at least ${minVantages} needed`);
  return say(true, '条件满足', 'the condition holds');
}

/** Carries the holding time forward; anything but a clear yes starts it again. */
export function holdGate(before: GateProgress | null, verdict: Verdict): GateProgress {
  if (verdict.holds !== true) return { heldSince: null, verdict };
  const unbroken = before?.heldSince != null && verdict.at - before.verdict.at <= longestBlink;
  return { heldSince: unbroken ? before.heldSince : verdict.at, verdict };
}

export const heldMs = (progress: GateProgress | null): DurationMs => durationMs(progress?.heldSince == null ? 0 : progress.verdict.at - progress.heldSince);
export const gateHeld = (gate: Gate, progress: GateProgress | null): boolean => progress?.verdict.holds === true && heldMs(progress) >= gate.holdForMs;

/** "holds for 40s of 1m" or why not. */
export function progressReason(gate: Gate, progress: GateProgress | null): Bilingual {
  if (!progress) return { 'zh-CN': '还没有读数', en: 'not read yet' };
  if (progress.verdict.holds !== true) return progress.verdict.reason;
  const [held, whole] = [spanText(heldMs(progress)), spanText(gate.holdForMs)];
  return gateHeld(gate, progress)
    ? { 'zh-CN': `已满足 ${whole['zh-CN']}`, en: `held for ${whole.en}` }
    : { 'zh-CN': `已满足 ${held['zh-CN']}，共需 ${whole['zh-CN']}`, en: `held for ${held.en} of ${whole.en}` };
}

/** The gate with the run's parameters in place of `{{name}}`. */
export const fillGate = (gate: Gate, params: Readonly<Record<string, string>>): Gate => ({
  ...gate,
  text: fillIn(gate.text, params),
  clauses: gate.clauses.map((clause) => (clause.condition.kind === 'probe' ? { ...clause, condition: { kind: 'probe', probe: fillIn(clause.condition.probe, params) } } : clause)),
});
