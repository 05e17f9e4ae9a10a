import { type UnixMs, unixMs } from '#lib/time.ts';
import type { ToInstant } from './zone.ts';

const shape = /^(\d{4})[-/](\d{2})[-/](\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,9}))? ?(Z|UTC|[+-]\d{2}:?\d{2})?$/i;

/** `2026-05-17T10:00:00.123+08:00` and its many spellings; a time without zone is one of `toInstant`. Undefined when it is none. */
export function readIsoTime(text: string, toInstant: ToInstant): UnixMs | undefined {
  const match = shape.exec(text);
  if (!match) return undefined;
  const [, year, month, day, clock, fraction = '0', zone] = match;
  const offset = zone && zone.length > 3 ? zone.replace(/^(...)(\d\d)$/, '$1:$2') : 'Z';
  const at = Date.parse(`${year}-${month}-${day}T${clock}.${fraction.slice(0, 3)}${offset}`);
  if (Number.isNaN(at)) return undefined;
  return zone ? unixMs(at) : toInstant(at);
}
