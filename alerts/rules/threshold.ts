import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { labelKey, pickLabels } from '#lib/labels.ts';
import { durationText, labelMap } from '#lib/schema.ts';
import type { Finding } from '../alert.ts';
import { aggregations, type Facts } from '../ports.ts';
import { judge, labelNames, type Rule, ruleShape, ruleTerms, windowUntil } from './rule.ts';
import { against, amount, type Bounds, count, metricWord, spanWord } from './words.ts';

/** Any stored metric, or a latency percentile, against a line. */
export const threshold = defineKind({
  kind: 'threshold',
  label: { 'zh-CN': '阈值', en: 'Threshold' },
  fields: [
    { id: 'metric', label: { 'zh-CN': '指标', en: 'Metric' }, input: 'text', required: true },
    { id: 'agg', label: { 'zh-CN': '聚合', en: 'Aggregation' }, input: 'select', required: false, options: aggregations.map((agg) => ({ value: agg, label: { 'zh-CN': agg, en: agg } })) },
    { id: 'window', label: { 'zh-CN': '窗口', en: 'Window' }, input: 'duration', required: false },
    { id: 'above', label: { 'zh-CN': '高于即告警', en: 'Alert above' }, input: 'number', required: false },
    { id: 'below', label: { 'zh-CN': '低于即告警', en: 'Alert below' }, input: 'number', required: false },
    {
      id: 'no_data',
      label: { 'zh-CN': '没有数据时', en: 'Without data' },
      input: 'select',
      required: false,
      options: [
        { value: 'ok', label: { 'zh-CN': '视为正常', en: 'treat as good' } },
        { value: 'alert', label: { 'zh-CN': '告警', en: 'alert' } },
        { value: 'keep', label: { 'zh-CN': '保持原状', en: 'keep as it was' } },
      ],
    },
  ],
  shape: {
    ...ruleShape,
    metric: z.string().regex(/^[A-Za-z_:][\w.:]*$/, 'a metric name is letters, digits, "_", ":" and "."'),
    agg: z.enum(aggregations).prefault('last'),
    by: labelNames.optional(),
    where: labelMap.prefault({}),
    window: durationText.prefault('5m'),
    above: z.number().optional(),
    below: z.number().optional(),
    recover_below: z.number().optional(),
    recover_above: z.number().optional(),
  },
  make(config): Rule {
    const { metric, agg, where, window } = config;
    const by = config.by ?? (isDuration(metric) ? ['service'] : 'all');
    const bounds: Bounds = { above: config.above ?? null, below: config.below ?? null, recoverBelow: config.recover_below ?? null, recoverAbove: config.recover_above ?? null };
    const word = metricWord(metric, agg);
    const high = bounds.above !== null;
    return {
      kind: 'threshold',
      terms: ruleTerms(config, { title: { 'zh-CN': `${word['zh-CN']}${high ? '过高' : '过低'}`, en: `${word.en} too ${high ? 'high' : 'low'}` }, noData: 'ok' }),
      windowMs: window,
      interest: { probes: metric === 'check.duration' ? ['*'] : [], logs: metric === 'request.duration', metrics: [metric] },
      measure: `${metric}:${agg}`,
      above: bounds.above,
      below: bounds.below,
      async look({ facts, now }) {
        const question = { metric, where, window: windowUntil(now, window) };
        const apart = agg === 'last' && by !== 'all' && !isDuration(metric);
        const values = apart ? worstOfEach(await facts.metric({ ...question, agg, by: 'all' }), by, bounds) : await facts.metric({ ...question, agg, by });
        const span = spanWord(window);
        return values.map((one): Finding => {
          const says = judge(one.value, bounds);
          const limit = against(says, bounds, (value) => amount(metric, value));
          const seen = { 'zh-CN': `最近 ${span['zh-CN']} ${count(one.samples)} 个样本`, en: `${count(one.samples)} samples in the last ${span.en}` };
          return {
            labels: one.labels,
            value: one.value,
            samples: one.samples,
            says,
            why: { 'zh-CN': `${word['zh-CN']} ${amount(metric, one.value)}${limit['zh-CN']}，${seen['zh-CN']}`, en: `${word.en} ${amount(metric, one.value)}${limit.en}, ${seen.en}` },
          };
        });
      },
    };
  },
});

const isDuration = (metric: string): boolean => metric === 'request.duration' || metric === 'check.duration';

type Value = Awaited<ReturnType<Facts['metric']>>[number];

/** Where several series stand together, the last value of each counts: one instance that is down is not hidden by its neighbour that reported later. */
function worstOfEach(values: readonly Value[], by: readonly string[], bounds: Bounds): Value[] {
  const groups = new Map<string, Value>();
  for (const one of values) {
    const labels = pickLabels(one.labels, by);
    const before = groups.get(labelKey(labels));
    const worse = before === undefined || isWorse(one.value, before.value, bounds);
    groups.set(labelKey(labels), { labels, value: worse ? one.value : before.value, samples: one.samples + (before?.samples ?? 0) });
  }
  return [...groups.values()];
}

/** With a bound on both sides what breaches is worse, and else what lies nearer to one. */
function isWorse(value: number, than: number, { above, below }: Bounds): boolean {
  const room = (one: number): number => Math.min(above === null ? Number.POSITIVE_INFINITY : above - one, below === null ? Number.POSITIVE_INFINITY : one - below);
  return room(value) < room(than);
}
