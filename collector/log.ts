import type { UnixMs } from '#lib/time.ts';

export type AttributeValue = string | number | boolean;

/** One event from a log, by OpenTelemetry's log data model. */
export interface LogRecord {
  timestamp: UnixMs;
  observedTimestamp: UnixMs;
  /** 1…24 by OpenTelemetry: 9 info, 13 warn, 17 error, 21 fatal; 0 when not known. */
  severityNumber: number;
  severityText: string;
  service: string;
  /** The source's id. */
  source: string;
  body: string;
  /** OpenTelemetry's names where it has one; `login.outcome`, `login.reason`, `login.count`, `login.method` are ours. */
  attributes: Readonly<Record<string, AttributeValue>>;
}

/** Upper ends of OpenTelemetry's severity number ranges, by the short names we show. */
export const severityNames = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type SeverityName = (typeof severityNames)[number];
/** 9 → info; 0 or out of range → info. */
export const severityName = (severityNumber: number): SeverityName => severityNames[Math.min(5, Math.max(0, Math.ceil(severityNumber / 4) - 1))] ?? 'info';
