import type { Span } from '#lib/series.ts';
import type { Bilingual } from '#lib/text.ts';
import { day, iso, type UnixMs, unixMs } from '#lib/time.ts';
import { failureName, lastWeek, lineName, loginReasonName, probeName } from './names.ts';
import type { Catalogue, RuleEntry } from './ports.ts';
import type { LineQuestion, Questions, Scope } from './questions.ts';
import { compared, heatmapView, type Naming, seriesView, topView } from './series-view.ts';
import { heldStates, stripStates } from './states.ts';
import type { PanelData, SeriesView } from './views.ts';

/** One drawable question: what it is called, how wide, which rule draws its threshold, and how it is read. */
export interface Panel {
  id: string;
  title: Bilingual;
  subtitle: Bilingual;
  /** Columns of 12. */
  span: number;
  /** Rules of this measure draw their limits on it. */
  measure: string | null;
  read(asked: PanelQuestion): Promise<{ data: PanelData; sql: string }>;
}

export interface PanelQuestion {
  questions: Questions;
  catalogue: Catalogue;
  span: Span;
  now: UnixMs;
  scope: Scope;
  compare: 'none' | 'week';
}

const linesOf = ({ span, now, scope }: PanelQuestion): LineQuestion => ({ span, now, scope });
const weekBefore = (question: LineQuestion): LineQuestion => ({ ...question, span: { from: unixMs(question.span.from - 7 * day), until: unixMs(question.span.until - 7 * day) } });

type Ask = (question: LineQuestion) => ReturnType<Questions['requestRate']>;
/** A time series, with last week's lines over it when asked. */
async function lines(asked: PanelQuestion, ask: Ask, { unit, name = lineName }: { unit: SeriesView['unit']; name?: Naming }): Promise<{ data: PanelData; sql: string }> {
  const question = linesOf(asked);
  const [current, before] = await Promise.all([ask(question), asked.compare === 'week' ? ask(weekBefore(question)) : undefined]);
  const view = seriesView(current, unit, name);
  return { data: { type: 'series', ...(before ? compared(view, before, (key) => lastWeek(name(key))) : view) }, sql: current.sql };
}

async function ranking(asked: Promise<Awaited<ReturnType<Questions['loginReasons']>>>, name?: Naming): Promise<{ data: PanelData; sql: string }> {
  const found = await asked;
  return { data: { type: 'top', ...topView(found, name) }, sql: found.sql };
}

/** A check speaks for its probe until the next is due: that many cells hold its state, and half as many again for one that is late. */
const heldCells = (catalogue: Catalogue, id: string, stepMs: number): number => Math.ceil(((catalogue.probes.find((probe) => probe.id === id)?.intervalMs ?? 0) * 1.5) / stepMs);

/** Where people tried to log in and none failed for a reason, that reason is zero and not unknown. */
async function loginFailureLines(asked: PanelQuestion): Promise<{ data: PanelData; sql: string }> {
  const ask: Ask = async (question) => {
    const [failures, tried] = await Promise.all([asked.questions.loginFailures(question), asked.questions.loginFailureRatio(question)]);
    const known = new Set(tried.times.filter((_, index) => tried.lines.some((line) => (line.values[index] ?? null) !== null)));
    return { ...failures, lines: failures.lines.map((line) => ({ ...line, values: line.values.map((value, index) => value ?? (known.has(failures.times[index] ?? unixMs(0)) ? 0 : null)) })) };
  };
  return lines(asked, ask, { unit: 'perMinute', name: loginReasonName });
}

const quantiles = [0.5, 0.95, 0.99];

/** Every panel there is, by id; boards and runbook steps name them. */
export const panels: readonly Panel[] = [
  {
    id: 'request-latency',
    title: { 'zh-CN': '请求耗时', en: 'Request latency' },
    subtitle: { 'zh-CN': 'p50 p95 p99，来自访问日志', en: 'p50 p95 p99, from the access log' },
    span: 8,
    measure: 'request.duration:p95',
    read: (asked) => lines(asked, (question) => asked.questions.requestLatency({ ...question, by: 'all', quantiles }), { unit: 'seconds' }),
  },
  {
    id: 'route-latency',
    title: { 'zh-CN': '各接口耗时 p95', en: 'Latency p95 by route' },
    subtitle: { 'zh-CN': '请求最多的 10 个', en: 'the ten busiest' },
    span: 6,
    measure: 'request.duration:p95',
    read: (asked) => lines(asked, (question) => asked.questions.requestLatency({ ...question, by: 'route', quantiles: [0.95] }), { unit: 'seconds' }),
  },
  {
    id: 'slow-routes',
    title: { 'zh-CN': '最慢的接口', en: 'Slowest routes' },
    subtitle: { 'zh-CN': 'p95，秒', en: 'p95, seconds' },
    span: 4,
    measure: null,
    read: (asked) => ranking(asked.questions.slowRoutes({ ...linesOf(asked), limit: 8 })),
  },
  {
    id: 'request-heatmap',
    title: { 'zh-CN': '耗时分布', en: 'Latency distribution' },
    subtitle: { 'zh-CN': '颜色越深请求越多', en: 'darker means more requests' },
    span: 6,
    measure: null,
    async read(asked) {
      const heat = await asked.questions.requestHeatmap(linesOf(asked));
      return { data: { type: 'heatmap', ...heatmapView(heat) }, sql: heat.sql };
    },
  },
  {
    id: 'captcha-heatmap',
    title: { 'zh-CN': '验证码耗时分布', en: 'Captcha latency distribution' },
    subtitle: { 'zh-CN': '颜色越深请求越多', en: 'darker means more requests' },
    span: 6,
    measure: null,
    async read(asked) {
      const heat = await asked.questions.requestHeatmap({ ...linesOf(asked), scope: { ...asked.scope, routes: ['/captcha*', '/api/captcha*'] } });
      return { data: { type: 'heatmap', ...heatmapView(heat) }, sql: heat.sql };
    },
  },
  {
    id: 'probe-latency',
    title: { 'zh-CN': '探测耗时 p95', en: 'Probe latency p95' },
    subtitle: { 'zh-CN': '从外面看，各探测', en: 'from outside, by probe' },
    span: 6,
    measure: 'check.duration:p95',
    read: (asked) => lines(asked, (question) => asked.questions.checkLatency({ ...question, by: 'probe', quantiles: [0.95] }), { unit: 'seconds', name: probeName(asked.catalogue) }),
  },
  {
    id: 'probe-failures',
    title: { 'zh-CN': '探测失败率', en: 'Probe failure ratio' },
    subtitle: { 'zh-CN': '失败 ÷ 探测，各探测', en: 'failed ÷ checks, by probe' },
    span: 6,
    measure: 'check.failed/check.total',
    read: (asked) => lines(asked, (question) => asked.questions.checkFailureRatio({ ...question, by: 'probe' }), { unit: 'ratio', name: probeName(asked.catalogue) }),
  },
  {
    id: 'probe-states',
    title: { 'zh-CN': '各探测状态', en: 'Probe states' },
    subtitle: { 'zh-CN': '每格取最差的一次', en: 'each cell is the worst of its time' },
    span: 12,
    measure: null,
    async read(asked) {
      const states = await asked.questions.checkStates(linesOf(asked));
      const name = probeName(asked.catalogue);
      const rows = states.rows.map((row) => ({ key: row.key, label: name(row.key), cells: heldStates(stripStates(row.cells), heldCells(asked.catalogue, row.key, states.stepMs)) }));
      return { data: { type: 'states', times: states.times.map(iso), stepMs: states.stepMs, rows }, sql: states.sql };
    },
  },
  {
    id: 'request-error-ratio',
    title: { 'zh-CN': '错误率', en: 'Error ratio' },
    subtitle: { 'zh-CN': '错误 ÷ 请求', en: 'errors ÷ requests' },
    span: 8,
    measure: 'request.errors/request.total',
    read: (asked) => lines(asked, (question) => asked.questions.requestErrorRatio({ ...question, by: 'all' }), { unit: 'ratio' }),
  },
  {
    id: 'route-error-ratio',
    title: { 'zh-CN': '各接口错误率', en: 'Error ratio by route' },
    subtitle: { 'zh-CN': '请求最多的 10 个', en: 'the ten busiest' },
    span: 6,
    measure: 'request.errors/request.total',
    read: (asked) => lines(asked, (question) => asked.questions.requestErrorRatio({ ...question, by: 'route' }), { unit: 'ratio' }),
  },
  {
    id: 'request-rate',
    title: { 'zh-CN': '请求量', en: 'Requests' },
    subtitle: { 'zh-CN': '每分钟', en: 'per minute' },
    span: 6,
    measure: null,
    read: (asked) => lines(asked, (question) => asked.questions.requestRate(question), { unit: 'perMinute' }),
  },
  {
    id: 'error-routes',
    title: { 'zh-CN': '出错最多的接口', en: 'Routes with most errors' },
    subtitle: { 'zh-CN': '次', en: 'count' },
    span: 4,
    measure: null,
    read: (asked) => ranking(asked.questions.errorRoutes({ ...linesOf(asked), limit: 8 })),
  },
  {
    id: 'error-statuses',
    title: { 'zh-CN': '错误状态码', en: 'Error statuses' },
    subtitle: { 'zh-CN': '次', en: 'count' },
    span: 6,
    measure: null,
    read: (asked) => ranking(asked.questions.errorStatuses({ ...linesOf(asked), limit: 8 })),
  },
  {
    id: 'failure-kinds',
    title: { 'zh-CN': '探测失败的种类', en: 'Kinds of probe failures' },
    subtitle: { 'zh-CN': '次', en: 'count' },
    span: 6,
    measure: null,
    read: (asked) => ranking(asked.questions.failureKinds(linesOf(asked)), failureName),
  },
  {
    id: 'login-failure-ratio',
    title: { 'zh-CN': '登录失败率', en: 'Login failure ratio' },
    subtitle: { 'zh-CN': '失败 ÷ 尝试', en: 'failed ÷ attempts' },
    span: 8,
    measure: 'login.failed/login.attempts',
    read: (asked) => lines(asked, (question) => asked.questions.loginFailureRatio(question), { unit: 'ratio' }),
  },
  {
    id: 'login-failures',
    title: { 'zh-CN': '登录失败', en: 'Login failures' },
    subtitle: { 'zh-CN': '每分钟，按原因', en: 'per minute, by reason' },
    span: 6,
    measure: null,
    read: loginFailureLines,
  },
  {
    id: 'login-reasons',
    title: { 'zh-CN': '失败原因', en: 'Failure reasons' },
    subtitle: { 'zh-CN': '次', en: 'count' },
    span: 4,
    measure: null,
    read: (asked) => ranking(asked.questions.loginReasons({ ...linesOf(asked), limit: 8 }), loginReasonName),
  },
  {
    id: 'login-clients',
    title: { 'zh-CN': '来源地址', en: 'Client addresses' },
    subtitle: { 'zh-CN': '按失败次数', en: 'by failures' },
    span: 6,
    measure: null,
    read: (asked) => ranking(asked.questions.loginClients({ ...linesOf(asked), limit: 8 })),
  },
  {
    id: 'login-latency',
    title: { 'zh-CN': '登录耗时', en: 'Login latency' },
    subtitle: { 'zh-CN': 'p50 p95 p99', en: 'p50 p95 p99' },
    span: 6,
    measure: null,
    read: (asked) =>
      lines({ ...asked, scope: { ...asked.scope, routes: ['/login*', '/api/login*'] } }, (question) => asked.questions.requestLatency({ ...question, by: 'all', quantiles }), { unit: 'seconds' }),
  },
];

const known = new Map(panels.map((panel) => [panel.id, panel]));
export const panelById = (id: string): Panel | undefined => known.get(id);

/** The limits that rules of this measure set, as lines on the panel. */
export function thresholdsFor(measure: string | null, rules: readonly RuleEntry[]): { value: number; label: Bilingual }[] {
  if (measure === null) return [];
  return rules
    .filter((rule) => rule.measure === measure)
    .flatMap((rule) => [rule.above, rule.below].flatMap((value) => (value === null ? [] : [{ value, label: { 'zh-CN': `告警阈值 · ${rule.title['zh-CN']}`, en: `alert limit · ${rule.title.en}` } }])));
}
