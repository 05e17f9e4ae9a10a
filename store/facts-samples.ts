import type { Aggregation, Facts } from '#alerts/ports.ts';
import type { Labels } from '#lib/labels.ts';
import type { Telemetry } from './clickhouse.ts';
import { labelColumns, labelsOf } from './facts-query.ts';

const inner: Readonly<Record<Aggregation, string>> = {
  last: 'argMax(value, at)',
  min: 'min(value)',
  max: 'max(value)',
  sum: 'sum(value)',
  avg: 'sum(value)',
  count: 'toFloat64(count())',
  p50: 'quantileExactState(0.5)(value)',
  p90: 'quantileExactState(0.9)(value)',
  p95: 'quantileExactState(0.95)(value)',
  p99: 'quantileExactState(0.99)(value)',
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

/** Values of stored samples, series by series first: a series whose last value is NaN has said that it ended, and is gone. */
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
  const series = `SELECT series, any(labels) AS series_labels, max(at) AS seen, ${inner[agg].replaceAll('value', 'finite')} AS v, count() AS n
FROM (SELECT series, labels, at, value AS finite FROM samples WHERE metric = {metric:String} AND at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})${conditions.join('')})
WHERE NOT isNaN(finite)
GROUP BY series`;
  const ended = `SELECT series FROM samples WHERE metric = {metric:String} AND at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64}) GROUP BY series HAVING isNaN(argMax(value, at))`;
  if (by !== 'all') for (const [index, name] of by.entries()) params[`by_${index}`] = name;
  const columns = by === 'all' ? ['series_labels'] : labelColumns(by);
  const labels = by === 'all' ? ['series_labels'] : by.map((_, index) => `series_labels[{by_${index}:String}] AS l${index}`);
  const rows = await telemetry.rows<Record<string, string | number> & { series_labels?: Labels }>(
    `SELECT ${[...labels, `${outer[agg]} AS result`, 'sum(n) AS samples'].join(', ')} FROM (${series}) WHERE series NOT IN (${ended})${columns.length > 0 ? ` GROUP BY ${columns.join(', ')}` : ''} HAVING samples > 0`,
    params,
    { settings },
  );
  return rows.map((row) => ({ labels: by === 'all' ? (row.series_labels ?? {}) : labelsOf(row, by), value: Number(row.result), samples: Number(row.samples) }));
}
