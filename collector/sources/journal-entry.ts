import { readsEnvelope } from '#collector/formats/envelope.ts';
import { longestLine } from '#collector/lines.ts';
import type { AttributeValue, LogRecord } from '#collector/log.ts';
import { maskText } from '#collector/mask.ts';
import { type LineOrigin, readRecords } from '#collector/origin.ts';
import { unixMs } from '#lib/time.ts';

/** One line of `journalctl -o json`, read. */
export interface JournalEntry {
  cursor: string;
  /** Undefined when the entry holds no text. */
  row: LogRecord | undefined;
  masked: number;
  long: boolean;
  /** Not what the format says its lines are. */
  malformed: boolean;
}

/** The fields asked for; the ones about place and time come unasked. */
export const entryFields = ['MESSAGE', 'PRIORITY', 'SYSLOG_IDENTIFIER', 'SYSLOG_FACILITY', 'SYSLOG_PID', '_PID', '_COMM', '_SYSTEMD_UNIT', '_HOSTNAME', '_SOURCE_REALTIME_TIMESTAMP'];

type Fields = Readonly<Record<string, unknown>>;

/** Undefined when the line is no entry. The text is read as if syslog had brought it, so that a login in it is one here as well. */
export function readEntry(line: string, origin: LineOrigin): JournalEntry | undefined {
  const fields = fieldsOf(line);
  const cursor = fields?.__CURSOR;
  if (!fields || typeof cursor !== 'string' || cursor === '') return undefined;
  const whole = textOf(fields.MESSAGE);
  if (whole.trim() === '') return { cursor, row: undefined, masked: 0, long: false, malformed: false };
  const { text, count } = maskText(whole.slice(0, longestLine));
  const program = textOf(fields.SYSLOG_IDENTIFIER) || textOf(fields._COMM);
  const { rows, malformed } = readRecords([`<${priorityOf(fields)}>1 - - ${program.replaceAll(/\s/g, '_').slice(0, 48) || '-'} - - - ${text}`], origin);
  const [read] = rows;
  if (!read) return undefined;
  // A text that is only looked through stays as the journal has it; a format of a program's own says what its body is.
  const body = readsEnvelope.has(String(origin.format.kind)) ? text : read.body;
  const row = { ...read, timestamp: timeOf(fields) ?? read.timestamp, body, attributes: { ...read.attributes, ...named(fields, program) } };
  return { cursor, row, masked: count, long: whole.length > longestLine, malformed: malformed > 0 };
}

function fieldsOf(line: string): Fields | undefined {
  try {
    const read: unknown = JSON.parse(line);
    return typeof read === 'object' && read !== null && !Array.isArray(read) ? (read as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** A field is a text, its bytes where they are no UTF-8, null where it was too long, or a list where it is there more than once. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.every((one) => Number.isInteger(one)) ? Buffer.from(value as number[]).toString('utf8') : value.map(textOf).join('\n');
}

const wholeOf = (value: unknown, most: number): number | undefined => {
  const text = textOf(value);
  return /^\d{1,18}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
};

const daemon = 3;
const info = 6;
const priorityOf = (fields: Fields): number => (wholeOf(fields.SYSLOG_FACILITY, 23) ?? daemon) * 8 + (wholeOf(fields.PRIORITY, 7) ?? info);

/** When the sender said it happened, else when the journal took it. */
function timeOf(fields: Fields): LogRecord['timestamp'] | undefined {
  const micros = wholeOf(fields._SOURCE_REALTIME_TIMESTAMP, 8e15) ?? wholeOf(fields.__REALTIME_TIMESTAMP, 8e15);
  return micros ? unixMs(Math.floor(micros / 1_000)) : undefined;
}

function named(fields: Fields, program: string): Record<string, AttributeValue> {
  const pid = wholeOf(fields._PID, 2 ** 32) ?? wholeOf(fields.SYSLOG_PID, 2 ** 32);
  const [host, unit] = [textOf(fields._HOSTNAME), textOf(fields._SYSTEMD_UNIT)];
  return { ...(host && { 'host.name': host }), ...(program && { 'syslog.appname': program }), ...(unit && { 'systemd.unit': unit }), ...(pid !== undefined && { 'process.pid': pid }) };
}
