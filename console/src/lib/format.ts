import type { Language } from '#lib/text.ts';

/** A number and its unit, apart, because the unit is drawn lighter. */
export interface Shown {
  text: string;
  unit: string;
}
export type Unit = 'ratio' | 'seconds' | 'count' | 'perMinute';
export const missing: Shown = { text: '–', unit: '' };

/** Three significant figures without an exponent and without more decimals than help. */
export function three(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  const decimals = size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return size < 0.01 ? Number(value.toPrecision(2)).toString() : value.toFixed(decimals);
}

const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');

function count(value: number, language: Language): Shown {
  const size = Math.abs(value);
  if (language === 'zh-CN') {
    if (size >= 99_995_000) return { text: three(value / 1e8), unit: '亿' };
    if (size >= 10_000) return { text: three(value / 1e4), unit: '万' };
  } else {
    if (size >= 999_500) return { text: three(value / 1e6), unit: 'M' };
    if (size >= 10_000) return { text: three(value / 1e3), unit: 'k' };
  }
  return { text: Number.isInteger(value) || size >= 100 ? grouped(value) : three(value), unit: '' };
}

/** Availability wants its last digits: 99.62 and not 99.6. */
function percent(ratio: number): string {
  const value = ratio * 100;
  if (ratio === 1 || ratio === 0) return value.toFixed(0);
  if (value >= 99 && value < 100) return Math.min(value, 99.999).toFixed(value > 99.99 ? 3 : 2);
  return value < 9.995 ? value.toFixed(2) : value.toFixed(1);
}

/** A figure for the eye: `38.2 %`, `1.24 秒`, `620 ms`, `48.2 万`. */
export function show(value: number | null, unit: Unit, language: Language): Shown {
  if (value === null || !Number.isFinite(value)) return missing;
  if (unit === 'ratio') return { text: percent(value), unit: '%' };
  if (unit === 'seconds') return seconds(value, language);
  const shown = count(value, language);
  if (unit === 'count') return shown;
  return { text: shown.text, unit: language === 'zh-CN' ? `${shown.unit}/分` : `${shown.unit}/min` };
}

function seconds(value: number, language: Language): Shown {
  // Beneath a hundredth of a millisecond nothing is worth reading.
  if (value > 0 && value < 0.1) return { text: value < 0.00001 ? '0' : three(value * 1000), unit: 'ms' };
  if (value < 120) return { text: three(value), unit: language === 'zh-CN' ? '秒' : 's' };
  return { text: three(value / 60), unit: language === 'zh-CN' ? '分' : 'min' };
}

/** The same in one piece of text, for axis labels, tables and spoken words. */
export function plain(value: number | null, unit: Unit, language: Language): string {
  const { text, unit: suffix } = show(value, unit, language);
  // In a sentence trailing zeros only pretend to precision.
  return joined({ text: text.includes('.') ? text.replace(/\.?0+$/, '') : text, unit: suffix });
}

/** The same for a column of figures, where trailing zeros keep the digits aligned. */
export function aligned(value: number | null, unit: Unit, language: Language): string {
  return joined(show(value, unit, language));
}

const joined = ({ text, unit }: Shown): string => (unit === '%' || unit === '' ? `${text}${unit}` : `${text} ${unit}`);

/** How long, in one or two units: `27 分`, `2 小时 5 分`, `3 天`. */
export function span(ms: number, language: Language): string {
  const zh = language === 'zh-CN';
  const total = Math.max(0, Math.round(ms / 1000));
  const [days, hours, minutes, rest] = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  if (days >= 3) return zh ? `${days} 天` : `${days} d`;
  if (days > 0) return zh ? `${days} 天 ${hours} 小时` : `${days} d ${hours} h`;
  if (hours > 0) return zh ? `${hours} 小时${minutes > 0 ? ` ${minutes} 分` : ''}` : `${hours} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  if (minutes > 0) return zh ? `${minutes} 分` : `${minutes} min`;
  return zh ? `${rest} 秒` : `${rest} s`;
}

/** A running clock: `6:20`, `3:32:46`. */
export function running(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => value.toString().padStart(2, '0');
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${two(Math.floor(total / 60) % 60)}:${two(total % 60)}` : `${Math.floor(total / 60)}:${two(total % 60)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();
function format(zone: string, language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${language} ${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'zh-CN', { ...options, timeZone: zone, hourCycle: 'h23' });
  formats.set(key, known);
  return known;
}

export interface Place {
  zone: string;
  language: Language;
}

/** `10:32`, or with the day when it was not today: `11月24日 10:32`. */
export function clockTime(at: string | number, place: Place & { now: number; seconds?: boolean }): string {
  const instant = typeof at === 'number' ? at : Date.parse(at);
  const time: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', ...(place.seconds ? { second: '2-digit' } : {}) };
  const dayOf = (value: number): string => format(place.zone, 'en', { year: 'numeric', month: '2-digit', day: '2-digit' }).format(value);
  if (dayOf(instant) === dayOf(place.now)) return format(place.zone, place.language, time).format(instant);
  return format(place.zone, place.language, { month: 'short', day: 'numeric', ...time }).format(instant);
}

/** The whole instant with its zone, for the hover. */
export function wholeTime(at: string | number, place: Place): string {
  return format(place.zone, place.language, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' }).format(
    typeof at === 'number' ? at : Date.parse(at),
  );
}

/** The label of a time axis: hours within two days, days beyond. */
export function axisTime(at: number, rangeMs: number, place: Place): string {
  if (rangeMs <= 2 * 86_400_000) return format(place.zone, place.language, { hour: '2-digit', minute: '2-digit' }).format(at);
  return format(place.zone, place.language, { month: 'numeric', day: 'numeric' }).format(at);
}
