import type { MessageShape } from './protobuf.ts';

/** What `writeShape` reads; what is zero is not there. */
export interface Written {
  timeseries?: readonly WrittenSeries[];
}

export interface WrittenSeries {
  labels?: readonly { name?: string; value?: string }[];
  /** The bits of the value, so that one NaN can be told from another. */
  samples?: readonly { value?: bigint; timestamp?: bigint }[];
  exemplars?: readonly unknown[];
  histograms?: readonly unknown[];
}

const label: MessageShape = { 1: { name: 'name', type: 'string' }, 2: { name: 'value', type: 'string' } };
const sample: MessageShape = { 1: { name: 'value', type: 'fixed64' }, 2: { name: 'timestamp', type: 'int' } };

const series: MessageShape = {
  1: { name: 'labels', type: () => label, many: true },
  2: { name: 'samples', type: () => sample, many: true },
  3: { name: 'exemplars', type: 'bytes', many: true },
  4: { name: 'histograms', type: 'bytes', many: true },
};

/** prometheus.WriteRequest; help texts and units (`metadata`) are passed over. */
export const writeShape: MessageShape = { 1: { name: 'timeseries', type: () => series, many: true } };
