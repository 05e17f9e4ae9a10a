import { type UnixMs, unixMs } from '#lib/time.ts';
import { IngestError, type IngestRequest, largestBody, mediaType, parseJson, unpacked } from './ingest.ts';
import { type LabelPair, readLabels } from './loki-labels.ts';
import { list, type Told, told } from './otlp-value.ts';
import { type MessageShape, readMessage, WireError } from './protobuf.ts';
import { unsnap } from './snappy.ts';

/** What a push holds, however it was packed. */
export interface PushedStream {
  labels: readonly LabelPair[];
  entries: readonly PushedEntry[];
}

export interface PushedEntry {
  time: UnixMs;
  line: string;
  metadata: readonly LabelPair[];
}

const json = 'application/json';
const protobuf = 'application/x-protobuf';

/** Throws an IngestError for what cannot be read: then nothing of it is kept. */
export async function readPush(request: IngestRequest): Promise<PushedStream[]> {
  const type = mediaType(request.contentType);
  if (type === json) return list(told(parseJson(await unpacked(request)), 'the request').streams, 'streams').map(jsonStream);
  if (type !== protobuf) throw new IngestError(415, `content-type ${type.slice(0, 60) || '(none)'} is not understood: send ${json} or ${protobuf}`);
  // A protobuf body is packed by Snappy whether or not a header says so.
  const packed = request.encoding === 'snappy' ? request.body : await unpacked(request);
  try {
    return list(readMessage(unsnap(packed, largestBody), pushShape).streams, 'streams').map(protobufStream);
  } catch (error) {
    throw error instanceof WireError ? new IngestError(400, `not a push of Loki: ${error.message}`) : error;
  }
}

function jsonStream(value: unknown): PushedStream {
  const { stream, values } = told(value, 'a stream');
  return { labels: texts(stream, 'stream'), entries: list(values, 'values').map(jsonEntry) };
}

function jsonEntry(value: unknown): PushedEntry {
  const [time, line, metadata] = list(value, 'an entry');
  if (typeof time !== 'string' || !/^\d{1,20}$/.test(time)) throw new IngestError(400, `a time is a text of nanoseconds, not ${shown(time)}`);
  if (typeof line !== 'string') throw new IngestError(400, `a line is a text, not ${shown(line)}`);
  return { time: unixMs(Number(BigInt(time) / 1_000_000n)), line, metadata: texts(metadata, 'structured metadata') };
}

function texts(value: unknown, what: string): LabelPair[] {
  const pairs: LabelPair[] = [];
  for (const [name, one] of Object.entries(told(value, what))) {
    if (typeof one !== 'string') throw new IngestError(400, `${what}: ${name.slice(0, 60)} is a text, not ${shown(one)}`);
    pairs.push([name, one]);
  }
  return pairs;
}

/** Not its content: that may be large, and nested without end. */
const shown = (value: unknown): string => (value === undefined ? 'nothing' : value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`);

const pair: MessageShape = { 1: { name: 'name', type: 'string' }, 2: { name: 'value', type: 'string' } };
const entry: MessageShape = {
  1: { name: 'timestamp', type: () => ({ 1: { name: 'seconds', type: 'int' }, 2: { name: 'nanos', type: 'int' } }) },
  2: { name: 'line', type: 'string' },
  3: { name: 'metadata', type: () => pair, many: true },
};
const pushShape: MessageShape = {
  1: { name: 'streams', type: () => ({ 1: { name: 'labels', type: 'string' }, 2: { name: 'entries', type: () => entry, many: true } }), many: true },
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function protobufStream(value: unknown): PushedStream {
  const { labels, entries } = value as Told;
  return { labels: readLabels(textOf(labels)), entries: list(entries, 'entries').map((each) => protobufEntry(each as Told)) };
}

function protobufEntry({ timestamp, line, metadata }: Told): PushedEntry {
  const { seconds = 0n, nanos = 0n } = (timestamp ?? {}) as { seconds?: bigint; nanos?: bigint };
  const pairs = list(metadata, 'metadata').map((each): LabelPair => [textOf((each as Told).name), textOf((each as Told).value)]);
  return { time: unixMs(Number(seconds) * 1_000 + Math.floor(Number(nanos) / 1e6)), line: textOf(line), metadata: pairs };
}
