import { describe, expect, it, test } from 'vitest';
import { aligned, clockTime, plain, running, show, span } from './format.ts';

describe('figures', () => {
  test.each([
    { value: 0.382, unit: 'ratio', zh: '38.2%', en: '38.2%' },
    { value: 0.9962, unit: 'ratio', zh: '99.62%', en: '99.62%' },
    { value: 0.99996, unit: 'ratio', zh: '99.996%', en: '99.996%' },
    { value: 0.9999999, unit: 'ratio', zh: '99.999%', en: '99.999%' },
    { value: 1, unit: 'ratio', zh: '100%', en: '100%' },
    { value: 0, unit: 'ratio', zh: '0%', en: '0%' },
    { value: 0.0031, unit: 'ratio', zh: '0.31%', en: '0.31%' },
    { value: 1.24, unit: 'seconds', zh: '1.24 秒', en: '1.24 s' },
    { value: 0.62, unit: 'seconds', zh: '0.62 秒', en: '0.62 s' },
    { value: 0.049, unit: 'seconds', zh: '49 ms', en: '49 ms' },
    { value: 0, unit: 'seconds', zh: '0 秒', en: '0 s' },
    { value: 482_000, unit: 'count', zh: '48.2 万', en: '482 k' },
    { value: 6214, unit: 'count', zh: '6,214', en: '6,214' },
    { value: 120_000_000, unit: 'count', zh: '1.2 亿', en: '120 M' },
    { value: 12_400, unit: 'perMinute', zh: '1.24 万/分', en: '12.4 k/min' },
    { value: null, unit: 'ratio', zh: '–', en: '–' },
    { value: Number.NaN, unit: 'seconds', zh: '–', en: '–' },
  ] as const)('$value as $unit reads $zh and $en', ({ value, unit, zh, en }) => {
    expect(plain(value, unit, 'zh-CN')).toBe(zh);
    expect(plain(value, unit, 'en')).toBe(en);
  });

  it('never rounds an imperfect availability up to perfect', () => {
    expect(show(0.999999, 'ratio', 'en').text).not.toBe('100');
  });

  it('keeps trailing zeros in a column and drops them in a sentence', () => {
    expect(aligned(0.2, 'seconds', 'en')).toBe('0.20 s');
    expect(plain(0.2, 'seconds', 'en')).toBe('0.2 s');
  });
});

describe('time', () => {
  test.each([
    { ms: 27 * 60_000, zh: '27 分', en: '27 min' },
    { ms: 2 * 3_600_000 + 5 * 60_000, zh: '2 小时 5 分', en: '2 h 5 min' },
    { ms: 49 * 3_600_000, zh: '2 天 1 小时', en: '2 d 1 h' },
    { ms: 4_200, zh: '4 秒', en: '4 s' },
    { ms: -5, zh: '0 秒', en: '0 s' },
  ])('$ms ms is $zh', ({ ms, zh, en }) => {
    expect(span(ms, 'zh-CN')).toBe(zh);
    expect(span(ms, 'en')).toBe(en);
  });

  it('runs as a clock, with hours only when there are any', () => {
    expect(running(380_000)).toBe('6:20');
    expect(running(12_766_000)).toBe('3:32:46');
    expect(running(-1)).toBe('0:00');
  });

  it('shows the site’s wall clock, and the day only when it was another day there', () => {
    const place = { zone: 'Asia/Shanghai', language: 'zh-CN', now: Date.parse('2026-11-24T02:40:00Z') } as const;
    expect(clockTime('2026-11-24T02:32:04Z', place)).toBe('10:32');
    expect(clockTime('2026-11-24T02:32:04Z', { ...place, seconds: true })).toBe('10:32:04');
    expect(clockTime('2026-11-23T15:59:00Z', place)).toBe('11月23日 23:59');
    expect(clockTime('2026-11-23T16:01:00Z', place)).toBe('00:01');
  });
});
