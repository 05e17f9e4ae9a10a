import { type UnixMs, unixMs } from '#lib/time.ts';

/** Inclusive on both ends. */
export interface Range {
  from: number;
  to: number;
}

/** One way to be inside; an empty list of ranges means "any". Minutes count from local midnight, the end excluded. */
export interface TimeSpan {
  minutes: readonly { from: number; until: number }[];
  weekdays: readonly Range[];
  /** Negative numbers count from the end of the month. */
  daysOfMonth: readonly Range[];
  months: readonly Range[];
  years: readonly Range[];
  zone: string;
}

/** Alertmanager's named time interval: inside when any of its spans is. */
export interface TimeInterval {
  name: string;
  spans: readonly TimeSpan[];
}

interface LocalTime {
  minute: number;
  weekday: number;
  day: number;
  month: number;
  year: number;
}

export const insideInterval = (interval: TimeInterval, now: UnixMs): boolean => interval.spans.some((span) => insideSpan(span, now));

/** When an interval that holds now stops holding, to the minute; undefined when that is more than eight days away. */
export function intervalEnd(interval: TimeInterval, now: UnixMs): UnixMs | undefined {
  const minuteMs = 60_000;
  const start = Math.floor(now / minuteMs) * minuteMs;
  // An interval changes at minutes only; a quarter of an hour is stepped over first, then the exact minute is found.
  for (let at = start; at < start + 8 * 86_400_000; at += 15 * minuteMs) {
    if (insideInterval(interval, unixMs(at + 15 * minuteMs))) continue;
    for (let minute = at; minute <= at + 15 * minuteMs; minute += minuteMs) if (minute > now && !insideInterval(interval, unixMs(minute))) return unixMs(minute);
  }
  return undefined;
}

function insideSpan(span: TimeSpan, now: UnixMs): boolean {
  const local = localTime(now, span.zone);
  const lastDay = new Date(Date.UTC(local.year, local.month, 0)).getUTCDate();
  return (
    (span.minutes.length === 0 || span.minutes.some(({ from, until }) => local.minute >= from && local.minute < until)) &&
    within(span.weekdays, local.weekday) &&
    within(span.months, local.month) &&
    within(span.years, local.year) &&
    (span.daysOfMonth.length === 0 || span.daysOfMonth.some((range) => dayWithin(range, local.day, lastDay)))
  );
}

const within = (ranges: readonly Range[], value: number): boolean => ranges.length === 0 || ranges.some(({ from, to }) => value >= from && value <= to);

function dayWithin(range: Range, day: number, lastDay: number): boolean {
  const from = range.from < 0 ? lastDay + range.from + 1 : range.from;
  const to = range.to < 0 ? lastDay + range.to + 1 : range.to;
  return day >= Math.max(1, from) && day <= Math.min(lastDay, to);
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const weekdayNumbers: Record<string, number> = { Sun: 0, Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6 };

function localTime(now: UnixMs, zone: string): LocalTime {
  let formatter = formatters.get(zone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', weekday: 'short' });
    formatters.set(zone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(now).map(({ type, value }) => [type, value]));
  return { minute: Number(parts.hour) * 60 + Number(parts.minute), weekday: weekdayNumbers[parts.weekday ?? ''] ?? 0, day: Number(parts.day), month: Number(parts.month), year: Number(parts.year) };
}
