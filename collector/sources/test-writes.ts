import type { IngestRequest } from './ingest.ts';
import { writeField } from './protobuf.ts';

/** For tests: writes what a sender of Prometheus' remote write would. */
export interface SentSeries {
  labels: readonly (readonly [name: string, value: string])[];
  samples?: readonly { at: number; value: number | bigint }[];
  histograms?: number;
  exemplars?: number;
}

/** prometheus.WriteRequest; a value given as a bigint is its bits. */
export function writeRequest(series: readonly SentSeries[]): Buffer {
  return Buffer.concat(
    series.map(({ labels, samples = [], histograms = 0, exemplars = 0 }) =>
      writeField(1, Buffer.concat([...labels.map(label), ...samples.map(sample), ...filler(3, exemplars), ...filler(4, histograms)])),
    ),
  );
}

const label = ([name, value]: readonly [string, string]): Buffer => writeField(1, Buffer.concat([writeField(1, name), writeField(2, value)]));
const filler = (field: number, count: number): Buffer[] => Array.from({ length: count }, () => writeField(field, Buffer.from([8, 1])));

function sample({ at, value }: { at: number; value: number | bigint }): Buffer {
  const double = Buffer.alloc(9, 9);
  if (typeof value === 'bigint') double.writeBigUInt64LE(value, 1);
  else double.writeDoubleLE(value, 1);
  return writeField(2, Buffer.concat([double, writeField(2, at)]));
}

/** Snappy without repetition: its length, and pieces as they are. */
export function snapped(bytes: Uint8Array): Buffer {
  const pieces = [writeField(0, bytes.length).subarray(1)];
  for (let from = 0; from < bytes.length; from += 60) {
    const piece = bytes.subarray(from, from + 60);
    pieces.push(Buffer.from([(piece.length - 1) << 2]), Buffer.from(piece));
  }
  return Buffer.concat(pieces);
}

/** The request with the headers Prometheus gives it. */
export const sent = (body: Uint8Array, more: Partial<IngestRequest> = {}): IngestRequest => ({
  contentType: 'application/x-protobuf',
  encoding: 'snappy',
  version: '0.1.0',
  body: snapped(body),
  ...more,
});
