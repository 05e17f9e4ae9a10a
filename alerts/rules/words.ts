import type { Bilingual } from '#lib/text.ts';
import type { DurationMs } from '#lib/time.ts';
import type { Signal } from '../ports.ts';

const counted: Readonly<Record<Signal, Bilingual>> = {
  'request.total': { 'zh-CN': '请求', en: 'requests' },
  'request.errors': { 'zh-CN': '错误请求', en: 'failed requests' },
  'login.attempts': { 'zh-CN': '登录', en: 'logins' },
  'login.failed': { 'zh-CN': '失败登录', en: 'failed logins' },
  'check.total': { 'zh-CN': '拨测', en: 'checks' },
  'check.failed': { 'zh-CN': '失败拨测', en: 'failed checks' },
  'check.slow': { 'zh-CN': '慢拨测', en: 'slow checks' },
};

const ratios: Readonly<Record<string, Bilingual>> = {
  'request.errors/request.total': { 'zh-CN': '错误率', en: 'error ratio' },
  'login.failed/login.attempts': { 'zh-CN': '登录失败率', en: 'login failure ratio' },
  'check.failed/check.total': { 'zh-CN': '拨测失败率', en: 'check failure ratio' },
  'check.slow/check.total': { 'zh-CN': '慢拨测占比', en: 'slow check ratio' },
};

const metrics: Readonly<Record<string, Bilingual>> = {
  'request.duration': { 'zh-CN': '请求耗时', en: 'request duration' },
  'check.duration': { 'zh-CN': '拨测耗时', en: 'check duration' },
};

/** What a count counts. */
export const countWord = (signal: Signal): Bilingual => counted[signal];

export function ratioWord(of: Signal, over: Signal): Bilingual {
  const parts = { of: counted[of], over: counted[over] };
  return ratios[`${of}/${over}`] ?? { 'zh-CN': `${parts.of['zh-CN']}占${parts.over['zh-CN']}之比`, en: `${parts.of.en} per ${parts.over.en}` };
}

export function metricWord(metric: string, agg: string): Bilingual {
  const name = metrics[metric] ?? { 'zh-CN': metric, en: metric };
  return agg === 'last' ? name : { 'zh-CN': `${name['zh-CN']} ${agg}`, en: `${name.en} ${agg}` };
}

/** 0.382 → 38.2%, 0.3 → 30%. */
export function percent(ratio: number): string {
  return `${trimmed(ratio * 100, 1)}%`;
}

export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** A value in the metric's own unit: durations are seconds. */
export function amount(metric: string, value: number): string {
  if (!metric.endsWith('.duration')) return trimmed(value, 3);
  return value < 1 ? `${trimmed(value * 1_000, 0)} ms` : `${trimmed(value, 2)} s`;
}

const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)));

const units = [
  [86_400_000, '天', 'd'],
  [3_600_000, '小时', 'h'],
  [60_000, '分钟', 'min'],
  [1_000, '秒', 's'],
] as const;

/** 60000 → 1 分钟 / 1 min. */
export function spanWord(span: DurationMs): Bilingual {
  for (const [size, zh, en] of units) if (span >= size && span % size === 0) return { 'zh-CN': `${span / size} ${zh}`, en: `${span / size} ${en}` };
  return { 'zh-CN': `${trimmed(span / 1_000, 3)} 秒`, en: `${trimmed(span / 1_000, 3)} s` };
}

export interface Bounds {
  above: number | null;
  below: number | null;
  recoverBelow: number | null;
  recoverAbove: number | null;
}

/** （高于 5%）, （低于 1）, （未低于恢复线 2%） or nothing. */
export function against(says: 'breach' | 'between' | 'clear', bounds: Bounds, write: (value: number) => string): Bilingual {
  const high = bounds.above !== null;
  const limit = bounds.above ?? bounds.below;
  const recovery = bounds.recoverBelow ?? bounds.recoverAbove;
  if (says === 'breach' && limit !== null) return { 'zh-CN': `（${high ? '高于' : '低于'} ${write(limit)}）`, en: ` (${high ? 'above' : 'below'} ${write(limit)})` };
  if (says === 'between' && recovery !== null)
    return { 'zh-CN': `（未${high ? '降到' : '升到'}恢复线 ${write(recovery)}）`, en: ` (not yet ${high ? 'below' : 'above'} the recovery line ${write(recovery)})` };
  return { 'zh-CN': '', en: '' };
}
