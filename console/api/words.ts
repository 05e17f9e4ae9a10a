import type { Bilingual, Language } from '#lib/text.ts';
import { day, hour, minute, second, type UnixMs } from '#lib/time.ts';

/** Numbers and instants as a person says them, in both languages. */
export type Unit = 'ratio' | 'seconds' | 'count' | 'perMinute';

export const both = (say: (language: Language) => string): Bilingual => ({ 'zh-CN': say('zh-CN'), en: say('en') });
export const same = (text: string): Bilingual => ({ 'zh-CN': text, en: text });

const trimmed = (value: number, digits: number): string => String(Number(value.toPrecision(digits)));

/** 0.382 → 38%, 0.0031 → 0.31%, 0.9962 → 99.62%: near one, what is missing is what matters. */
export function percent(ratio: number): string {
  const value = ratio * 100;
  if (value > 99 && value < 100) return `${Math.floor(value * 100) / 100}%`;
  return `${value >= 10 ? Math.round(value) : trimmed(value, 2)}%`;
}

export function secondsText(seconds: number, language: Language): string {
  if (seconds < 0.1) return `${trimmed(seconds * 1000, 2)} ${language === 'en' ? 'ms' : '毫秒'}`;
  return `${seconds >= 100 ? Math.round(seconds) : trimmed(seconds, seconds < 1 ? 2 : 3)} ${language === 'en' ? 's' : '秒'}`;
}

export function countText(count: number, language: Language): string {
  if (language === 'zh-CN' && count >= 10_000) return `${trimmed(count / 10_000, 3)} 万`;
  return count >= 10_000 && language === 'en' ? `${trimmed(count / 1000, 3)} k` : new Intl.NumberFormat(language).format(Math.round(count));
}

export function amount(value: number, unit: Unit, language: Language): string {
  if (unit === 'ratio') return percent(value);
  if (unit === 'seconds') return secondsText(value, language);
  return countText(value, language);
}

const sameDay = (a: UnixMs, b: UnixMs, zone: string): boolean => dayText(a, zone) === dayText(b, zone);
const dayText = (at: UnixMs, zone: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(new Date(at));

/** 10:32 today, 11 月 23 日 10:32 on another day. */
export function clockText(at: UnixMs, { now, zone, language }: { now: UnixMs; zone: string; language: Language }): string {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));
  if (sameDay(at, now, zone)) return time;
  const date = new Intl.DateTimeFormat(language, { timeZone: zone, month: language === 'en' ? 'short' : 'long', day: 'numeric' }).format(new Date(at));
  return `${date} ${time}`;
}

/** 27 分钟 / 27 min: one unit, the largest that fits. */
export function spanText(ms: number, language: Language): string {
  const units: [number, string, string][] = [
    [day, '天', 'd'],
    [hour, '小时', 'h'],
    [minute, '分钟', 'min'],
    [second, '秒', 's'],
  ];
  const [size, zh, en] = units.find(([unit]) => ms >= unit) ?? [second, '秒', 's'];
  const count = Math.max(0, Math.floor(ms / size));
  return language === 'zh-CN' ? `${count} ${zh}` : `${count} ${en}`;
}
