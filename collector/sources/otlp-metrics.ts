import type { Sample } from '#collector/sample.ts';
import type { Labels } from '#lib/labels.ts';
import type { UnixMs } from '#lib/time.ts';
import { attributesOf, instant, list, number, type Told, text, told, whole } from './otlp-value.ts';

export interface ReadMetrics {
  rows: Sample[];
  points: number;
  /** Points that can never be kept, and why the first one. */
  rejected: number;
  reason: string;
}

const mostLabels = 64;
const longestName = 512;
const noRecordedValue = 1;
const delta = 1;

/** ExportMetricsServiceRequest → samples; histograms become `.bucket` (cumulative, label `le`), `.sum` and `.count`, summaries label `quantile`. */
export function readMetrics(request: unknown, now: UnixMs): ReadMetrics {
  const read: ReadMetrics = { rows: [], points: 0, rejected: 0, reason: '' };
  for (const resourceMetrics of list(told(request, 'the request').resourceMetrics, 'resourceMetrics')) {
    const { resource, scopeMetrics } = told(resourceMetrics, 'resourceMetrics');
    const shared = resourceLabels(told(resource, 'resource').attributes);
    for (const scoped of list(scopeMetrics, 'scopeMetrics')) for (const each of list(told(scoped, 'scopeMetrics').metrics, 'metrics')) readMetric(told(each, 'a metric'), { read, shared, now });
  }
  return read;
}

const kinds = { gauge: simple, sum: simple, histogram, exponentialHistogram: exponential, summary } as const;
const kindNames = Object.keys(kinds) as (keyof typeof kinds)[];

interface Reading {
  read: ReadMetrics;
  shared: Labels;
  now: UnixMs;
}

function readMetric(metric: Told, { read, shared, now }: Reading): void {
  const name = text(metric.name);
  for (const kind of kindNames) {
    const samplesOf = kinds[kind];
    if (metric[kind] === undefined || metric[kind] === null) continue;
    const { dataPoints, aggregationTemporality } = told(metric[kind], kind);
    const isDelta = whole(aggregationTemporality, 'aggregationTemporality') === delta;
    for (const each of list(dataPoints, 'dataPoints')) {
      const point = told(each, 'a data point');
      read.points++;
      const labels = { ...shared, ...labelsOf(point.attributes), ...(isDelta && { temporality: 'delta' }) };
      const at = instant(point.timeUnixNano, 'timeUnixNano') ?? now;
      const ended = (whole(point.flags, 'flags') & noRecordedValue) !== 0;
      const samples = ended ? endOf(kind, { name, labels, at, point }) : samplesOf({ name, labels, at, point });
      const reason = whyNot(name, labels, samples);
      if (reason === '') for (const sample of samples) read.rows.push(sample);
      else {
        read.rejected++;
        read.reason ||= reason;
      }
    }
  }
}

function whyNot(name: string, labels: Labels, samples: readonly Sample[]): string {
  if (name === '') return 'a metric without a name';
  if (name.length > longestName) return `a metric name longer than ${longestName}`;
  if (Object.keys(labels).length > mostLabels) return `${name}: more than ${mostLabels} labels`;
  return samples.length > 0 ? '' : `${name}: a point without a value that is a number`;
}

/** JSON has words for NaN and the infinities; any other text that is no number is a mistake. */
const isNumber = (value: unknown): boolean =>
  typeof value === 'string' ? /^(NaN|-?Infinity)$/.test(value) || Number.isFinite(Number(value || 'no')) : typeof value === 'number' || typeof value === 'bigint';

/** "No recorded value": the series says that it ends. Which buckets it had is not said. */
const endOf = (kind: keyof typeof kinds, { name, labels, at }: Point): Sample[] =>
  (kind === 'gauge' || kind === 'sum' ? [name] : [`${name}.count`, `${name}.sum`]).map((metric) => ({ metric, labels, at, value: Number.NaN, stale: true }));

/** What tells apart who reports: not every attribute of the resource, or each version would begin new series. */
function resourceLabels(attributes: unknown): Labels {
  const all = labelsOf(attributes);
  const named = { service: all['service.name'], instance: all['service.instance.id'], 'host.name': all['host.name'] };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value)) as Labels;
}

const labelsOf = (pairs: unknown): Labels => Object.fromEntries(Object.entries(attributesOf(pairs, () => {})).map(([key, value]) => [key, String(value).slice(0, 1_024)]));

interface Point {
  name: string;
  labels: Labels;
  at: UnixMs;
  point: Told;
}

function simple({ name, labels, at, point }: Point): Sample[] {
  const said = point.asInt ?? point.asDouble;
  if (!isNumber(said)) return [];
  const value = typeof point.asInt === 'bigint' ? Number(BigInt.asIntN(64, point.asInt)) : number(said);
  return [{ metric: name, labels, at, value }];
}

function totals({ name, labels, at, point }: Point): Sample[] {
  const count = { metric: `${name}.count`, labels, at, value: whole(point.count, 'count') };
  return point.sum === undefined || point.sum === null ? [count] : [count, { metric: `${name}.sum`, labels, at, value: number(point.sum) }];
}

function histogram(from: Point): Sample[] {
  const { name, labels, at, point } = from;
  const bounds = list(point.explicitBounds, 'explicitBounds').map((bound) => String(number(bound)));
  let total = 0;
  const buckets = list(point.bucketCounts, 'bucketCounts').map((count, index) => {
    total += whole(count, 'bucketCounts');
    return { metric: `${name}.bucket`, labels: { ...labels, le: bounds[index] ?? '+Inf' }, at, value: total };
  });
  return [...buckets, ...totals(from)];
}

/** Its buckets by their upper ends: base to the power of one more than the index, the base 2^(2^-scale). */
function exponential(from: Point): Sample[] {
  const { name, labels, at, point } = from;
  const scale = whole(point.scale, 'scale');
  const ends: [number, number][] = [];
  const side = (value: unknown, end: (index: number) => number): void => {
    const { offset, bucketCounts } = told(value, 'buckets');
    for (const [index, count] of list(bucketCounts, 'bucketCounts').entries()) if (whole(count, 'bucketCounts') > 0) ends.push([end(whole(offset, 'offset') + index), whole(count, 'bucketCounts')]);
  };
  side(point.negative, (index) => -(2 ** (index * 2 ** -scale)));
  const zeros = whole(point.zeroCount, 'zeroCount');
  if (zeros > 0) ends.push([0, zeros]);
  side(point.positive, (index) => 2 ** ((index + 1) * 2 ** -scale));
  let total = 0;
  const buckets = ends
    .sort(([a], [b]) => a - b)
    .map(([end, count]) => {
      total += count;
      return { metric: `${name}.bucket`, labels: { ...labels, le: Number.isFinite(end) ? String(end) : '+Inf' }, at, value: total };
    });
  return [...buckets, ...totals(from)];
}

function summary(from: Point): Sample[] {
  const { name, labels, at, point } = from;
  const quantiles = list(point.quantileValues, 'quantileValues').map((each) => {
    const { quantile = 0, value = 0 } = told(each, 'a quantile');
    return { metric: name, labels: { ...labels, quantile: String(number(quantile)) }, at, value: number(value) };
  });
  return [...quantiles, ...totals(from)];
}
