import type { Sample } from '#collector/sample.ts';
import type { Labels } from '#lib/labels.ts';
import { staleBits } from '#lib/series.ts';
import { between, day, minute, type UnixMs, unixMs } from '#lib/time.ts';
import { IngestError, largestBody, mostRows } from './ingest.ts';
import type { Written, WrittenSeries } from './remote-write-shape.ts';

export interface ReadSeries {
  /** Each fits one record of the spool. */
  records: Sample[][];
  /** Samples that can never be kept, and why the first one. */
  refused: number;
  reason: string;
  /** Exemplars: they are passed over, and the samples they belong to are kept. */
  unkept: number;
}

const most = { name: 512, labels: 64, labelName: 256, labelValue: 2_048 } as const;
const oldest = 180 * day;
const farthestAhead = 10 * minute;
/** Bytes of a record, and of everything a request unfolds to: each sample carries the labels of its series. */
const recordBytes = 8_000_000;
const unfoldedMost = 4 * largestBody;

interface Reading {
  read: ReadSeries;
  now: UnixMs;
  mask(value: string): string;
  record: { rows: Sample[]; bytes: number };
  unfolded: number;
}

/** Samples of every series; what is amiss with one does not take its neighbours along. */
export function readSeries({ timeseries = [] }: Written, { now, mask }: Pick<Reading, 'now' | 'mask'>): ReadSeries {
  const reading: Reading = { read: { records: [], refused: 0, reason: '', unkept: 0 }, now, mask, record: { rows: [], bytes: 0 }, unfolded: 0 };
  for (const series of timeseries) readOne(series, reading);
  if (reading.record.rows.length > 0) reading.read.records.push(reading.record.rows);
  return reading.read;
}

function readOne(series: WrittenSeries, reading: Reading): void {
  const { samples = [], histograms = [], exemplars = [] } = series;
  reading.read.unkept += exemplars.length;
  const named = readLabels(series, reading.mask);
  if ('reason' in named) {
    refuse(reading, samples.length + histograms.length, `${named.reason} in ${shown(series)}`);
    return;
  }
  if (histograms.length > 0) refuse(reading, histograms.length, `native histograms are not kept, only classic ones: ${shown(series)}`);
  const size = JSON.stringify(named.labels).length + named.metric.length + 64;
  reading.unfolded += size * samples.length;
  if (reading.unfolded > unfoldedMost) throw new IngestError(413, `unfolds to more than ${unfoldedMost} bytes: send fewer samples in a request`);
  for (const { value = 0n, timestamp = 0n } of samples) {
    const at = unixMs(Number(timestamp));
    const age = between(at, reading.now);
    if (age > oldest) refuse(reading, 1, `a time more than ${oldest / day} days ago in ${shown(series)}`);
    else if (age < -farthestAhead) refuse(reading, 1, `a time more than ${farthestAhead / minute} minutes ahead in ${shown(series)}`);
    else add(reading, { ...named, at, ...measured(value) }, size);
  }
}

function add({ record, read }: Reading, sample: Sample, size: number): void {
  if (record.rows.length >= mostRows || (record.rows.length > 0 && record.bytes + size > recordBytes)) {
    read.records.push(record.rows);
    record.rows = [];
    record.bytes = 0;
  }
  record.rows.push(sample);
  record.bytes += size;
}

function refuse({ read }: Reading, count: number, reason: string): void {
  read.refused += count;
  read.reason ||= reason;
}

const bits = new DataView(new ArrayBuffer(8));

function measured(value: bigint): Pick<Sample, 'value' | 'stale'> {
  if (value === staleBits) return { value: Number.NaN, stale: true };
  bits.setBigUint64(0, value);
  return { value: bits.getFloat64(0) };
}

function readLabels({ labels = [] }: WrittenSeries, mask: (value: string) => string): { metric: string; labels: Labels } | { reason: string } {
  const read = new Map<string, string>();
  if (labels.length > most.labels) return { reason: `more than ${most.labels} labels` };
  for (const { name = '', value = '' } of labels) {
    if (name === '') return { reason: 'a label without a name' };
    if (read.has(name)) return { reason: `label ${name.slice(0, 60)} twice` };
    if (name.length > most.labelName || value.length > most.labelValue) return { reason: `a label's name longer than ${most.labelName} or its value than ${most.labelValue}` };
    read.set(name, value);
  }
  const metric = read.get('__name__') ?? '';
  if (metric === '') return { reason: 'no __name__' };
  if (metric.length > most.name) return { reason: `a name longer than ${most.name}` };
  // A label without a value is a label that is not there.
  const kept = [...read].filter(([name, value]) => name !== '__name__' && value !== '');
  return { metric, labels: Object.fromEntries(kept.map(([name, value]) => [name, mask(value)])) };
}

/** As Prometheus writes a series, cut to what a person reads. */
function shown({ labels = [] }: WrittenSeries): string {
  const metric = labels.find(({ name }) => name === '__name__')?.value ?? '';
  const others = labels.filter(({ name }) => name !== '__name__').slice(0, 8);
  return `${metric}{${others.map(({ name = '', value = '' }) => `${name}=${JSON.stringify(value.slice(0, 60))}`).join(',')}}`.slice(0, 300);
}
