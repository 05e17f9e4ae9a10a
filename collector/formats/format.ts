import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import type { Field } from '#lib/kinds.ts';
import { zoneText } from '#lib/schema.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Heading } from './heading.ts';
import type { LineReader } from './line-reader.ts';
import { proxiesField, proxiesText } from './proxies.ts';

/** What one line says. A malformed line keeps whatever could still be read of it. */
export interface ParsedLine {
  /** Undefined when the line names no readable time; the caller puts the time of receipt. */
  time: UnixMs | undefined;
  severityNumber: number;
  severityText: string;
  body: string;
  attributes: Record<string, AttributeValue>;
  /** Why it is not well-formed; empty when it is. */
  malformed: string;
}

/** traces: lines shaped like those of a stack trace; dated: every line that does not begin with a time; indented: those that begin with a blank. */
export const continuations = ['traces', 'dated', 'indented'] as const;
export type Continuation = (typeof continuations)[number];

/** The runtimes whose log files wrap each line of a program, long ones in pieces. */
export const containers = ['docker', 'cri'] as const;
export type Container = (typeof containers)[number];

/** A log format made ready: reads one line, never throws, whatever the bytes. */
export interface Format {
  readonly kind: string;
  /** Which lines go on with the event before them; absent where each line is an event. */
  readonly multiline?: Continuation | undefined;
  /** Which lines are no events but say how the others are read; each event is then handed to `parse` behind its heading. */
  readonly heading?: Heading | undefined;
  /** Its lines come wrapped by this container runtime. */
  readonly container?: Container | undefined;
  /** Where speed counts: the same lines, straight from their bytes. Only for lines that come as they were written. */
  readonly quick?: LineReader | undefined;
  /** `near` is about when the line was written: the time of receipt or the file's last change. It settles a missing year. */
  parse(line: string, near: UnixMs): ParsedLine;
}

/** The options every format takes; a source passes its own `zone`, `year` and `trusted_proxies` on. */
export const formatShape = { zone: zoneText.default('UTC'), year: z.int().min(1970).max(2200).optional(), trusted_proxies: proxiesText.optional() };

export const zoneField: Field = {
  id: 'zone',
  label: { 'zh-CN': '时区', en: 'Time zone' },
  input: 'text',
  required: false,
  help: { 'zh-CN': '日志没有写明时区时使用，例如 Asia/Shanghai', en: 'Used when the log names none, for example Asia/Shanghai' },
};

export const yearField: Field = {
  id: 'year',
  label: { 'zh-CN': '年份', en: 'Year' },
  input: 'number',
  required: false,
  help: { 'zh-CN': '日志没有写年份时使用', en: 'Used when the log names none' },
};
/** The inputs of `formatShape`. */
export const formatFields: readonly Field[] = [zoneField, yearField, proxiesField];

export const malformedLine = (line: string, reason: string): ParsedLine => ({ time: undefined, severityNumber: 0, severityText: '', body: line, attributes: {}, malformed: reason });
