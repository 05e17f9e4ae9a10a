import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import type { UnixMs } from '#lib/time.ts';
import { type Format, formatFields, formatShape, type ParsedLine } from './format.ts';
import { parseSyslog, type SyslogMessage } from './syslog-message.ts';
import { zoneReader } from './zone.ts';

/** System messages by RFC 5424, or RFC 3164 as its many dialects write it. */
export const syslog = defineKind({
  kind: 'syslog',
  label: { 'zh-CN': '系统日志（syslog）', en: 'System log (syslog)' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone, year }): Format => {
    const toInstant = zoneReader(zone);
    return { kind: 'syslog', multiline: 'indented', parse: (line, near) => readSyslog(line, near, { year, toInstant }) };
  },
});

function readSyslog(line: string, near: UnixMs, options: Omit<Parameters<typeof parseSyslog>[1], 'near'>): ParsedLine {
  const message = parseSyslog(line, { ...options, near });
  const { severityNumber, severityText } = severityOf(message);
  const malformed = message.header === 'none' && !message.prioritized ? 'no syslog header' : '';
  return { time: message.time, severityNumber, severityText, body: message.message, attributes: syslogAttributes(message), malformed };
}

/** OpenTelemetry's severity for each of syslog's, by its appendix. */
const severities = [
  [21, 'FATAL'],
  [19, 'ERROR3'],
  [18, 'ERROR2'],
  [17, 'ERROR'],
  [13, 'WARN'],
  [10, 'INFO2'],
  [9, 'INFO'],
  [5, 'DEBUG'],
] as const;

/** Files keep no priority; then the daemon's own word for an error is believed, and nothing else. */
export function severityOf({ prioritized, severity, message }: SyslogMessage): { severityNumber: number; severityText: string } {
  if (prioritized) {
    const [severityNumber, severityText] = severities[severity] ?? severities[6];
    return { severityNumber, severityText };
  }
  const text = message.slice(0, 8).toLowerCase();
  if (text.startsWith('fatal: ') || text.startsWith('panic: ')) return { severityNumber: 21, severityText: 'FATAL' };
  if (text.startsWith('error: ')) return { severityNumber: 17, severityText: 'ERROR' };
  if (text.startsWith('warning:')) return { severityNumber: 13, severityText: 'WARN' };
  return { severityNumber: 9, severityText: 'INFO' };
}

export function syslogAttributes({ host, program, pid, messageId, facility, structuredData, prioritized }: SyslogMessage): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  if (host !== '') attributes['host.name'] = host;
  if (program !== '') attributes['syslog.appname'] = program;
  if (pid !== undefined) attributes['process.pid'] = pid;
  if (messageId !== '') attributes['syslog.msgid'] = messageId;
  if (prioritized) attributes['syslog.facility'] = facility;
  for (const [name, value] of Object.entries(structuredData)) attributes[`syslog.structured_data.${name}`] = value;
  return attributes;
}
