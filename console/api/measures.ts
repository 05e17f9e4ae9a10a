import type { Lines, Reading } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import type { AlertEntry, RuleEntry } from './ports.ts';
import type { LineQuestion, Questions, Scope } from './questions.ts';
import { figureLimits } from './states.ts';

/** What an alert or an incident looks at, drawn and read. */
export interface Measure {
  label: Bilingual;
  unit: 'ratio' | 'seconds';
  limits: { slow: number; down: number };
  lines(questions: Questions, asked: LineQuestion): Promise<Lines>;
  now(questions: Questions, asked: { now: UnixMs; zone: string; scope: Scope }): Promise<Reading>;
}

const errors: Measure = {
  label: { 'zh-CN': '错误率', en: 'Error ratio' },
  unit: 'ratio',
  limits: figureLimits.errorRatio,
  lines: (questions, asked) => questions.requestErrorRatio({ ...asked, by: 'all' }),
  now: (questions, asked) => questions.errorRatioNow(asked),
};
const logins: Measure = {
  label: { 'zh-CN': '登录失败率', en: 'Login failure ratio' },
  unit: 'ratio',
  limits: figureLimits.loginFailureRatio,
  lines: (questions, asked) => questions.loginFailureRatio(asked),
  now: (questions, asked) => questions.loginFailureNow(asked),
};
const latency: Measure = {
  label: { 'zh-CN': '耗时 p95', en: 'Latency p95' },
  unit: 'seconds',
  limits: figureLimits.latencySeconds,
  lines: (questions, asked) => questions.requestLatency({ ...asked, by: 'all', quantiles: [0.95] }),
  now: (questions, asked) => questions.latencyNow(asked),
};
const failures: Measure = {
  label: { 'zh-CN': '探测失败率', en: 'Probe failure ratio' },
  unit: 'ratio',
  limits: { slow: 0.05, down: 0.3 },
  lines: (questions, asked) => questions.checkFailureRatio({ ...asked, by: 'all' }),
  async now(questions, asked) {
    const reading = await questions.availabilityNow(asked);
    return {
      ...reading,
      value: reading.spark.at(-1) == null ? null : 1 - (reading.spark.at(-1) ?? 1),
      normal: null,
      before: null,
      spark: reading.spark.map((value) => (value === null ? null : 1 - value)),
    };
  },
};

/** Of a rule's measure; a probe rule looks at its probe's failures; null when there is nothing to draw. */
export function measureOf(entry: AlertEntry, rules: readonly RuleEntry[]): { measure: Measure; scope: Scope } | null {
  const { labels, rule: name } = entry.alert;
  const rule = rules.find((candidate) => candidate.name === name);
  const scope: Scope = { ...(labels.service ? { services: [labels.service] } : {}), ...(labels.route ? { routes: [labels.route] } : {}) };
  if (rule?.measure === 'request.errors/request.total') return { measure: errors, scope };
  if (rule?.measure === 'login.failed/login.attempts') return { measure: logins, scope: labels.service ? { services: [labels.service] } : {} };
  if (rule?.measure?.startsWith('request.duration')) return { measure: latency, scope };
  const probes = labels.probe ? [labels.probe] : (rule?.probes ?? []);
  return probes.length === 0 ? null : { measure: failures, scope: { probes } };
}
