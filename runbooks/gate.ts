import type { Bilingual } from '#lib/text.ts';
import { type DurationMs, durationMs, formatDuration, parseDuration } from '#lib/time.ts';

export const measures = ['p50', 'p90', 'p95', 'p99', 'error_ratio', 'login_failure_ratio', 'check_failure_ratio'] as const;
export type Measure = (typeof measures)[number];
export const comparisons = ['<', '<=', '>', '>='] as const;
export type Comparison = (typeof comparisons)[number];

/** `limit` is in seconds for percentiles and a share from 0 to 1 for ratios. */
export type Condition = { kind: 'measure'; measure: Measure; comparison: Comparison; limit: number } | { kind: 'probe'; probe: string };
export interface Clause {
  condition: Condition;
  /** Vantages whose newest check must have got an answer. */
  minVantages: number;
  /** Observations that must stand behind the value, over the holding time. */
  minSamples: number;
}
/** What data must say, all of it at once and for how long, before a step may close. */
export interface Gate {
  text: string;
  clauses: readonly Clause[];
  holdForMs: DurationMs;
}
export type GateParse = { ok: true; gate: Gate } | { ok: false; problems: readonly { message: string; hint: string }[] };

interface Complaint {
  message: string;
  hint: string;
}
const example = 'p95 < 2s for 5m over >= 3 vantages, >= 300 samples';

/** Reads a gate such as `p95 < 2s for 5m over >= 3 vantages, >= 300 samples`; several are joined by `and`. */
export function parseGate(text: string): GateParse {
  const problems: Complaint[] = [];
  const parts = text
    .replaceAll('≥', '>=')
    .replaceAll('≤', '<=')
    .trim()
    .split(/\s+and\s+/);
  const read = parts.map((part) => readClause(part, problems));
  const holdForMs = Math.max(0, ...read.map((part) => part.holdForMs ?? 0));
  if (problems.length === 0 && !read.some((part) => part.holdForMs !== null)) problems.push({ message: `gate "${text}" does not say for how long`, hint: 'add for example "for 5m"' });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, gate: { text, holdForMs: durationMs(holdForMs), clauses: read.flatMap(({ clause }) => (clause ? [clause] : [])) } };
}

function readClause(part: string, problems: Complaint[]): { clause: Clause | null; holdForMs: DurationMs | null } {
  const probe = /^probe\s+(\S+)\s+passes\b(.*)$/.exec(part);
  const measured = /^([A-Za-z]\w*)\s*(<=|>=|<|>)\s*(-?[\d.]+)\s*((?!for\b|over\b)[A-Za-z%]*)(?=$|[\s,])(.*)$/.exec(part);
  const rest = readRest(probe?.[2] ?? measured?.[5] ?? '', problems);
  if (probe?.[1]) return { clause: { condition: { kind: 'probe', probe: probe[1] }, ...rest.least }, holdForMs: rest.holdForMs };
  if (!measured) {
    problems.push({ message: `gate "${part}" cannot be read`, hint: `write it like "${example}" or "probe NAME passes for 1m"` });
    return { clause: null, holdForMs: rest.holdForMs };
  }
  const [, name = '', comparison = '', amount = '', unit = ''] = measured;
  const measure = measures.find((known) => known === name);
  if (!measure) problems.push({ message: `gate measures "${name}", which is not known`, hint: `one of ${measures.join(', ')}` });
  const limit = readLimit({ name, amount, unit }, problems);
  if (!measure || limit === null) return { clause: null, holdForMs: rest.holdForMs };
  return { clause: { condition: { kind: 'measure', measure, comparison: comparison as Comparison, limit }, ...rest.least }, holdForMs: rest.holdForMs };
}

function readLimit({ name, amount, unit }: { name: string; amount: string; unit: string }, problems: Complaint[]): number | null {
  const value = Number(amount);
  const ratio = name.endsWith('_ratio');
  const hint = ratio ? `a ratio is written in percent: ${name} < 2%` : `a time is written with ms or s: ${name} < 2s`;
  if (!Number.isFinite(value)) problems.push({ message: `gate limit "${amount}" is not a number`, hint });
  else if (unit === '') problems.push({ message: `gate limit "${amount}" has no unit`, hint });
  else if (ratio ? unit !== '%' : unit !== 's' && unit !== 'ms') problems.push({ message: `gate limit "${amount}${unit}" has the wrong unit for ${name}`, hint });
  else return ratio ? value / 100 : unit === 'ms' ? value / 1000 : value;
  return null;
}

function readRest(rest: string, problems: Complaint[]): { holdForMs: DurationMs | null; least: { minVantages: number; minSamples: number } } {
  let left = rest;
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(left);
    if (found) left = left.replace(found[0], ' ');
    return found?.[1];
  };
  const span = take(/\bfor\s+([^\s,]+)/);
  const vantages = take(/\bover\s*>=\s*(\d+)\s*vantages?\b/);
  const samples = take(/(?:\bwith\s*)?>=\s*(\d+)\s*samples?\b/);
  const holdForMs = span === undefined ? null : (parseDuration(span) ?? null);
  if (span !== undefined && (holdForMs === null || holdForMs === 0)) problems.push({ message: `gate time "for ${span}" has no unit`, hint: 'a time is written with a unit: for 5m' });
  if (left.replaceAll(/[\s,]/g, '') !== '') problems.push({ message: `gate part "${left.trim()}" cannot be read`, hint: `write it like "${example}"` });
  return { holdForMs, least: { minVantages: Number(vantages ?? 0), minSamples: Number(samples ?? 0) } };
}

const measureLabels: Readonly<Record<Measure, Bilingual>> = {
  p50: { 'zh-CN': 'p50 耗时', en: 'p50 latency' },
  p90: { 'zh-CN': 'p90 耗时', en: 'p90 latency' },
  p95: { 'zh-CN': 'p95 耗时', en: 'p95 latency' },
  p99: { 'zh-CN': 'p99 耗时', en: 'p99 latency' },
  error_ratio: { 'zh-CN': '错误率', en: 'error ratio' },
  login_failure_ratio: { 'zh-CN': '登录失败率', en: 'login failure ratio' },
  check_failure_ratio: { 'zh-CN': '探测失败率', en: 'check failure ratio' },
};

export const isRatio = (measure: Measure): boolean => measure.endsWith('_ratio');
/** `0.382` → `38.2%`, `1.24` → `1.24 s`. */
export const formatMeasure = (measure: Measure, value: number): string => (isRatio(measure) ? `${Number((value * 100).toPrecision(3))}%` : `${Number(value.toPrecision(3))} s`);

/** The gate as a sentence, with the run's parameters already filled in. */
export function gateText({ clauses, holdForMs }: Gate): Bilingual {
  const one = ({ condition, minVantages, minSamples }: Clause): Bilingual => {
    const what: Bilingual =
      condition.kind === 'probe'
        ? { 'zh-CN': `探测 ${condition.probe} 通过`, en: `probe ${condition.probe} passes` }
        : {
            'zh-CN': `${measureLabels[condition.measure]['zh-CN']} ${condition.comparison} ${formatMeasure(condition.measure, condition.limit)}`,
            en: `${measureLabels[condition.measure].en} ${condition.comparison} ${formatMeasure(condition.measure, condition.limit)}`,
          };
    const zh = [minVantages ? `至少 ${minVantages} 个探测点` : '', minSamples ? `至少 ${minSamples} 次` : ''].filter(Boolean).join('、');
    const en = [minVantages ? `at least ${minVantages} vantages` : '', minSamples ? `at least ${minSamples} samples` : ''].filter(Boolean).join(', ');
    return { 'zh-CN': zh ? `${what['zh-CN']}（${zh}）` : what['zh-CN'], en: en ? `${what.en} (${en})` : what.en };
  };
  const parts = clauses.map(one);
  return { 'zh-CN': `${parts.map((part) => part['zh-CN']).join('，且 ')}，持续 ${spanText(holdForMs)['zh-CN']}`, en: `${parts.map((part) => part.en).join(' and ')}, for ${spanText(holdForMs).en}` };
}

/** `3 分 10 秒` and `3m10s`. */
export function spanText(span: DurationMs): Bilingual {
  const en = formatDuration(durationMs(Math.round(span / 1000) * 1000));
  const words: Readonly<Record<string, string>> = { d: ' 天 ', h: ' 小时 ', m: ' 分 ', s: ' 秒 ' };
  const zh = en.replaceAll(/[dhms]/g, (unit) => words[unit] ?? unit).trim();
  return { 'zh-CN': /^\d+ 分$/.test(zh) ? `${zh}钟` : zh, en };
}
