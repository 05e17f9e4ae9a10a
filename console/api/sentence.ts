import type { Bilingual, Language } from '#lib/text.ts';
import type { UnixMs } from '#lib/time.ts';
import type { Sentence, State } from './views.ts';
import { amount, both, clockText, percent, secondsText, spanText } from './words.ts';

/** What an alert looks at, as far as a sentence can name it in plain words. */
export type Subject =
  | { kind: 'errors' | 'logins' | 'latency'; value: number | null; normal: number | null; before: number | null; reason: Bilingual | null; probes: { failing: number; of: number } | null }
  | { kind: 'probe'; probe: Bilingual; failure: Bilingual | null; failing: number; of: number }
  | { kind: 'other'; title: Bilingual; why: Bilingual };

export interface Trouble {
  fingerprint: string;
  state: 'pending' | 'firing';
  severity: 'info' | 'warning' | 'critical';
  /** The service or component it befalls. */
  place: Bilingual;
  since: UnixMs;
  subject: Subject;
  told: readonly { who: string; channel: string; at: UnixMs; arrived: boolean }[];
  /** Why nobody was told, when nobody was. */
  untold: Bilingual | null;
  acknowledged: { by: string; at: UnixMs } | null;
}

export interface SentenceFacts {
  now: UnixMs;
  zone: string;
  troubles: readonly Trouble[];
  incident: { id: string; title: Bilingual; openedAt: UnixMs; runbook: { title: Bilingual; step: number; steps: number; stepTitle: Bilingual } | null } | null;
  components: readonly { name: Bilingual; state: State }[];
  /** Nothing is configured to be watched. */
  nothingWatched?: boolean;
  /** When the last check was stored, and how old it may be. */
  newestCheckAt: UnixMs | null;
  staleAfterMs: number;
  availability: { value: number | null; target: number; coverage: number };
  latencySeconds: number | null;
  errorRatio: number | null;
  loginFailureRatio: number | null;
}

const weight = { critical: 0, warning: 1, info: 2 };
/** Firing before pending, critical before warning, and of equals the one that began first: it is more often the cause. */
export const worstFirst = (troubles: readonly Trouble[]): readonly Trouble[] =>
  [...troubles].sort((a, b) => Number(a.state === 'pending') - Number(b.state === 'pending') || weight[a.severity] - weight[b.severity] || a.since - b.since);

/** The line every reader sees first: what is wrong in plain words, since when, what is normal, who was told, where the runbook stands. */
export function overviewSentence(facts: SentenceFacts): Sentence {
  const incidentId = facts.incident?.id ?? null;
  const [worst, ...others] = worstFirst(facts.troubles);
  if (worst) {
    const text = both((language) => troubleText(worst, others.length, { facts, language }));
    const state = worst.state === 'pending' || worst.severity !== 'critical' ? 'slow' : 'down';
    return { state, text, detail: both((language) => troubleDetail(worst, { facts, language })), incidentId };
  }
  return { ...quiet(facts), incidentId };
}

interface Telling {
  facts: SentenceFacts;
  language: Language;
}

function troubleText(trouble: Trouble, others: number, { facts, language }: Telling): string {
  const zh = language === 'zh-CN';
  const since = clockText(trouble.since, { ...facts, language });
  const what = subjectText(trouble, language);
  const pending = trouble.state === 'pending' ? (zh ? '正在确认：' : 'Being confirmed: ') : '';
  const begun = zh ? `${since} 起` : `Since ${since}`;
  const extra = others === 0 ? '' : zh ? `；另有 ${others} 条告警` : `; ${others} more ${others === 1 ? 'alert is' : 'alerts are'} active`;
  const why = reasonText(trouble, language);
  return zh ? `${pending}${what}。${begun}${why}${extra}。` : `${pending}${what}. ${begun}${why}${extra}.`;
}

function subjectText({ subject, place }: Trouble, language: Language): string {
  const zh = language === 'zh-CN';
  const where = place[language];
  if (subject.kind === 'other') return `${subject.title[language]}${zh ? '：' : ': '}${ending(subject.why[language])}`;
  if (subject.kind === 'probe') {
    const failure = subject.failure ? (zh ? `：${ending(subject.failure[language])}` : `: ${ending(subject.failure[language])}`) : '';
    const all = subject.failing === subject.of;
    const seen = zh
      ? all
        ? `，${subject.of} 个探测点都是如此`
        : `，${subject.of} 个探测点中 ${subject.failing} 个如此`
      : all
        ? ` at all ${subject.of} vantages`
        : ` at ${subject.failing} of ${subject.of} vantages`;
    const points = subject.of > 1 ? seen : '';
    return zh ? `探测「${subject.probe[language]}」失败${failure}${points}` : `Probe “${subject.probe[language]}” fails${failure}${points}`;
  }
  const names = { errors: ['错误率', 'error ratio'], logins: ['登录失败率', 'login failure ratio'], latency: ['耗时 p95', 'latency p95'] } as const;
  const unit = subject.kind === 'latency' ? 'seconds' : 'ratio';
  const [zhName, enName] = names[subject.kind];
  const value = subject.value === null ? (zh ? '异常' : 'is not as it should be') : amount(subject.value, unit, language);
  // 登录 + 登录失败率 says the word once.
  const head = zh
    ? `${zhName.startsWith(where) ? '' : where}${zhName} ${value}`
    : enName.startsWith(where.toLowerCase())
      ? `${where}${enName.slice(where.length)} ${value}`
      : `${where}: ${enName} ${value}`;
  return `${head}${usual(subject, unit, language)}${pointsText(subject.probes, language)}`;
}

/** What the probes outside see of the same thing. */
function pointsText(probes: { failing: number; of: number } | null, language: Language): string {
  if (probes === null || probes.failing === 0) return '';
  if (probes.of <= 1) return language === 'zh-CN' ? '，探测失败' : '; the probe fails';
  if (language === 'zh-CN') return probes.failing === probes.of ? `，${probes.of} 个探测点全部失败` : `，${probes.of} 个探测点中 ${probes.failing} 个失败`;
  return probes.failing === probes.of ? `; failing at all ${probes.of} vantages` : `; failing at ${probes.failing} of ${probes.of} vantages`;
}

const ending = (text: string): string => text.replace(/[。.；;，,\s]+$/, '');

/** "平时此刻" only when earlier days hold this hour; else the hour before, and said so. */
function usual({ normal, before }: { normal: number | null; before: number | null }, unit: 'ratio' | 'seconds', language: Language): string {
  const zh = language === 'zh-CN';
  if (normal !== null) return zh ? `，平时此刻 ${amount(normal, unit, language)}` : `, normally ${amount(normal, unit, language)} at this hour`;
  if (before !== null) return zh ? `，此前一小时 ${amount(before, unit, language)}` : `, ${amount(before, unit, language)} in the hour before`;
  return '';
}

function reasonText({ subject }: Trouble, language: Language): string {
  if (!('reason' in subject) || subject.reason === null) return '';
  return language === 'zh-CN' ? `；原因多为“${subject.reason[language]}”` : `; mostly “${subject.reason[language]}”`;
}

function troubleDetail(trouble: Trouble, telling: Telling): string {
  const parts = [toldText(trouble, telling), runbookText(telling), restText(telling)].filter((part) => part !== '');
  return parts.join(telling.language === 'zh-CN' ? '' : ' ');
}

function toldText(trouble: Trouble, { facts, language }: Telling): string {
  const zh = language === 'zh-CN';
  const at = (instant: UnixMs) => clockText(instant, { ...facts, language });
  const seen = trouble.acknowledged
    ? zh
      ? `，${trouble.acknowledged.by} ${at(trouble.acknowledged.at)} 确认`
      : `; ${trouble.acknowledged.by} acknowledged at ${at(trouble.acknowledged.at)}`
    : zh
      ? '，还没有人确认'
      : '; nobody has acknowledged yet';
  const arrived = trouble.told.filter((one) => one.arrived);
  if (arrived.length > 0) {
    const who = [...new Set(arrived.map((one) => one.who))].slice(0, 3).join(zh ? '、' : ', ');
    const first = Math.min(...arrived.map((one) => one.at)) as UnixMs;
    const channel = channelNames[arrived[0]?.channel ?? '']?.[language] ?? arrived[0]?.channel ?? '';
    return zh ? `${at(first)} 已${channel}通知 ${who}${seen}。` : `${who} ${who.includes(',') ? 'were' : 'was'} told by ${channel} at ${at(first)}${seen}.`;
  }
  if (trouble.told.length > 0) return zh ? `通知还没有送达${seen}。` : `The notification has not arrived yet${seen}.`;
  if (trouble.untold) return zh ? `还没有通知任何人：${ending(trouble.untold[language])}${seen}。` : `Nobody has been told: ${ending(trouble.untold[language])}${seen}.`;
  if (trouble.state === 'pending') return zh ? '还没有通知任何人。' : 'Nobody has been told yet.';
  return zh ? `还没有通知任何人${seen}。` : `Nobody has been told yet${seen}.`;
}

const channelNames: Record<string, Bilingual> = {
  email: { 'zh-CN': '邮件', en: 'e-mail' },
  webhook: { 'zh-CN': '回调', en: 'webhook' },
  phone: { 'zh-CN': '电话', en: 'phone' },
  sms: { 'zh-CN': '短信', en: 'text message' },
};

function runbookText({ facts, language }: Telling): string {
  const runbook = facts.incident?.runbook;
  if (!facts.incident) return '';
  if (!runbook) return language === 'zh-CN' ? '事件已打开，还没有附上预案。' : 'An incident is open without a runbook.';
  return language === 'zh-CN'
    ? `预案「${runbook.title[language]}」进行到第 ${runbook.step} 步，共 ${runbook.steps} 步：${ending(runbook.stepTitle[language])}。`
    : `Runbook “${runbook.title[language]}” is at step ${runbook.step} of ${runbook.steps}: ${ending(runbook.stepTitle[language])}.`;
}

function restText({ facts, language }: Telling): string {
  const fine = facts.components.filter((component) => component.state === 'ok').length;
  if (facts.components.length === 0 || fine === 0) return '';
  return language === 'zh-CN' ? `其余 ${fine} 个组件正常。` : fine === 1 ? 'The other component is fine.' : `The other ${fine} components are fine.`;
}

/** Nothing fires: stale and unknown come before any good word. */
function quiet(facts: SentenceFacts): Omit<Sentence, 'incidentId'> {
  const { newestCheckAt, now } = facts;
  if (newestCheckAt === null && facts.nothingWatched)
    return {
      state: 'unknown',
      text: { 'zh-CN': '还没有配置探测，现在的状态未知。', en: 'No probe is configured: how things are now is not known.' },
      detail: { 'zh-CN': '在 fenghuo.yaml 的 probes 里写一个，保存后自动载入。', en: 'Write one under probes in fenghuo.yaml; it is taken up when saved.' },
    };
  if (newestCheckAt === null)
    return {
      state: 'unknown',
      text: { 'zh-CN': '还没有数据。', en: 'No data yet.' },
      detail: { 'zh-CN': '正在等第一批探测结果，通常十几秒就有。', en: 'Waiting for the first check results; they usually come within seconds.' },
    };
  if (now - newestCheckAt > facts.staleAfterMs) {
    return {
      state: 'unknown',
      text: both((language) =>
        language === 'zh-CN'
          ? `数据停在 ${clockText(newestCheckAt, { ...facts, language })}（${spanText(now - newestCheckAt, language)}前），现在的状态未知。`
          : `Data stopped at ${clockText(newestCheckAt, { ...facts, language })}, ${spanText(now - newestCheckAt, language)} ago: how things are now is not known.`,
      ),
      detail: { 'zh-CN': '探测结果没有送到。请看「设置 › 系统健康」里采集与存储的情况。', en: 'Check results are not arriving. See collection and storage under Settings › System health.' },
    };
  }
  if (facts.incident) return recovering(facts, facts.incident);
  const troubled = facts.components.filter((component) => component.state === 'down' || component.state === 'slow');
  if (troubled.length > 0) return unalerted(facts, troubled);
  return allWell(facts);
}

function recovering(facts: SentenceFacts, incident: NonNullable<SentenceFacts['incident']>): Omit<Sentence, 'incidentId'> {
  return {
    state: 'slow',
    text: both((language) =>
      language === 'zh-CN' ? `故障信号已消失，事件「${incident.title[language]}」还没有关闭。` : `The fault is no longer seen; the incident “${incident.title[language]}” is still open.`,
    ),
    detail: both((language) => {
      const opened = clockText(incident.openedAt, { ...facts, language });
      const begun = language === 'zh-CN' ? `${opened} 开始。` : `Open since ${opened}.`;
      return [begun, runbookText({ facts, language })].filter((part) => part !== '').join(language === 'zh-CN' ? '' : ' ');
    }),
  };
}

function unalerted(facts: SentenceFacts, troubled: SentenceFacts['components']): Omit<Sentence, 'incidentId'> {
  const isDown = troubled.some((component) => component.state === 'down');
  const names = (language: Language) =>
    troubled
      .slice(0, 3)
      .map((component) => component.name[language])
      .join(language === 'zh-CN' ? '、' : ', ');
  const more = (language: Language) => (troubled.length <= 3 ? '' : language === 'zh-CN' ? ` 等 ${troubled.length} 个组件` : ` and ${troubled.length - 3} more`);
  return {
    state: isDown ? 'down' : 'slow',
    text: both((language) =>
      language === 'zh-CN'
        ? `${names(language)}${more(language)}${isDown ? '探测失败' : '变慢'}，还没有触发告警。`
        : `${names(language)}${more(language)} ${isDown ? 'failing' : 'slow'}; no alert has fired yet.`,
    ),
    detail: both((language) => restText({ facts, language })),
  };
}

function allWell(facts: SentenceFacts): Omit<Sentence, 'incidentId'> {
  const unknown = facts.components.filter((component) => component.state === 'unknown');
  const maintained = facts.components.filter((component) => component.state === 'maintenance');
  const list = (language: Language, some: SentenceFacts['components']) =>
    some
      .slice(0, 3)
      .map((component) => component.name[language])
      .join(language === 'zh-CN' ? '、' : ', ');
  const text = both((language) => {
    const zh = language === 'zh-CN';
    const extra = [
      unknown.length > 0 ? (zh ? `${list(language, unknown)}没有足够的数据` : `not enough data about ${list(language, unknown)}`) : '',
      maintained.length > 0 ? (zh ? `${list(language, maintained)}维护中` : `${list(language, maintained)} under maintenance`) : '',
    ].filter((part) => part !== '');
    if (facts.components.length > 0 && unknown.length === facts.components.length)
      return zh ? '所有组件都没有足够的数据，现在的状态未知。' : 'Not enough data about any component: how things are now is not known.';
    return zh ? `一切正常${extra.length > 0 ? `；${extra.join('，')}` : ''}。` : `All is well${extra.length > 0 ? `; ${extra.join(', ')}` : ''}.`;
  });
  const blind = facts.components.length > 0 && unknown.length === facts.components.length;
  return { state: blind ? 'unknown' : 'ok', text, detail: both((language) => figuresText(facts, language)) };
}

function figuresText(facts: SentenceFacts, language: Language): string {
  const zh = language === 'zh-CN';
  const { availability } = facts;
  const parts = [
    availability.value === null
      ? ''
      : zh
        ? `24 小时可用率 ${percent(availability.value)}（目标 ${percent(availability.target)}）`
        : `24 h availability ${percent(availability.value)} (target ${percent(availability.target)})`,
    facts.latencySeconds === null ? '' : zh ? `耗时 p95 ${secondsText(facts.latencySeconds, language)}` : `latency p95 ${secondsText(facts.latencySeconds, language)}`,
    facts.errorRatio === null ? '' : zh ? `错误率 ${percent(facts.errorRatio)}` : `error ratio ${percent(facts.errorRatio)}`,
    facts.loginFailureRatio === null ? '' : zh ? `登录失败率 ${percent(facts.loginFailureRatio)}` : `login failures ${percent(facts.loginFailureRatio)}`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `${parts.join(zh ? '，' : ', ')}${zh ? '。' : '.'}`;
}
