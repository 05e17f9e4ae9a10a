import type { Aggregation, Facts } from '#alerts/ports.ts';
import type { Labels } from '#lib/labels.ts';
import { staleBits } from '#lib/series.ts';
import type { Telemetry } from './clickhouse.ts';
import { labelColumns, labelsOf } from './facts-query.ts';

const inner: Readonly<Record<Aggregation, string>> = {
  last: 'argMax(value, at)',
  min: 'minIf(value, NOT isNaN(value))',
  max: 'maxIf(value, NOT isNaN(value))',
  sum: 'sumIf(value, NOT isNaN(value))',
  avg: 'sumIf(value, NOT isNaN(value))',
  count: 'toFloat64(countIf(NOT isNaN(value)))',
  p50: 'quantileExactStateIf(0.5)(value, NOT isNaN(value))',
  p90: 'quantileExactStateIf(0.9)(value, NOT isNaN(value))',
  p95: 'quantileExactStateIf(0.95)(value, NOT isNaN(value))',
  p99: 'quantileExactStateIf(0.99)(value, NOT isNaN(value))',
};

const outer: Readonly<Record<Aggregation, string>> = {
  last: 'argMax(v, seen)',
  min: 'min(v)',
  max: 'max(v)',
  sum: 'sum(v)',
  avg: 'sum(v) / sum(n)',
  count: 'sum(v)',
  p50: 'quantileExactMerge(0.5)(v)',
  p90: 'quantileExactMerge(0.9)(v)',
  p95: 'quantileExactMerge(0.95)(v)',
  p99: 'quantileExactMerge(0.99)(v)',
};

/**
 * Values of stored samples, series by series first. A series whose newest sample is the staleness marker has ended and is gone, whatever it
 * said before. Any other NaN is no number: it counts nowhere, and a series whose last value it is has no last value.
 */
export async function sampleValues(
  telemetry: Telemetry,
  question: Parameters<Facts['metric']>[0],
  settings: Readonly<Record<string, number>>,
): Promise<{ labels: Labels; value: number; samples: number }[]> {
  const { metric, agg, by, where, window } = question;
  const params: Record<string, string | number> = { metric, from: window.from, until: window.until };
  const conditions = Object.entries(where).map(([name, value], index) => {
    params[`name_${index}`] = name;
    params[`value_${index}`] = value;
    return ` AND labels[{name_${index}:String}] = {value_${index}:String}`;
  });
  const series = `SELECT series, any(labels) AS series_labels, max(at) AS seen, ${inner[agg]} AS v, countIf(NOT isNaN(value)) AS n, argMax(reinterpretAsUInt64(value), at) AS newest
FROM samples FINAL WHERE metric = {metric:String} AND at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})${conditions.join('')}
GROUP BY series HAVING n > 0 AND newest != ${staleBits}${agg === 'last' ? ' AND NOT isNaN(v)' : ''}`;
  if (by !== 'all') for (const [index, name] of by.entries()) params[`by_${index}`] = name;
  const columns = by === 'all' ? ['series_labels'] : labelColumns(by);
  const labels = by === 'all' ? ['series_labels'] : by.map((_, index) => `series_labels[{by_${index}:String}] AS l${index}`);
  const rows = await telemetry.rows<Record<string, string | number> & { series_labels?: Labels }>(
    `SELECT ${[...labels, `${outer[agg]} AS result`, 'sum(n) AS samples'].join(', ')} FROM (${series})${columns.length > 0 ? ` GROUP BY ${columns.join(', ')}` : ''} HAVING samples > 0 AND NOT isNaN(result)`,
    params,
    // Without it an infinite value would come back as nothing.
    { settings: { ...settings, output_format_json_quote_denormals: 1 } },
  );
  return rows.map((row) => ({ labels: by === 'all' ? (row.series_labels ?? {}) : labelsOf(row, by), value: numberOf(row.result), samples: Number(row.samples) }));
}

const numberOf = (told: string | number | undefined): number => (told === 'inf' ? Number.POSITIVE_INFINITY : told === '-inf' ? Number.NEGATIVE_INFINITY : Number(told));
