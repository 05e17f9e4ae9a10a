import type { UnixMs } from '#lib/time.ts';
import type { Format, ParsedLine } from './formats/format.ts';
import type { Heading } from './formats/heading.ts';
import { buildFormat } from './formats/index.ts';
import { withLineFeeds } from './formats/line-break.ts';
import { type Joiner, joinerOf } from './formats/multiline.ts';
import type { LogRecord } from './log.ts';

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

const farAhead = 2 * 86_400_000;

/** A time more than two days ahead cannot be: the record gets the time of receipt and says what the line claimed. */
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
  const joined = format.multiline !== undefined || format.container !== undefined || format.heading !== undefined;
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
