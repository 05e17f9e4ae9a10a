import type { LogRecord } from '#collector/log.ts';
import { toRecord } from '#collector/origin.ts';
import type { UnixMs } from '#lib/time.ts';
import { attributesOf, bodyOf, identifier, instant, list, text, told, whole } from './otlp-value.ts';

export interface ReadLogs {
  rows: LogRecord[];
  masked: number;
  /** Each names a time, so that the same bytes again are the same records. */
  dated: boolean;
}

/** ExportLogsServiceRequest → records; the service is the resource's `service.name`. */
export function readLogs(request: unknown, { source, now }: { source: string; now: UnixMs }): ReadLogs {
  const rows: LogRecord[] = [];
  let masked = 0;
  let dated = true;
  const count = (more: number): void => {
    masked += more;
  };
  for (const resourceLogs of list(told(request, 'the request').resourceLogs, 'resourceLogs')) {
    const { resource, scopeLogs } = told(resourceLogs, 'resourceLogs');
    const { 'service.name': service = 'unknown_service', ...shared } = attributesOf(told(resource, 'resource').attributes, count);
    const origin = { source, service: String(service), format: {}, observedAt: now, nearAt: now };
    for (const scoped of list(scopeLogs, 'scopeLogs')) {
      const { scope, logRecords } = told(scoped, 'scopeLogs');
      const scopeName = text(told(scope, 'scope').name);
      for (const each of list(logRecords, 'logRecords')) {
        const record = told(each, 'a log record');
        const attributes = { ...shared, ...(scopeName && { 'otel.scope.name': scopeName }), ...attributesOf(record.attributes, count), ...traced(record) };
        const severityNumber = whole(record.severityNumber, 'severityNumber');
        const time = instant(record.timeUnixNano, 'timeUnixNano') ?? instant(record.observedTimeUnixNano, 'observedTimeUnixNano');
        dated &&= time !== undefined;
        const known = severityNumber >= 1 && severityNumber <= 24 ? severityNumber : 0;
        rows.push(toRecord({ time, severityNumber: known, severityText: text(record.severityText), body: bodyOf(record.body, count), attributes, malformed: '' }, origin));
      }
    }
  }
  return { rows, masked, dated };
}

function traced({ traceId, spanId, eventName }: Readonly<Record<string, unknown>>): Record<string, string> {
  const trace = identifier(traceId, 'traceId');
  const span = identifier(spanId, 'spanId');
  const name = text(eventName);
  return { ...(trace && { trace_id: trace }), ...(span && { span_id: span }), ...(name && { 'event.name': name }) };
}
