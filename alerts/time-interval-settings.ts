import { z } from 'zod';
import { zoneText } from '#lib/schema.ts';
import type { Range, TimeInterval, TimeSpan } from './time-interval.ts';

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];

/** Alertmanager's `time_intervals`: `{ name, time_intervals: [ { times, weekdays, days_of_month, months, years, location } ] }`. */
export const timeIntervalSchema = z
  .strictObject({
    name: z.string().min(1),
    time_intervals: z.array(
      z.strictObject({
        times: z.array(z.strictObject({ start_time: minuteOfDay(), end_time: minuteOfDay() })).prefault([]),
        weekdays: z.array(range({ names: weekdays, first: 0, least: 0, most: 6 })).prefault([]),
        days_of_month: z.array(dayRange()).prefault([]),
        months: z.array(range({ names: months, first: 1, least: 1, most: 12 })).prefault([]),
        years: z.array(range({ names: [], first: 0, least: 1970, most: 9999 })).prefault([]),
        location: zoneText.prefault('UTC'),
      }),
    ),
  })
  .transform(
    (interval, context): TimeInterval => ({
      name: interval.name,
      spans: interval.time_intervals.map((span, index): TimeSpan => {
        for (const [at, { start_time: from, end_time: until }] of span.times.entries()) {
          if (from >= until)
            context.addIssue({
              code: 'custom',
              path: ['time_intervals', index, 'times', at],
              message: 'the start must lie before the end',
              params: { hint: 'for a night write two ranges, one to 24:00 and one from 00:00' },
            });
        }
        return {
          minutes: span.times.map(({ start_time: from, end_time: until }) => ({ from, until })),
          weekdays: span.weekdays,
          daysOfMonth: span.days_of_month,
          months: span.months,
          years: span.years,
          zone: span.location,
        };
      }),
    }),
  );

function minuteOfDay() {
  return z.string().transform((text, context): number => {
    const found = /^(\d{1,2}):(\d{2})$/.exec(text);
    const minute = Number(found?.[1]) * 60 + Number(found?.[2]);
    if (found && Number(found[2]) < 60 && minute <= 1_440) return minute;
    context.addIssue({ code: 'custom', message: `"${text}" is not a time of day`, params: { hint: 'write it like 09:00; the end of the day is 24:00' } });
    return z.NEVER;
  });
}

function range({ names, first, least, most }: { names: readonly string[]; first: number; least: number; most: number }) {
  return z.coerce.string().transform((text, context): Range => {
    const ends = text.toLowerCase().split(':');
    const numbers = ends.map((end) => (names.includes(end) ? names.indexOf(end) + first : /^\d+$/.test(end) ? Number(end) : Number.NaN));
    const [from = Number.NaN, to = from] = numbers;
    if (ends.length <= 2 && from >= least && to <= most && from <= to) return { from, to };
    context.addIssue({ code: 'custom', message: `"${text}" is not a range`, params: { hint: names.length > 0 ? `write it like ${names[1]}:${names[5]}` : 'write it like 2026:2027' } });
    return z.NEVER;
  });
}

function dayRange() {
  return z.coerce.string().transform((text, context): Range => {
    const found = /^(-?\d+)(?::(-?\d+))?$/.exec(text);
    const from = Number(found?.[1]);
    const to = found?.[2] === undefined ? from : Number(found[2]);
    const good = (day: number) => day !== 0 && Math.abs(day) <= 31;
    if (found && good(from) && good(to) && (from < 0 === to < 0 ? from <= to : from > 0)) return { from, to };
    context.addIssue({ code: 'custom', message: `"${text}" is not a range of days`, params: { hint: 'write it like 1:5, or -3:-1 for the last three days' } });
    return z.NEVER;
  });
}
