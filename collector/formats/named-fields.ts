import type { AttributeValue } from '#collector/log.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { attributeName } from './chosen-fields.ts';
import { putException } from './exception.ts';
import type { NamedFields } from './flat-object.ts';
import type { ParsedLine } from './format.ts';
import { readLevel } from './level.ts';

/** Which fields of a record hold its time, level and text: the first name that is there counts. */
export interface FieldNames {
  time: readonly string[];
  level: readonly string[];
  message: readonly string[];
}

export const usualNames: FieldNames = {
  time: ['time', 'timestamp', '@timestamp', 'ts', 't', 'datetime', 'asctime'],
  level: ['level', 'severity', 'lvl', 'levelname', 'log.level'],
  message: ['message', 'msg', 'log', 'event'],
};

export interface FieldReaders {
  names: FieldNames;
  readTime(text: string): UnixMs | undefined;
  /** Adds what the operator chose. */
  choose?: ((parsed: ParsedLine, fields: NamedFields) => ParsedLine) | undefined;
}

/** What loggers call the trace of an exception. */
const stacks = ['err.stack', 'error.stack', 'error.stack_trace', 'stack_trace', 'stacktrace', 'exc_info', 'exception', 'stack'];

/** One event of a record of named fields; what is neither time, level nor text becomes an attribute of the same name. */
export function readNamedFields(line: string, fields: NamedFields, { names, readTime, choose }: FieldReaders): ParsedLine {
  const present = (list: readonly string[]): string | undefined => list.find((name) => fields.has(name));
  const [timeName, levelName, messageName] = [present(names.time), present(names.level), present(names.message)];
  const text = (name: string | undefined): string => (name === undefined ? '' : String(fields.get(name)));
  const raw = text(timeName);
  const time = raw === '' ? undefined : (readTime(raw) ?? shortEpoch(raw));
  const attributes: Record<string, AttributeValue> = Object.create(null);
  for (const [name, value] of fields) if (name !== timeName && name !== levelName && name !== messageName) attributes[attributeName(name)] = value;
  const malformed = raw !== '' && time === undefined ? 'the time is not readable' : '';
  const parsed: ParsedLine = { time, ...readLevel(text(levelName)), body: text(messageName) || line, attributes, malformed };
  const stack = stacks.find((name) => fields.has(name));
  if (stack !== undefined) putException(parsed, String(fields.get(stack)));
  return choose ? choose(parsed, fields) : parsed;
}

/** Loggers that count seconds in floating point write more digits than a time has. */
function shortEpoch(text: string): UnixMs | undefined {
  return /^\d{9,11}\.\d{1,20}$/.test(text) ? unixMs(Math.floor(Number(text) * 1_000)) : undefined;
}
