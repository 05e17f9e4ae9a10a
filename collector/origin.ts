import { isAscii } from 'node:buffer';
import type { UnixMs } from '#lib/time.ts';
import type { Format, ParsedLine } from './formats/format.ts';
import type { Heading } from './formats/heading.ts';
import { buildFormat } from './formats/index.ts';
import { withLineFeeds } from './formats/line-break.ts';
import { farAhead, type LineReader } from './formats/line-reader.ts';
import { type Joiner, joinerOf } from './formats/multiline.ts';
import type { LogRecord } from './log.ts';
import type { LogBlock } from './log-block.ts';

/** Where a batch of lines comes from and how to read them: with it the same lines give the same records at any later time. */
export interface LineOrigin {
  source: string;
  service: string;
  /** The format's configuration, `kind` included. */
  format: Record<string, unknown>;
  observedAt: UnixMs;
  /** About when the lines were written; settles a missing year. */
  nearAt: UnixMs;
}

/** The record a line is; a time that cannot be gives way to the time of receipt. */
export function toRecord(parsed: ParsedLine, origin: LineOrigin): LogRecord {
  const { observedAt, service, source } = origin;
  const attributes = parsed.attributes;
  let timestamp = parsed.time ?? observedAt;
  if (timestamp > observedAt + farAhead) {
    attributes['log.timestamp.original'] = new Date(timestamp).toISOString();
    timestamp = observedAt;
  }
  if (parsed.malformed !== '') attributes['log.malformed'] = parsed.malformed;
  return { timestamp, observedTimestamp: observedAt, severityNumber: parsed.severityNumber, severityText: parsed.severityText, service, source, body: parsed.body, attributes };
}

/** Formats are built once per configuration: they hold caches. */
const built = new Map<string, Format>();

function formatOf(config: Record<string, unknown>): Format {
  const key = JSON.stringify(config);
  const known = built.get(key);
  if (known) return known;
  const parsed = buildFormat(config);
  if (!parsed.ok) throw new Error(`a stored batch names a format that cannot be built: ${parsed.issues.map((issue) => issue.message).join('; ')}`);
  if (built.size > 1_000) built.clear();
  built.set(key, parsed.ready);
  return parsed.ready;
}

/** Undefined where no line says how the others are read. */
export const headingFor = (config: Record<string, unknown>): Heading | undefined => formatOf(config).heading;

/** Undefined where each line is an event. */
export const joinerFor = (config: Record<string, unknown>): Joiner | undefined => joinerOf(formatOf(config));

export interface ReadLines {
  rows: LogRecord[];
  malformed: number;
}

export function readRecords(lines: readonly string[], origin: LineOrigin): ReadLines {
  const format = formatOf(origin.format);
  const joined = isJoined(format);
  const rows: LogRecord[] = new Array(lines.length);
  let malformed = 0;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const parsed = format.parse(joined ? withLineFeeds(line) : line, origin.nearAt);
    if (parsed.malformed !== '') malformed++;
    rows[index] = toRecord(parsed, origin);
  }
  return { rows, malformed };
}

/** Whether the stored body of every record is the line itself, so that the lines need not be kept beside it. */
export const keepsLines = (config: Record<string, unknown>): boolean => quickOf(formatOf(config)) !== undefined;

/** Lines of such a format reach it put together: behind a heading, or with the lines that go on with them. */
const isJoined = (format: Format): boolean => format.multiline !== undefined || format.container !== undefined || format.heading !== undefined;

/** Lines that are put together do not come as they were written. */
const quickOf = (format: Format): LineReader | undefined => (isJoined(format) ? undefined : format.quick);

export interface Seen {
  malformed: number;
  blank: number;
}

/** Adds lines to a block: as bytes, each ended by a line feed, or as texts. Blank ones are passed over. */
export function readInto(block: LogBlock, lines: Buffer | readonly string[], origin: LineOrigin): Seen {
  const format = formatOf(origin.format);
  const quick = quickOf(format);
  if (Buffer.isBuffer(lines)) return readBytes(block, lines, { origin, format, quick });
  if (quick) return readBytes(block, Buffer.from(lines.map((line) => `${line}\n`).join('')), { origin, format, quick });
  const seen = { malformed: 0, blank: 0 };
  for (const line of lines) readLine(block, line, { origin, format, seen });
  return seen;
}

function readBytes(block: LogBlock, bytes: Buffer, { origin, format, quick }: { origin: LineOrigin; format: Format; quick: LineReader | undefined }): Seen {
  const ascii = isAscii(bytes);
  quick?.begin(bytes, { block, origin });
  const seen = { malformed: 0, blank: 0 };
  for (let from = 0, to: number; from < bytes.length; from = to + 1) {
    to = bytes.indexOf(lineFeed, from);
    if (to < 0) to = bytes.length;
    if (quick && (ascii || isAscii(bytes.subarray(from, to))) && quick.read(from, to)) continue;
    readLine(block, bytes.toString('utf8', from, to), { origin, format, seen });
  }
  return seen;
}

function readLine(block: LogBlock, line: string, { origin, format, seen }: { origin: LineOrigin; format: Format; seen: Seen }): void {
  if (isBlank(line)) {
    seen.blank++;
    return;
  }
  const parsed = format.parse(isJoined(format) ? withLineFeeds(line) : line, origin.nearAt);
  if (parsed.malformed !== '') seen.malformed++;
  block.add(toRecord(parsed, origin));
}

const lineFeed = 10;

export const isBlank = (line: string): boolean => line.length === 0 || (line.charCodeAt(0) <= 32 && line.trim() === '');
