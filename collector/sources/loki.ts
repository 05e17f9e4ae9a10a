import { readLevel } from '#collector/formats/level.ts';
import { longestLine } from '#collector/lines.ts';
import type { LogRecord } from '#collector/log.ts';
import { maskText } from '#collector/mask.ts';
import type { Spool } from '#collector/spool.ts';
import type { Clock } from '#lib/clock.ts';
import { between, day, minute, type UnixMs } from '#lib/time.ts';
import { type IngestAnswer, IngestError, type IngestRequest, keep, mostRows, refusal } from './ingest.ts';
import type { LabelPair } from './loki-labels.ts';
import { type PushedEntry, type PushedStream, readPush } from './loki-push.ts';
import { createRepeats } from './repeats.ts';
import type { SourceHealth } from './source.ts';
import { createCounters } from './source-counters.ts';

/** What agents push the way they push to Loki. Like there, what is amiss with one stream or entry does not take its neighbours along. */
export interface LokiIngest {
  push(request: IngestRequest): Promise<IngestAnswer>;
  health(): SourceHealth;
}

const source = 'loki';

export function createLoki({ spool, clock }: { spool: Spool; clock: Clock }): LokiIngest {
  const counters = createCounters({ id: source, kind: source, clock });
  const repeats = createRepeats();
  const take = async (request: IngestRequest): Promise<IngestAnswer> => {
    const streams = await readPush(request);
    const entries = streams.reduce((sum, stream) => sum + stream.entries.length, 0);
    if (entries > mostRows) throw new IngestError(413, `${entries} lines in one request: at most ${mostRows}`);
    const { rows, blank, dropped, longLines, masked, reason } = readStreams(streams, clock.now());
    if (rows.length > 0) await keep({ kind: 'logs', rows }, { spool, clock });
    counters.add({ lines: entries, events: rows.length, blank, dropped, longLines, masked });
    if (dropped === 0) {
      counters.recovered();
      return { status: 204, contentType: '', body: '' };
    }
    const told = new IngestError(400, `${dropped} of ${entries} lines cannot be kept: ${reason}`);
    counters.fail(told);
    return refusal(told);
  };
  const once = async (request: IngestRequest): Promise<IngestAnswer> => {
    const { answer, repeated } = await repeats.once(request.body, () => take(request));
    if (repeated) counters.add({ duplicates: 1 });
    return answer;
  };
  const push = (request: IngestRequest): Promise<IngestAnswer> =>
    once(request).catch((error: unknown) => {
      const answer = refusal(error);
      counters.fail(error);
      // What may be sent again is not lost yet.
      if (answer.retryAfterSeconds === undefined) counters.add({ malformed: 1 });
      return answer;
    });
  return { push, health: () => counters.health({ open: 0, lagMs: 0 }) };
}

interface ReadStreams {
  rows: LogRecord[];
  blank: number;
  /** Lines that can never be kept, and why the first one. */
  dropped: number;
  longLines: number;
  masked: number;
  reason: string;
}

export function readStreams(streams: readonly PushedStream[], now: UnixMs): ReadStreams {
  const read: ReadStreams = { rows: [], blank: 0, dropped: 0, longLines: 0, masked: 0, reason: '' };
  const drop = (reason: string, count: number): void => {
    read.dropped += count;
    read.reason ||= reason;
  };
  for (const { labels, entries } of streams) {
    const refused = streamRefused(labels);
    if (refused !== '') {
      drop(refused, entries.length);
      continue;
    }
    const stream = labelled(labels, read);
    for (const entry of entries) {
      const reason = entryRefused(entry, now);
      if (reason !== '') drop(reason, 1);
      else if (entry.line === '' && entry.metadata.length === 0) read.blank++;
      else read.rows.push(toRow(entry, { stream, read, now }));
    }
  }
  return read;
}

const mostLabels = 64;
const longestName = 1_024;
const longestValue = 2_048;

function streamRefused(labels: readonly LabelPair[]): string {
  if (labels.length === 0) return 'a stream without a label';
  if (labels.length > mostLabels) return `a stream of more than ${mostLabels} labels`;
  const long = labels.find(([name, value]) => name.length > longestName || value.length > longestValue);
  if (long) return `label ${long[0].slice(0, 60)}: its name is longer than ${longestName} or its value than ${longestValue}`;
  const names = new Set<string>();
  for (const [name] of labels) {
    if (name === '') return 'a label without a name';
    if (names.has(name)) return `label ${name.slice(0, 60)} is there twice`;
    names.add(name);
  }
  return '';
}

const mostMetadata = 128;
const oldest = 180 * day;
const farthestAhead = 10 * minute;

function entryRefused({ time, metadata }: PushedEntry, now: UnixMs): string {
  const age = between(time, now);
  if (age > oldest) return `a time more than ${oldest / day} days ago`;
  if (age < -farthestAhead) return `a time more than ${farthestAhead / minute} minutes ahead`;
  return metadata.length > mostMetadata ? `a line with more than ${mostMetadata} pairs of structured metadata` : '';
}

/** Where Loki looks for the name of a service, in its order. */
const serviceNames = [
  ...['service_name', 'service.name', 'service', 'app', 'application', 'name', 'app_kubernetes_io_name', 'container', 'container_name', 'k8s_container_name'],
  ...['component', 'workload', 'job', 'k8s_job_name'],
];
const levelNames = ['detected_level', 'level', 'severity', 'severity_text', 'lvl'];

interface Labelled {
  service: string;
  attributes: Record<string, string>;
}

function labelled(labels: readonly LabelPair[], read: ReadStreams): Labelled {
  const attributes = masked(labels, read);
  const named = serviceNames.find((name) => attributes[name]);
  const service = named === undefined ? 'unknown_service' : (attributes[named] ?? '');
  if (named === 'service_name') delete attributes.service_name;
  return { service, attributes };
}

function masked(pairs: readonly LabelPair[], read: ReadStreams): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of pairs) attributes[name.slice(0, longestName)] = hide(value, read);
  return attributes;
}

/** What is too long is cut before it is looked through, so that no line costs more than a line may. */
function hide(text: string, read: ReadStreams): string {
  const hidden = maskText(text.slice(0, longestLine));
  read.masked += hidden.count;
  return hidden.text;
}

function toRow({ time, line, metadata }: PushedEntry, { stream, read, now }: { stream: Labelled; read: ReadStreams; now: UnixMs }): LogRecord {
  const own = masked(metadata, read);
  const attributes = metadata.length === 0 ? stream.attributes : { ...stream.attributes, ...own };
  const level = levelNames.find((name) => attributes[name]);
  if (line.length > longestLine) read.longLines++;
  return { timestamp: time, observedTimestamp: now, ...readLevel(attributes[level ?? ''] ?? ''), service: stream.service, source, body: hide(line, read), attributes };
}
