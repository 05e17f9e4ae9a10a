import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { durationText, labelMap } from '#lib/schema.ts';
import type { Bilingual } from '#lib/text.ts';
import type { DurationMs } from '#lib/time.ts';
import type { Finding } from '../alert.ts';
import { type Signal, signals } from '../ports.ts';
import { judge, labelNames, type Rule, ruleShape, ruleTerms, windowUntil } from './rule.ts';
import { against, type Bounds, count, countWord, percent, ratioWord, spanWord } from './words.ts';

/** A share of one countable thing in another, by labels: errors in requests, failed in attempted logins. */
export const ratio = defineKind({
  kind: 'ratio',
  label: { 'zh-CN': '比率', en: 'Ratio' },
  fields: [
    { id: 'of', label: { 'zh-CN': '分子', en: 'Count' }, input: 'select', required: true, options: signals.map((signal) => ({ value: signal, label: countWord(signal) })) },
    { id: 'over', label: { 'zh-CN': '分母', en: 'Out of' }, input: 'select', required: true, options: signals.map((signal) => ({ value: signal, label: countWord(signal) })) },
    { id: 'window', label: { 'zh-CN': '窗口', en: 'Window' }, input: 'duration', required: false },
    { id: 'above', label: { 'zh-CN': '高于即告警', en: 'Alert above' }, input: 'number', required: true },
    { id: 'recover_below', label: { 'zh-CN': '低于才恢复', en: 'Recover below' }, input: 'number', required: false },
    { id: 'min_events', label: { 'zh-CN': '最少次数', en: 'Minimum events' }, input: 'number', required: false },
  ],
  shape: {
    ...ruleShape,
    of: z.enum(signals),
    over: z.enum(signals),
    by: labelNames.prefault(['service']),
    where: labelMap.prefault({}),
    window: durationText.prefault('1m'),
    above: z.number().min(0).max(1),
    recover_below: z.number().min(0).max(1).optional(),
    min_events: z.int().min(1).prefault(1),
  },
  make(config): Rule {
    const { of, over, by, where, window, above, min_events: minEvents } = config;
    const bounds: Bounds = { above, below: null, recoverBelow: config.recover_below ?? null, recoverAbove: null };
    const word = ratioWord(of, over);
    return {
      kind: 'ratio',
      terms: ruleTerms(config, { title: { 'zh-CN': `${word['zh-CN']}过高`, en: `${word.en} too high` }, noData: 'ok' }),
      windowMs: window,
      interest: { probes: of.startsWith('check.') ? ['*'] : [], logs: !of.startsWith('check.'), metrics: [] },
      measure: `${of}/${over}`,
      above,
      below: null,
      async look({ facts, now }) {
        const counts = await facts.ratio({ of, over, by, where, window: windowUntil(now, window) });
        // "Alert when there is no data" does not mean "alert when there is little".
        const tooFew = config.no_data === 'alert' ? 'between' : 'noData';
        return counts.map((one) => finding(one, { of, over, window, minEvents, bounds, tooFew }));
      },
    };
  },
});

interface Terms {
  of: Signal;
  over: Signal;
  window: DurationMs;
  minEvents: number;
  bounds: Bounds;
  tooFew: 'between' | 'noData';
}

function finding(one: { labels: Finding['labels']; of: number; over: number }, terms: Terms): Finding {
  const { of, over, window, minEvents, bounds, tooFew } = terms;
  const value = one.of / one.over;
  const word = ratioWord(of, over);
  const span = spanWord(window);
  const things = countWord(over);
  const seen: Bilingual = { 'zh-CN': `最近 ${span['zh-CN']} ${count(one.over)} 次${things['zh-CN']}`, en: `${count(one.over)} ${things.en} in the last ${span.en}` };
  const common = { labels: one.labels, value, samples: one.over };
  if (one.over < minEvents) {
    // Too few to tell: one failure in three is no ratio.
    return { ...common, says: tooFew, why: { 'zh-CN': `${seen['zh-CN']}，不足 ${count(minEvents)} 次，不作判断`, en: `${seen.en}, fewer than ${count(minEvents)}: not judged` } };
  }
  const says = judge(value, bounds);
  const limit = against(says, bounds, percent);
  return { ...common, says, why: { 'zh-CN': `${word['zh-CN']} ${percent(value)}${limit['zh-CN']}，${seen['zh-CN']}`, en: `${word.en} ${percent(value)}${limit.en}, ${seen.en}` } };
}
