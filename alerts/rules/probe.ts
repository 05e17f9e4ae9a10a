import { z } from 'zod';
import { failureKinds, failureLabels } from '#collector/check.ts';
import { defineKind } from '#lib/kinds.ts';
import { type Labels, labelKey, pickLabels } from '#lib/labels.ts';
import { durationText, idText } from '#lib/schema.ts';
import type { Bilingual } from '#lib/text.ts';
import { type DurationMs, durationMs, minute } from '#lib/time.ts';
import type { Finding } from '../alert.ts';
import type { CheckFact } from '../ports.ts';
import { labelNames, type Rule, type RuleQuestion, ruleShape, ruleTerms, windowUntil } from './rule.ts';
import { confirmed, type ProbeTerms, type VantageVerdict, verdict } from './verdict.ts';

/** Confirmed results of probes: N of the last M, from at least so many vantages. */
export const probe = defineKind({
  kind: 'probe',
  label: { 'zh-CN': '拨测', en: 'Probe' },
  fields: [
    { id: 'probes', label: { 'zh-CN': '拨测项', en: 'Probes' }, input: 'list', required: true },
    { id: 'fail', label: { 'zh-CN': '失败次数', en: 'Failures' }, input: 'number', required: false },
    { id: 'of', label: { 'zh-CN': '最近几次', en: 'Of the last' }, input: 'number', required: false },
    { id: 'vantages', label: { 'zh-CN': '至少几个观测点', en: 'From at least so many vantages' }, input: 'number', required: false },
    { id: 'recover_after', label: { 'zh-CN': '连续几次正常才恢复', en: 'Good checks to recover' }, input: 'number', required: false },
  ],
  shape: {
    ...ruleShape,
    probes: z.array(idText).min(1),
    fail: z.int().min(1).prefault(1),
    of: z.int().min(1).max(100).optional(),
    vantages: z.int().min(1).prefault(1),
    recover_after: z.int().min(1).max(100).prefault(2),
    outcomes: z
      .array(z.enum(['fail', 'slow']))
      .min(1)
      .prefault(['fail']),
    failures: z.array(z.enum(failureKinds)).prefault([]),
    by: labelNames.prefault(['service', 'probe']),
    window: durationText.optional(),
  },
  make(config): Rule {
    const of = Math.max(config.of ?? config.fail, config.fail);
    const terms: ProbeTerms = { fail: config.fail, of, recoverAfter: config.recover_after, outcomes: config.outcomes, failures: config.failures };
    const wish = { probes: config.probes, by: config.by, vantages: config.vantages, terms, window: config.window ?? null };
    return {
      kind: 'probe',
      terms: ruleTerms(config, { title: { 'zh-CN': '拨测失败', en: 'Probe failing' }, noData: 'keep' }),
      windowMs: config.window ?? durationMs(5 * minute),
      interest: { probes: config.probes, slowIsGood: !config.outcomes.includes('slow'), logs: false, metrics: [] },
      measure: `probe:${config.probes.join(',')}`,
      above: null,
      below: null,
      look: (question) => look(question, wish),
    };
  },
});

interface Wish {
  probes: readonly string[];
  by: readonly string[];
  vantages: number;
  terms: ProbeTerms;
  window: DurationMs | null;
}

interface ProbeVerdict {
  labels: Labels;
  says: VantageVerdict['says'];
  vantages: readonly VantageVerdict[];
  probeId: string;
}

async function look(question: RuleQuestion, wish: Wish): Promise<Finding[]> {
  const { facts, now, probe: probeFacts } = question;
  const depth = Math.max(wish.terms.of, wish.terms.recoverAfter) + 1;
  const known = wish.probes.map((id) => ({ id, facts: probeFacts(id) }));
  const attempts = 1 + Math.max(0, ...known.map((one) => one.facts?.confirmTimes ?? 0));
  const longest = Math.max(minute, ...known.map((one) => one.facts?.intervalMs ?? 0));
  const window = windowUntil(now, wish.window ?? durationMs(longest * (depth + 2)));
  const rows = Map.groupBy(await facts.recentChecks({ probeIds: wish.probes, limit: depth * attempts, window }), ({ probeId }) => probeId);
  const verdicts = known.flatMap(({ id, facts: one }) => probeVerdicts(rows.get(id) ?? [], { id, wish, confirmTimes: one?.confirmTimes ?? 0, service: one?.service, vantages: one?.vantages ?? [] }));
  return grouped(verdicts).map((group) => finding(group, wish));
}

function probeVerdicts(rows: readonly CheckFact[], about: { id: string; wish: Wish; confirmTimes: number; service: string | undefined; vantages: readonly string[] }): ProbeVerdict[] {
  const { id, wish, confirmTimes } = about;
  const service = rows[0]?.service ?? about.service;
  const vantages = [...new Set([...about.vantages, ...rows.map((row) => row.vantage)])];
  if (service === undefined) return [];
  const each = (vantages.length > 0 ? vantages : ['local']).map((vantage) =>
    verdict(
      vantage,
      confirmed(
        rows.filter((row) => row.vantage === vantage),
        confirmTimes,
      ),
      wish.terms,
    ),
  );
  const labels = (vantage: string) => pickLabels({ service, probe: id, vantage }, wish.by);
  if (wish.by.includes('vantage')) return each.map((one) => ({ labels: labels(one.vantage), says: one.says, vantages: [one], probeId: id }));
  return [{ labels: labels(''), says: together(each, wish.vantages), vantages: each, probeId: id }];
}

/** N of M vantages: with fewer than N still in doubt the probe is well again. */
function together(each: readonly VantageVerdict[], needed: number): VantageVerdict['says'] {
  const saying = (says: VantageVerdict['says']) => each.filter((one) => one.says === says).length;
  if (saying('noData') === each.length) return 'noData';
  const least = Math.min(needed, each.length);
  if (saying('breach') >= least) return 'breach';
  return saying('breach') + saying('between') >= least ? 'between' : 'clear';
}

const grouped = (verdicts: readonly ProbeVerdict[]): ProbeVerdict[][] => [...Map.groupBy(verdicts, ({ labels }) => labelKey(labels)).values()];

function finding(group: readonly ProbeVerdict[], wish: Wish): Finding {
  const says = (['breach', 'between', 'clear'] as const).find((how) => group.some((one) => one.says === how)) ?? 'noData';
  const speaking = group.find((one) => one.says === says);
  const vantages = speaking?.vantages ?? [];
  const failing = vantages.filter((one) => one.says === 'breach');
  const samples = vantages.reduce((sum, one) => sum + one.judged, 0);
  return { labels: group[0]?.labels ?? {}, value: says === 'noData' ? null : failing.length, samples, says, why: why(speaking, { says, failing, terms: wish.terms }) };
}

function why(speaking: ProbeVerdict | undefined, seen: { says: Finding['says']; failing: readonly VantageVerdict[]; terms: ProbeTerms }): Bilingual {
  const id = speaking?.probeId ?? '';
  const { says, failing, terms } = seen;
  if (says === 'noData') return { 'zh-CN': `${id} 没有可判断的拨测结果`, en: `${id} has no result to judge by` };
  const total = speaking?.vantages.length ?? 0;
  const worst = (failing[0] ?? speaking?.vantages.find((one) => one.worst))?.worst;
  if (says === 'breach') {
    const kind = worst ? kindWord(worst) : { 'zh-CN': '失败', en: 'failing' };
    const detail = worst?.reason ? { 'zh-CN': `：${worst.reason}`, en: `: ${worst.reason}` } : { 'zh-CN': '', en: '' };
    const bad = failing[0]?.bad ?? 0;
    return {
      'zh-CN': `${id} ${kind['zh-CN']}${detail['zh-CN']}（最近 ${terms.of} 次有 ${bad} 次，${failing.length}/${total} 个观测点）`,
      en: `${id} ${kind.en}${detail.en} (${bad} of the last ${terms.of}, ${failing.length} of ${total} vantages)`,
    };
  }
  if (says === 'between') return { 'zh-CN': `${id} 尚未连续 ${terms.recoverAfter} 次正常`, en: `${id} has not been good ${terms.recoverAfter} times in a row yet` };
  return { 'zh-CN': `${id} 正常`, en: `${id} is good` };
}

function kindWord(check: CheckFact): Bilingual {
  if (check.outcome === 'slow') return { 'zh-CN': '响应过慢', en: 'slow' };
  const kind = failureKinds.find((known) => known === check.failureKind);
  return kind ? failureLabels[kind] : { 'zh-CN': '失败', en: 'failing' };
}
