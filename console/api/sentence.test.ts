import { describe, expect, it, test } from 'vitest';
import { minute, unixMs } from '#lib/time.ts';
import { overviewSentence, type SentenceFacts, type Trouble, worstFirst } from './sentence.ts';

/** 10:59 on 24 November 2026 in Shanghai. */
const now = unixMs(Date.UTC(2026, 10, 24, 2, 59));
const at = (minutes: number) => unixMs(now - minutes * minute);
const place = { 'zh-CN': '发票查询', en: 'Invoice query' };

const calm: SentenceFacts = {
  now,
  zone: 'Asia/Shanghai',
  troubles: [],
  incident: null,
  components: [
    { name: { 'zh-CN': '发票查询', en: 'Invoice query' }, state: 'ok' },
    { name: { 'zh-CN': '移动端登录', en: 'Mobile login' }, state: 'ok' },
  ],
  newestCheckAt: at(0),
  staleAfterMs: 60_000,
  availability: { value: 0.99982, target: 0.999, coverage: 1 },
  latencySeconds: 1.24,
  errorRatio: 0.0031,
  loginFailureRatio: 0.04,
};
const trouble: Trouble = {
  fingerprint: 'f',
  state: 'firing',
  severity: 'critical',
  place,
  since: at(27),
  subject: { kind: 'errors', value: 0.38, normal: 0.003, before: 0.002, reason: null, probes: null },
  told: [{ who: 'ops', channel: 'email', at: at(26), arrived: true }],
  untold: null,
  acknowledged: null,
};
const incident: NonNullable<SentenceFacts['incident']> = {
  id: 'i1',
  title: { 'zh-CN': '查询错误', en: 'Query errors' },
  openedAt: at(26),
  runbook: { title: { 'zh-CN': '登录失败（验证码）', en: 'Login failures (captcha)' }, step: 3, steps: 9, stepTitle: { 'zh-CN': '切换备用验证码', en: 'Switch to the backup captcha' } },
};

interface Case {
  name: string;
  facts: Partial<SentenceFacts>;
  state: string;
  zh: string;
  en: string;
  zhDetail?: string;
  enDetail?: string;
}
const cases: Case[] = [
  {
    name: 'errors: what, normal, since when, who was told',
    facts: { troubles: [trouble] },
    state: 'down',
    zh: '发票查询错误率 38%，平时此刻 0.3%。10:32 起。',
    en: 'Invoice query: error ratio 38%, normally 0.3% at this hour. Since 10:32.',
    zhDetail: '10:33 已邮件通知 ops，还没有人确认。其余 2 个组件正常。',
    enDetail: 'ops was told by e-mail at 10:33; nobody has acknowledged yet. The other 2 components are fine.',
  },
  {
    name: 'logins: the commonest reason, the acknowledgement, the runbook step',
    facts: {
      troubles: [
        {
          ...trouble,
          subject: { kind: 'logins', value: 0.382, normal: 0.04, before: null, reason: { 'zh-CN': '验证码错误', en: 'wrong captcha' }, probes: null },
          acknowledged: { by: '演示甲', at: at(26) },
        },
      ],
      incident,
    },
    state: 'down',
    zh: '发票查询登录失败率 38%，平时此刻 4%。10:32 起；原因多为“验证码错误”。',
    en: 'Invoice query: login failure ratio 38%, normally 4% at this hour. Since 10:32; mostly “wrong captcha”.',
    zhDetail: '10:33 已邮件通知 ops，演示甲 10:33 确认。预案「登录失败（验证码）」进行到第 3 步，共 9 步：切换备用验证码。其余 2 个组件正常。',
    enDetail: 'ops was told by e-mail at 10:33; 演示甲 acknowledged at 10:33. Runbook “Login failures (captcha)” is at step 3 of 9: Switch to the backup captcha. The other 2 components are fine.',
  },
  {
    name: 'latency without a history of days falls back on the hour before and says so',
    facts: { troubles: [{ ...trouble, subject: { kind: 'latency', value: 4.2, normal: null, before: 1.18, reason: null, probes: null } }] },
    state: 'down',
    zh: '发票查询耗时 p95 4.2 秒，此前一小时 1.18 秒。10:32 起。',
    en: 'Invoice query: latency p95 4.2 s, 1.18 s in the hour before. Since 10:32.',
  },
  {
    name: 'a failing probe whose cause the logs know: the cause first, the probe beside it',
    facts: { troubles: [{ ...trouble, subject: { kind: 'errors', value: 0.38, normal: 0.003, before: null, reason: null, probes: { failing: 3, of: 3 } } }] },
    state: 'down',
    zh: '发票查询错误率 38%，平时此刻 0.3%，3 个探测点全部失败。10:32 起。',
    en: 'Invoice query: error ratio 38%, normally 0.3% at this hour; failing at all 3 vantages. Since 10:32.',
  },
  {
    name: 'nothing to compare with is not made up',
    facts: { troubles: [{ ...trouble, subject: { kind: 'errors', value: 0.38, normal: null, before: null, reason: null, probes: null } }] },
    state: 'down',
    zh: '发票查询错误率 38%。10:32 起。',
    en: 'Invoice query: error ratio 38%. Since 10:32.',
  },
  {
    name: 'a wrong answer at HTTP 200 is said in words',
    facts: {
      troubles: [
        {
          ...trouble,
          subject: {
            kind: 'probe',
            probe: { 'zh-CN': '发票旅程', en: 'Invoice journey' },
            failure: { 'zh-CN': '查询结果错误（金额 100 应为 120）', en: 'wrong answer (amount 100, expected 120)' },
            failing: 3,
            of: 3,
          },
        },
      ],
    },
    state: 'down',
    zh: '探测「发票旅程」失败：查询结果错误（金额 100 应为 120），3 个探测点都是如此。10:32 起。',
    en: 'Probe “Invoice journey” fails: wrong answer (amount 100, expected 120) at all 3 vantages. Since 10:32.',
  },
  {
    name: 'one vantage says nothing of vantages',
    facts: { troubles: [{ ...trouble, subject: { kind: 'probe', probe: { 'zh-CN': '首页', en: 'Home' }, failure: null, failing: 1, of: 1 } }] },
    state: 'down',
    zh: '探测「首页」失败。10:32 起。',
    en: 'Probe “Home” fails. Since 10:32.',
  },
  {
    name: 'an alert from outside keeps its own words',
    facts: { troubles: [{ ...trouble, severity: 'warning', subject: { kind: 'other', title: { 'zh-CN': '磁盘将满', en: 'Disk nearly full' }, why: { 'zh-CN': '剩 3%。', en: '3% left.' } } }] },
    state: 'slow',
    zh: '磁盘将满：剩 3%。10:32 起。',
    en: 'Disk nearly full: 3% left. Since 10:32.',
  },
  {
    name: 'several alerts: the worst is told, the others are counted',
    facts: { troubles: [{ ...trouble, severity: 'warning', since: at(50), fingerprint: 'g' }, trouble, { ...trouble, fingerprint: 'h', since: at(5) }] },
    state: 'down',
    zh: '发票查询错误率 38%，平时此刻 0.3%。10:32 起；另有 2 条告警。',
    en: 'Invoice query: error ratio 38%, normally 0.3% at this hour. Since 10:32; 2 more alerts are active.',
  },
  {
    name: 'pending is not yet certain',
    facts: { troubles: [{ ...trouble, state: 'pending', since: at(1), told: [] }] },
    state: 'slow',
    zh: '正在确认：发票查询错误率 38%，平时此刻 0.3%。10:58 起。',
    en: 'Being confirmed: Invoice query: error ratio 38%, normally 0.3% at this hour. Since 10:58.',
    zhDetail: '还没有通知任何人。其余 2 个组件正常。',
    enDetail: 'Nobody has been told yet. The other 2 components are fine.',
  },
  {
    name: 'a muted alert says why nobody was told',
    facts: { troubles: [{ ...trouble, told: [], untold: { 'zh-CN': '演示甲静默到 11:30', en: 'silenced by 演示甲 until 11:30' } }], components: [] },
    state: 'down',
    zh: '发票查询错误率 38%，平时此刻 0.3%。10:32 起。',
    en: 'Invoice query: error ratio 38%, normally 0.3% at this hour. Since 10:32.',
    zhDetail: '还没有通知任何人：演示甲静默到 11:30，还没有人确认。',
    enDetail: 'Nobody has been told: silenced by 演示甲 until 11:30; nobody has acknowledged yet.',
  },
  {
    name: 'queued is not told',
    facts: { troubles: [{ ...trouble, told: [{ who: 'ops', channel: 'email', at: at(1), arrived: false }] }], components: [] },
    state: 'down',
    zh: '发票查询错误率 38%，平时此刻 0.3%。10:32 起。',
    en: 'Invoice query: error ratio 38%, normally 0.3% at this hour. Since 10:32.',
    zhDetail: '通知还没有送达，还没有人确认。',
    enDetail: 'The notification has not arrived yet; nobody has acknowledged yet.',
  },
  {
    name: 'a fault that began on another day names the day',
    facts: { troubles: [{ ...trouble, since: unixMs(now - 26 * 60 * minute) }] },
    state: 'down',
    zh: '发票查询错误率 38%，平时此刻 0.3%。11月23日 08:59 起。',
    en: 'Invoice query: error ratio 38%, normally 0.3% at this hour. Since Nov 23 08:59.',
  },
  {
    name: 'all is well, with the figures',
    facts: {},
    state: 'ok',
    zh: '一切正常。',
    en: 'All is well.',
    zhDetail: '24 小时可用率 99.98%（目标 99.9%），耗时 p95 1.24 秒，错误率 0.31%，登录失败率 4%。',
    enDetail: '24 h availability 99.98% (target 99.9%), latency p95 1.24 s, error ratio 0.31%, login failures 4%.',
  },
  {
    name: 'unknown and maintenance are not passed over',
    facts: { components: [...calm.components, { name: { 'zh-CN': '发票下载', en: 'Download' }, state: 'unknown' }, { name: { 'zh-CN': '开票受理', en: 'Issuing' }, state: 'maintenance' }] },
    state: 'ok',
    zh: '一切正常；发票下载没有足够的数据，开票受理维护中。',
    en: 'All is well; not enough data about Download, Issuing under maintenance.',
  },
  {
    name: 'when nothing is known, nothing is well',
    facts: { components: [{ name: place, state: 'unknown' }] },
    state: 'unknown',
    zh: '所有组件都没有足够的数据，现在的状态未知。',
    en: 'Not enough data about any component: how things are now is not known.',
  },
  {
    name: 'nothing is watched yet',
    facts: { newestCheckAt: null, nothingWatched: true },
    state: 'unknown',
    zh: '还没有配置探测，现在的状态未知。',
    en: 'No probe is configured: how things are now is not known.',
  },
  { name: 'before the first check', facts: { newestCheckAt: null }, state: 'unknown', zh: '还没有数据。', en: 'No data yet.' },
  {
    name: 'stale data is not good news',
    facts: { newestCheckAt: at(3) },
    state: 'unknown',
    zh: '数据停在 10:56（3 分钟前），现在的状态未知。',
    en: 'Data stopped at 10:56, 3 min ago: how things are now is not known.',
  },
  {
    name: 'a failing component without an alert',
    facts: { components: [{ name: place, state: 'down' }, ...calm.components.slice(1)] },
    state: 'down',
    zh: '发票查询探测失败，还没有触发告警。',
    en: 'Invoice query failing; no alert has fired yet.',
    zhDetail: '其余 1 个组件正常。',
    enDetail: 'The other component is fine.',
  },
  {
    name: 'a slow component without an alert',
    facts: { components: [{ name: place, state: 'slow' }] },
    state: 'slow',
    zh: '发票查询变慢，还没有触发告警。',
    en: 'Invoice query slow; no alert has fired yet.',
  },
  {
    name: 'the fault is gone and the incident still open',
    facts: { incident },
    state: 'slow',
    zh: '故障信号已消失，事件「查询错误」还没有关闭。',
    en: 'The fault is no longer seen; the incident “Query errors” is still open.',
    zhDetail: '10:33 开始。预案「登录失败（验证码）」进行到第 3 步，共 9 步：切换备用验证码。',
    enDetail: 'Open since 10:33. Runbook “Login failures (captcha)” is at step 3 of 9: Switch to the backup captcha.',
  },
];

describe('the sentence', () => {
  test.each(cases)('$name', ({ facts, state, zh, en, zhDetail, enDetail }) => {
    const said = overviewSentence({ ...calm, ...facts });
    expect(said.text).toEqual({ 'zh-CN': zh, en });
    expect(said.state).toBe(state);
    if (zhDetail !== undefined) expect(said.detail['zh-CN']).toBe(zhDetail);
    if (enDetail !== undefined) expect(said.detail.en).toBe(enDetail);
  });

  it('firing comes before pending, critical before warning, the older before the younger', () => {
    const order = worstFirst([
      { ...trouble, fingerprint: 'pending', state: 'pending' },
      { ...trouble, fingerprint: 'warning', severity: 'warning', since: at(90) },
      { ...trouble, fingerprint: 'young', since: at(1) },
      { ...trouble, fingerprint: 'old', since: at(60) },
    ]);
    expect(order.map((one) => one.fingerprint)).toEqual(['old', 'young', 'warning', 'pending']);
  });
});
