import type { Aggregation, CheckFact, Facts, Signal } from '#alerts/ports.ts';
import type { OutcomeKind } from '#collector/check.ts';
import { type Labels, labelKey, pickLabels } from '#lib/labels.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import type { Telemetry } from './clickhouse.ts';
import { durationFamily, type Family, familyOf } from './facts-families.ts';
import { familyStatement, labelColumns, labelsOf } from './facts-query.ts';
import { sampleValues } from './facts-samples.ts';
import { quantilesOf } from './questions-quantile.ts';

/** A rule that takes longer than this to answer is no use to anyone waiting for an alert. */
const limits = { max_execution_time: 10 };

/** What rules ask of telemetry, answered by ClickHouse. */
export function clickhouseFacts(telemetry: Telemetry): Facts {
  return {
    recentChecks: (question) => recentChecks(telemetry, question),
    ratio: (question) => ratio(telemetry, question),
    metric: (question) => {
      const family = durationFamily(question.metric);
      return family ? durations(telemetry, family, question) : sampleValues(telemetry, question, limits);
    },
  };
}

interface CheckRow {
  probe: string;
  service: string;
  vantage: string;
  at_ms: number;
  duration_ms: number;
  /** What was seen in a planned window tells a rule nothing. */
  judged: OutcomeKind;
  failure: string;
  reason: string;
  attempt: number;
}

async function recentChecks(telemetry: Telemetry, { probeIds, limit, window }: Parameters<Facts['recentChecks']>[0]): Promise<CheckFact[]> {
  const rows = await telemetry.rows<CheckRow>(
    `SELECT probe, service, vantage, toUnixTimestamp64Milli(at) AS at_ms, duration_ms, if(maintenance, 'unknown', toString(outcome)) AS judged, failure, reason, attempt FROM checks
WHERE probe IN {probes:Array(String)} AND at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})
ORDER BY at DESC, attempt DESC LIMIT {limit:UInt32} BY probe, vantage`,
    { probes: probeIds, from: window.from, until: window.until, limit },
    { settings: limits },
  );
  return rows.map((row) => ({
    probeId: row.probe,
    service: row.service,
    vantage: row.vantage,
    at: unixMs(Number(row.at_ms)),
    durationMs: durationMs(row.duration_ms),
    outcome: row.judged,
    failureKind: row.failure,
    reason: row.reason,
    attempt: row.attempt,
  }));
}

type RatioQuestion = Parameters<Facts['ratio']>[0];
interface Counted {
  labels: Labels;
  part: number;
  whole: number;
}

async function ratio(telemetry: Telemetry, question: RatioQuestion): Promise<{ labels: Labels; of: number; over: number }[]> {
  const { of, over, by } = question;
  // Reasons are known for failures only: they divide and narrow the failures, never the attempts.
  const reasoned = of === 'login.failed' && over === 'login.attempts';
  const rows = familyOf(of) === familyOf(over) ? await counts(telemetry, question, reasoned) : await apart(telemetry, question);
  if (!reasoned || !by.includes('reason')) return rows.flatMap(({ labels, part, whole }) => (whole > 0 ? [{ labels, of: part, over: whole }] : []));
  return byReason(rows, by);
}

/** Both counts in one statement; with `reasoned` a condition on the reason narrows the part only. */
async function counts(telemetry: Telemetry, { of, over, by, where, window }: RatioQuestion, reasoned: boolean): Promise<Counted[]> {
  const family = familyOf(of);
  const { reason, ...rest } = where;
  const narrow = reasoned && reason !== undefined;
  const part = expressions(family, of);
  const whole = expressions(family, over);
  const only = (column: string, expression: string) => (narrow ? `sumIf(toUInt64(${expression}), ${column} = {only_reason:String})` : `sum(toUInt64(${expression}))`);
  const { sql, params } = familyStatement({
    family,
    by,
    where: narrow ? rest : where,
    window,
    columns: [
      { name: 'part', rolled: only('reason', part.rolled), raw: only('login_reason', part.raw) },
      { name: 'whole', rolled: `sum(toUInt64(${whole.rolled}))`, raw: `sum(toUInt64(${whole.raw}))` },
    ],
  });
  const labels = labelColumns(by);
  const rows = await telemetry.rows<Record<string, string | number>>(
    `SELECT ${[...labels, 'sum(part) AS of_count', 'sum(whole) AS over_count'].join(', ')} FROM (${sql})${labels.length > 0 ? ` GROUP BY ${labels.join(', ')}` : ''}`,
    narrow ? { ...params, only_reason: reason } : params,
    { settings: limits },
  );
  return rows.map((row) => ({ labels: labelsOf(row, by), part: Number(row.of_count), whole: Number(row.over_count) }));
}

function expressions(family: Family, signal: Signal): { rolled: string; raw: string } {
  const found = family.signals[signal];
  if (!found) throw new Error(`${family.raw} do not count ${signal}`);
  return found;
}

/** Two families: each is counted by itself, and label sets are matched. */
async function apart(telemetry: Telemetry, question: RatioQuestion): Promise<Counted[]> {
  const parts = new Map((await counts(telemetry, { ...question, over: question.of }, false)).map((row) => [labelKey(row.labels), row.whole]));
  const wholes = await counts(telemetry, { ...question, of: question.over }, false);
  return wholes.map(({ labels, whole }) => ({ labels, whole, part: parts.get(labelKey(labels)) ?? 0 }));
}

function byReason(rows: readonly Counted[], by: readonly string[]): { labels: Labels; of: number; over: number }[] {
  const shared = by.filter((name) => name !== 'reason');
  const totals = new Map<string, { labels: Labels; whole: number; failed: boolean }>();
  for (const row of rows) {
    const labels = pickLabels(row.labels, shared);
    const before = totals.get(labelKey(labels));
    totals.set(labelKey(labels), { labels, whole: (before?.whole ?? 0) + row.whole, failed: (before?.failed ?? false) || row.part > 0 });
  }
  const failing = rows.filter((row) => row.part > 0).map(({ labels, part }) => ({ labels, of: part, over: totals.get(labelKey(pickLabels(labels, shared)))?.whole ?? part }));
  // Where nothing failed the whole answers for itself, so that "no failures" is not mistaken for "no data".
  const well = [...totals.values()].filter((total) => !total.failed && total.whole > 0).map(({ labels, whole }) => ({ labels, of: 0, over: whole }));
  return [...failing, ...well];
}

const percentiles: Readonly<Partial<Record<Aggregation, number>>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 };

async function durations(telemetry: Telemetry, family: Family, question: Parameters<Facts['metric']>[0]): Promise<{ labels: Labels; value: number; samples: number }[]> {
  const { agg, where, window } = question;
  const by = question.by === 'all' ? Object.keys(family.rolledLabels) : question.by;
  const labels = labelColumns(by);
  const share = percentiles[agg];
  const inner = durationStatement(family, { agg, by, where, window });
  const grouped = labels.length > 0 ? ` GROUP BY ${labels.join(', ')}` : '';
  const sql =
    share === undefined
      ? `SELECT ${[...labels, `${outerValue(agg)} AS value`, 'sum(n) AS samples'].join(', ')} FROM (${inner.sql})${grouped} HAVING samples > 0`
      : `SELECT ${[...labels, 'q0 AS value', 'n AS samples'].join(', ')} FROM (${quantilesOf(`SELECT ${[...labels, 'sumMap(histogram_part) AS h'].join(', ')} FROM (${inner.sql})${grouped}`, [share], labels)}) WHERE n > 0`;
  const rows = await telemetry.rows<Record<string, string | number>>(sql, inner.params, { settings: limits });
  return rows.map((row) => ({ labels: labelsOf(row, by), value: Number(row.value), samples: Number(row.samples) }));
}

function durationStatement(family: Family, { agg, by, where, window }: { agg: Aggregation; by: readonly string[]; where: Labels; window: Parameters<Facts['metric']>[0]['window'] }) {
  const { duration, time } = family;
  if (!duration) throw new Error(`${family.raw} have no duration`);
  const bucket = `toInt16(ceil(log2(greatest(${duration.value}, 0.000001)) * 32) - 1)`;
  const extreme: Partial<Record<Aggregation, string>> = {
    min: `minIf(${duration.value}, ${duration.has})`,
    max: `maxIf(${duration.value}, ${duration.has})`,
    last: `argMaxIf(${duration.value}, ${time}, ${duration.has})`,
  };
  const histogram = { name: 'histogram_part', rolled: 'sumMap(t.histogram)', raw: `sumMapIf(map(${bucket}, toUInt64(1)), ${duration.has})` };
  const one = extreme[agg];
  const value = { name: 'v', rolled: 'sum(t.duration_s)', raw: one ?? `sumIf(${duration.value}, ${duration.has})` };
  const n = { name: 'n', rolled: `sum(toUInt64(${duration.rolledCount}))`, raw: `countIf(${duration.has})` };
  return familyStatement({ family, by, where, window, columns: percentiles[agg] === undefined ? [value, n] : [histogram], rawOnly: one !== undefined });
}

/** Over the parts of the window; the extremes come from one part only. */
function outerValue(agg: Aggregation): string {
  if (agg === 'avg') return 'sum(v) / samples';
  if (agg === 'count') return 'sum(n)';
  return agg === 'sum' ? 'sum(v)' : 'any(v)';
}
