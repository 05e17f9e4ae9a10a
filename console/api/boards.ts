import type { Reading, Span } from '#lib/series.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import { type UnixMs, unixMs } from '#lib/time.ts';
import { loginReasonName } from './names.ts';
import type { ConsolePorts, IncidentEntry, NoticeEntry, RuleEntry } from './ports.ts';
import type { Questions, Scope } from './questions.ts';
import { figureLimits, figureState } from './states.ts';
import type { Sentence, State } from './views.ts';
import { amount, both, countText, same } from './words.ts';

/** A board is a name and the panels on it, in order. */
export interface Board {
  id: string;
  title: Bilingual;
  panels: readonly string[];
  headline(asked: { questions: Questions; now: UnixMs; zone: string; scope: Scope; from: UnixMs }): Promise<Sentence>;
}

export const boards: readonly Board[] = [
  {
    id: 'latency',
    title: { 'zh-CN': '延迟', en: 'Latency' },
    panels: ['request-latency', 'slow-routes', 'request-heatmap', 'route-latency', 'probe-latency', 'request-rate', 'probe-states'],
    async headline({ questions, ...asked }) {
      const reading = await questions.latencyNow(asked);
      const name = { 'zh-CN': '请求耗时 p95', en: 'Request latency p95' };
      return sentence(reading, { name, unit: 'seconds', ...figureLimits.latencySeconds });
    },
  },
  {
    id: 'errors',
    title: { 'zh-CN': '错误', en: 'Errors' },
    panels: ['request-error-ratio', 'error-routes', 'route-error-ratio', 'request-rate', 'error-statuses', 'failure-kinds', 'probe-states'],
    async headline({ questions, ...asked }) {
      const reading = await questions.errorRatioNow(asked);
      const name = { 'zh-CN': '错误率', en: 'Error ratio' };
      return sentence(reading, { name, unit: 'ratio', ...figureLimits.errorRatio });
    },
  },
  {
    id: 'logins',
    title: { 'zh-CN': '登录', en: 'Logins' },
    panels: ['login-failure-ratio', 'login-reasons', 'login-failures', 'login-latency', 'captcha-heatmap', 'login-clients', 'probe-states'],
    async headline({ questions, ...asked }) {
      const [reading, reasons] = await Promise.all([
        questions.loginFailureNow(asked),
        questions.loginReasons({ span: { from: unixMs(asked.now - 300_000), until: unixMs(asked.now + 1) }, now: asked.now, scope: asked.scope, limit: 1 }),
      ]);
      const name = { 'zh-CN': '登录失败率', en: 'Login failure ratio' };
      const made = sentence(reading, { name, unit: 'ratio', ...figureLimits.loginFailureRatio });
      const top = reasons.rows[0];
      return top === undefined || made.state === 'ok' || made.state === 'unknown' ? made : { ...made, text: mostly(made.text, loginReasonName(top.key)) };
    },
  },
];

const mostly = (text: Bilingual, reason: Bilingual): Bilingual => ({
  'zh-CN': `${text['zh-CN'].replace(/。$/, '')}；原因多为“${reason['zh-CN']}”。`,
  en: `${text.en.replace(/\.$/, '')}; mostly “${reason.en}”.`,
});

interface Headline {
  name: Bilingual;
  unit: 'ratio' | 'seconds';
  slow: number;
  down: number;
}

/** Value, what is normal, how far from it, and out of how many. */
export function sentence(reading: Reading, headline: Headline): Sentence {
  const state: State = figureState(reading.value, { normal: reading.normal ?? reading.before, slow: headline.slow, down: headline.down });
  return { state, text: both((language) => headlineText(reading, headline, language)), detail: both((language) => samplesText(reading, language)), incidentId: null };
}

function headlineText(reading: Reading, { name, unit }: Headline, language: Language): string {
  const zh = language === 'zh-CN';
  if (reading.value === null) return zh ? `${name[language]}：最近没有数据。` : `${name[language]}: no data just now.`;
  const usual = reading.normal ?? reading.before;
  const label = reading.normal !== null ? (zh ? '平时此刻' : 'normal at this hour') : zh ? '此前一小时' : 'the hour before';
  const times = usual !== null && usual > 0 ? reading.value / usual : null;
  const far = times !== null && times >= 2 ? (zh ? `，高 ${countTimes(times)} 倍` : `, ${countTimes(times)} times as high`) : '';
  const beside = usual === null ? '' : zh ? `，${label} ${amount(usual, unit, language)}${far}` : ` (${label} ${amount(usual, unit, language)}${far})`;
  return zh ? `${name[language]} ${amount(reading.value, unit, language)}${beside}。` : `${name[language]} ${amount(reading.value, unit, language)}${beside}.`;
}

const countTimes = (times: number): string => (times >= 10 ? String(Math.round(times)) : String(Math.round(times * 10) / 10));
const samplesText = ({ samples }: Reading, language: Language): string =>
  samples === 0 ? '' : language === 'zh-CN' ? `按最近 ${countText(samples, language)} 次计算。` : `Out of the last ${countText(samples, language)}.`;

/** Things worth a mark on a chart of this stretch of time. */
export async function marksBetween(ports: Pick<ConsolePorts, 'questions' | 'alerts' | 'incidents' | 'notices'>, span: Span) {
  const [alerts, incidents, notices] = await Promise.all([ports.questions.alertMarks({ span, limit: 40 }), ports.incidents.list({ state: 'all' }), ports.notices.list()]);
  return marksOf({ alerts, incidents, notices, rules: ports.alerts.rules() }, span);
}

export interface MarkSources {
  alerts: Awaited<ReturnType<Questions['alertMarks']>>;
  incidents: readonly IncidentEntry[];
  notices: readonly NoticeEntry[];
  rules: readonly RuleEntry[];
}

export function marksOf({ alerts, incidents, notices, rules }: MarkSources, { from, until }: Span) {
  const inside = (at: UnixMs): boolean => at >= from && at < until;
  const titles = new Map(rules.map((rule) => [rule.name, rule.title]));
  return [
    ...alerts.filter((mark) => mark.to === 'firing').map((mark) => ({ at: mark.at, kind: 'alert' as const, label: titles.get(mark.rule) ?? same(mark.rule), link: `/alerts/${mark.fingerprint}` })),
    ...incidents.filter((incident) => inside(incident.openedAt)).map((incident) => ({ at: incident.openedAt, kind: 'incident' as const, label: incident.title, link: `/incidents/${incident.id}` })),
    ...notices.filter((notice) => inside(notice.startedAt)).map((notice) => ({ at: notice.startedAt, kind: 'notice' as const, label: notice.title, link: `/notices/${notice.id}` })),
  ].sort((a, b) => a.at - b.at);
}
