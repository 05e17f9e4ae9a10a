import { z } from 'zod';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { nearestYear } from './syslog-header.ts';
import type { ToInstant } from './zone.ts';

/** The parts a layout may name; a doubled letter is padded to its width, a single one is not. */
const tokens = {
  YYYY: { part: 'year', pattern: '\\d{4}' },
  YY: { part: 'shortYear', pattern: '\\d{2}' },
  MMM: { part: 'monthName', pattern: '[A-Za-z]{3}' },
  MM: { part: 'month', pattern: '\\d{2}' },
  M: { part: 'month', pattern: '\\d{1,2}' },
  DD: { part: 'day', pattern: '\\d{2}' },
  D: { part: 'day', pattern: '\\d{1,2}' },
  HH: { part: 'hour', pattern: '\\d{2}' },
  H: { part: 'hour', pattern: '\\d{1,2}' },
  hh: { part: 'hour', pattern: '\\d{1,2}' },
  A: { part: 'half', pattern: '[AaPp][Mm]' },
  mm: { part: 'minute', pattern: '\\d{2}' },
  m: { part: 'minute', pattern: '\\d{1,2}' },
  ss: { part: 'second', pattern: '\\d{2}' },
  s: { part: 'second', pattern: '\\d{1,2}' },
  SSS: { part: 'fraction', pattern: '\\d{1,9}' },
  S: { part: 'millisecond', pattern: '\\d{1,3}' },
  Z: { part: 'zone', pattern: '(?:Z|[+-]\\d{2}:?\\d{2})' },
} as const;
const token = /YYYY|YY|MMM|MM|M|DD|D|HH|H|hh|A|mm|m|ss|s|SSS|S|Z|'[^']*'/g;

function compile(layout: string): { pattern: RegExp; parts: string[] } {
  const parts: string[] = [];
  let pattern = '';
  let at = 0;
  for (const match of layout.matchAll(token)) {
    pattern += escaped(layout.slice(at, match.index));
    const known = tokens[match[0] as keyof typeof tokens];
    if (known) {
      parts.push(known.part);
      pattern += `(${known.pattern})`;
    } else pattern += escaped(match[0].slice(1, -1));
    at = match.index + match[0].length;
  }
  return { pattern: new RegExp(`^${pattern}${escaped(layout.slice(at))}$`), parts };
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** `YYYYMMDD-H:m:s:S`: how a program writes its times; words that are no part stand in quotes. */
export const layoutText = z
  .string()
  .min(1)
  .max(100)
  .refine(
    (text) => {
      const { parts } = compile(text);
      const has = (part: string): boolean => parts.includes(part);
      return has('day') && (has('month') || has('monthName')) && has('hour') && new Set(parts).size === parts.length;
    },
    {
      message: 'names no day, month and hour, or one of them twice',
      params: { hint: 'for example YYYY-MM-DD HH:mm:ss.SSS; parts are YYYY YY MMM MM M DD D HH H hh A mm m ss s SSS S Z, other letters stand in quotes' },
    },
  );

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Reads times written so; without a year the one that puts it nearest to `near` counts. */
export function layoutReader(layout: string, { toInstant, year: fixed }: { toInstant: ToInstant; year: number | undefined }): (text: string, near: UnixMs) => UnixMs | undefined {
  const { pattern, parts } = compile(layout);
  return (text, near) => {
    const match = pattern.exec(text.trim());
    if (!match) return undefined;
    const found = new Map(parts.map((part, index) => [part, match[index + 1] ?? '']));
    const number = (part: string): number => Number(found.get(part) ?? 0);
    const month = found.has('monthName') ? months.indexOf((found.get('monthName') ?? '').toLowerCase()) : number('month') - 1;
    const [day, minute, second] = [number('day'), number('minute'), number('second')];
    const hour = hourOf(number('hour'), found.get('half'));
    if (month < 0 || month > 11 || day < 1 || hour > 23 || minute > 59 || second > 60) return undefined;
    const milliseconds = found.has('fraction') ? Math.floor(Number(`0.${found.get('fraction')}`) * 1_000) : number('millisecond');
    const at = (year: number): UnixMs => instant(Date.UTC(year, month, day, hour, minute, second, milliseconds), found.get('zone'), toInstant);
    const written = found.has('year') ? number('year') : found.has('shortYear') ? fullYear(number('shortYear')) : fixed;
    if (written === undefined) return nearestYear({ month, day }, near, at);
    return new Date(Date.UTC(written, month, day)).getUTCDate() === day ? at(written) : undefined;
  };
}

const hourOf = (hour: number, half: string | undefined): number => (half === undefined ? hour : (hour % 12) + (half.toLowerCase() === 'pm' ? 12 : 0));
const fullYear = (short: number): number => (short < 70 ? 2_000 : 1_900) + short;

function instant(wall: number, zone: string | undefined, toInstant: ToInstant): UnixMs {
  if (zone === undefined) return toInstant(wall);
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  return unixMs(wall - (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000);
}
