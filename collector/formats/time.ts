import type { Field } from '#lib/kinds.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { readIsoTime } from './iso-time.ts';
import type { ToInstant } from './zone.ts';

/** Which part of `17/06/09` is which: nobody can tell from the text, so the source says it. */
export const dateOrders = ['ymd', 'dmy', 'mdy'] as const;
export type DateOrder = (typeof dateOrders)[number];
export const dateOrderField: Field = {
  id: 'date_order',
  label: { 'zh-CN': '日期顺序', en: 'Order of the date' },
  input: 'select',
  required: false,
  options: [
    { value: 'ymd', label: { 'zh-CN': '年 月 日', en: 'year month day' } },
    { value: 'dmy', label: { 'zh-CN': '日 月 年', en: 'day month year' } },
    { value: 'mdy', label: { 'zh-CN': '月 日 年', en: 'month day year' } },
  ],
};

const epoch = /^\d{9,19}(?:\.\d{1,9})?$/;
const parts = /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[T ,]{1,2}(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,:](\d{1,9}))?$/;

/** Reads whatever a field called time may hold: a number since 1970, ISO 8601, or a date in the order the source writes it. */
export function timeReader({ order, toInstant }: { order: DateOrder; toInstant: ToInstant }): (text: string) => UnixMs | undefined {
  return (text) => (epoch.test(text) ? readEpoch(text) : (readIsoTime(text, toInstant) ?? readParts(text, order, toInstant)));
}

/** Seconds, milliseconds, microseconds or nanoseconds, told apart by size: all lie between 1973 and 5138. */
function readEpoch(text: string): UnixMs {
  const digits = text.split('.', 1)[0]?.length ?? 0;
  // Cut rather than divided: nanoseconds have more digits than a number keeps.
  if (digits >= 17) return unixMs(Number(text.slice(0, digits - 6)));
  if (digits >= 14) return unixMs(Number(text.slice(0, digits - 3)));
  return unixMs(Math.floor(digits >= 12 ? Number(text) : Math.round(Number(text) * 1e6) / 1e3));
}

function readParts(text: string, order: DateOrder, toInstant: ToInstant): UnixMs | undefined {
  const match = parts.exec(text);
  if (!match) return undefined;
  const [, first = '', middle = '', last = '', hours, minutes, seconds = '0', fraction = '0'] = match;
  // A year of four digits shows its place by itself.
  const shown: DateOrder = first.length > 2 ? 'ymd' : last.length > 2 && order === 'ymd' ? 'dmy' : order;
  const [year, month, day] = shown === 'ymd' ? [first, middle, last] : shown === 'dmy' ? [last, middle, first] : [last, first, middle];
  const full = fullYear(year);
  const [m, d, h, min, s] = [month, day, hours, minutes, seconds].map(Number) as [number, number, number, number, number];
  if (m < 1 || m > 12 || h > 23 || min > 59 || s > 60) return undefined;
  const wall = Date.UTC(full, m - 1, d, h, min, s, Math.floor(Number(`0.${fraction}`) * 1_000));
  return d >= 1 && new Date(Date.UTC(full, m - 1, d)).getUTCDate() === d ? toInstant(wall) : undefined;
}

const fullYear = (digits: string): number => (digits.length > 2 ? Number(digits) : Number(digits) + (Number(digits) < 70 ? 2_000 : 1_900));
