import type { MessageShape } from './protobuf.ts';

/** The messages of OTLP that are read, by the names their JSON has. */

const keyValue: MessageShape = { 1: { name: 'key', type: 'string' }, 2: { name: 'value', type: () => anyValue } };
const anyValue: MessageShape = {
  1: { name: 'stringValue', type: 'string' },
  2: { name: 'boolValue', type: 'bool' },
  3: { name: 'intValue', type: 'int' },
  4: { name: 'doubleValue', type: 'double' },
  5: { name: 'arrayValue', type: () => ({ 1: { name: 'values', type: () => anyValue, many: true } }) },
  6: { name: 'kvlistValue', type: () => ({ 1: { name: 'values', type: () => keyValue, many: true } }) },
  7: { name: 'bytesValue', type: 'bytes' },
};
const attributes = { name: 'attributes', type: () => keyValue, many: true } as const;
const resource = { name: 'resource', type: (): MessageShape => ({ 1: attributes }) };
const scope = { name: 'scope', type: (): MessageShape => ({ 1: { name: 'name', type: 'string' }, 2: { name: 'version', type: 'string' } }) };

const logRecord: MessageShape = {
  1: { name: 'timeUnixNano', type: 'fixed64' },
  2: { name: 'severityNumber', type: 'int' },
  3: { name: 'severityText', type: 'string' },
  5: { name: 'body', type: () => anyValue },
  6: attributes,
  9: { name: 'traceId', type: 'bytes' },
  10: { name: 'spanId', type: 'bytes' },
  11: { name: 'observedTimeUnixNano', type: 'fixed64' },
  12: { name: 'eventName', type: 'string' },
};
export const logsShape: MessageShape = {
  1: {
    name: 'resourceLogs',
    type: () => ({ 1: resource, 2: { name: 'scopeLogs', type: () => ({ 1: scope, 2: { name: 'logRecords', type: () => logRecord, many: true } }), many: true } }),
    many: true,
  },
};

const timed = { 3: { name: 'timeUnixNano', type: 'fixed64' } } as const;
const numberPoint: MessageShape = {
  ...timed,
  4: { name: 'asDouble', type: 'double' },
  // An sfixed64: its sign is put right where it is read.
  6: { name: 'asInt', type: 'fixed64' },
  7: attributes,
  8: { name: 'flags', type: 'int' },
};
const histogramPoint: MessageShape = {
  ...timed,
  4: { name: 'count', type: 'fixed64' },
  5: { name: 'sum', type: 'double' },
  6: { name: 'bucketCounts', type: 'fixed64', many: true },
  7: { name: 'explicitBounds', type: 'double', many: true },
  9: attributes,
  10: { name: 'flags', type: 'int' },
};
const buckets = (): MessageShape => ({ 1: { name: 'offset', type: 'sint' }, 2: { name: 'bucketCounts', type: 'int', many: true } });
const exponentialPoint: MessageShape = {
  1: attributes,
  ...timed,
  4: { name: 'count', type: 'fixed64' },
  5: { name: 'sum', type: 'double' },
  6: { name: 'scale', type: 'sint' },
  7: { name: 'zeroCount', type: 'fixed64' },
  8: { name: 'positive', type: buckets },
  9: { name: 'negative', type: buckets },
  10: { name: 'flags', type: 'int' },
};
const summaryPoint: MessageShape = {
  ...timed,
  4: { name: 'count', type: 'fixed64' },
  5: { name: 'sum', type: 'double' },
  6: { name: 'quantileValues', type: () => ({ 1: { name: 'quantile', type: 'double' }, 2: { name: 'value', type: 'double' } }), many: true },
  7: attributes,
  8: { name: 'flags', type: 'int' },
};
const points = (point: MessageShape) => (): MessageShape => ({ 1: { name: 'dataPoints', type: () => point, many: true }, 2: { name: 'aggregationTemporality', type: 'int' } });
const metric: MessageShape = {
  1: { name: 'name', type: 'string' },
  5: { name: 'gauge', type: points(numberPoint) },
  7: { name: 'sum', type: points(numberPoint) },
  9: { name: 'histogram', type: points(histogramPoint) },
  10: { name: 'exponentialHistogram', type: points(exponentialPoint) },
  11: { name: 'summary', type: points(summaryPoint) },
};
export const metricsShape: MessageShape = {
  1: {
    name: 'resourceMetrics',
    type: () => ({ 1: resource, 2: { name: 'scopeMetrics', type: () => ({ 1: scope, 2: { name: 'metrics', type: () => metric, many: true } }), many: true } }),
    many: true,
  },
};
