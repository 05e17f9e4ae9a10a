import type { SilencesView } from '#console/api/alert-routes.ts';
import type { AlertRow, AlertView, ComponentRow, IncidentRow, NoticeView, OverviewView, State, VantageCell } from '#console/api/views.ts';
import { failureRatio } from './panels.ts';
import { ago, ahead, both, wave } from './seed.ts';

const strip = (states: [State, number][]): State[] => states.flatMap(([state, n]) => Array.from({ length: n }, () => state));
const component = (id: string, name: ComponentRow['name'], rest: Pick<ComponentRow, 'state' | 'strip'> & Partial<ComponentRow>): ComponentRow => ({
  id,
  name,
  service: 'invoice',
  availability24h: 0.9997,
  coverage24h: 1,
  p95Seconds: 0.58,
  errorRatio: 0.0022,
  loginFailureRatio: null,
  ...rest,
});

const components: ComponentRow[] = [
  component('query', both('发票查询', 'Invoice query'), { state: 'ok', availability24h: 0.9998, p95Seconds: 1.24, errorRatio: 0.0031, strip: strip([['ok', 60]]) }),
  component('mobile', both('移动端登录', 'Mobile login'), {
    state: 'down',
    availability24h: 0.9912,
    p95Seconds: 0.62,
    errorRatio: 0.004,
    loginFailureRatio: 0.382,
    strip: strip([
      ['ok', 31],
      ['slow', 2],
      ['down', 27],
    ]),
  }),
  component('web', both('网页登录', 'Web login'), { state: 'ok', loginFailureRatio: 0.043, strip: strip([['ok', 60]]) }),
  component('captcha', both('图形验证码', 'Captcha'), {
    state: 'slow',
    availability24h: 0.9971,
    p95Seconds: 2.31,
    errorRatio: 0.009,
    strip: strip([
      ['ok', 29],
      ['slow', 31],
    ]),
  }),
  component('verify', both('发票查验', 'Invoice verification'), {
    state: 'ok',
    availability24h: 0.9999,
    p95Seconds: 0.94,
    errorRatio: 0.0012,
    strip: strip([
      ['ok', 41],
      ['slow', 1],
      ['ok', 18],
    ]),
  }),
  component('download', both('发票下载', 'Invoice download'), {
    state: 'unknown',
    availability24h: null,
    coverage24h: 0.61,
    p95Seconds: null,
    errorRatio: null,
    strip: strip([
      ['ok', 38],
      ['unknown', 22],
    ]),
  }),
  component('issue', both('开票受理', 'Invoice issuing'), {
    state: 'maintenance',
    availability24h: null,
    coverage24h: 0.4,
    p95Seconds: null,
    errorRatio: null,
    strip: strip([
      ['ok', 20],
      ['maintenance', 40],
    ]),
  }),
];

const vantages: VantageCell[] = [
  ['bj', '北京'],
  ['tj', '天津'],
  ['sh', '上海'],
].flatMap(([code, region], row) =>
  ['电信', '联通', '移动', '教育网', '政务网'].map((carrier, column): VantageCell => {
    const state: State = column === 2 ? 'down' : row === 1 && column === 3 ? 'unknown' : row === 2 && column === 1 ? 'slow' : 'ok';
    return {
      vantage: `${code}-${column}`,
      region: String(region),
      carrier,
      state,
      p50Ms: state === 'slow' ? 812 : state === 'unknown' ? null : 45 + row * 6 + column * 3,
      failing: state === 'down' ? 3 : 0,
      of: 3,
    };
  }),
);

export const incidentRow: IncidentRow = {
  id: 'i1',
  number: '2026-0117',
  title: both('移动端登录失败：验证码错误激增', 'Mobile login fails: wrong captcha surges'),
  level: 'sev2',
  state: 'declared',
  service: 'invoice',
  openedAt: ago(27.2),
  endedAt: null,
  commander: '演示甲',
  runbook: {
    id: 'login-captcha',
    title: both('登录失败（验证码）', 'Login failures (captcha)'),
    step: 3,
    steps: 9,
    stepTitle: both('切换到备用验证码', 'Switch to the standby captcha'),
    dueAt: ahead(6.3),
  },
};
export const incidentRows: IncidentRow[] = [
  incidentRow,
  {
    ...incidentRow,
    id: 'i0',
    number: '2026-0116',
    title: both('征期首日查询变慢', 'Queries slow on the first filing day'),
    level: 'sev3',
    state: 'closed',
    openedAt: ago(8600),
    endedAt: ago(8512),
    runbook: null,
    commander: '演示乙',
  },
];

const alert = (fingerprint: string, rest: Partial<AlertRow> & Pick<AlertRow, 'summary' | 'why' | 'severity' | 'since'>): AlertRow => ({
  fingerprint,
  episode: `${fingerprint}-1`,
  rule: 'LoginFailures',
  labels: { alertname: 'LoginFailures', service: 'invoice', reason: 'captcha', severity: rest.severity },
  state: 'firing',
  service: 'invoice',
  serviceName: both('发票查询', 'Invoice query'),
  resolvedAt: null,
  value: 0.382,
  runbook: 'login-captcha',
  runbookTitle: both('登录失败（验证码）', 'Login failures (captcha)'),
  acknowledgement: null,
  mutedBy: [],
  deliveries: [],
  next: null,
  incidentId: null,
  ...rest,
});
export const silences: SilencesView = {
  silences: [
    { id: 's1', matchers: ['alertname="SlowAnswers"', 'service="verify"'], startsAt: ago(20), endsAt: ahead(100), createdBy: '演示乙', comment: '上游在做升级', state: 'active' },
    { id: 's2', matchers: ['service="query"'], startsAt: ago(600), endsAt: ago(500), createdBy: '演示甲', comment: '', state: 'expired' },
  ],
};

export const alerts: AlertRow[] = [
  alert('a1', {
    summary: both('登录失败率过高', 'Login failures too high'),
    why: both('移动端 38.2% > 30%，持续 2 分钟，6,214 次尝试', 'mobile 38.2% > 30% for 2 min, 6,214 attempts'),
    severity: 'critical',
    since: ago(27),
    acknowledgement: { by: '演示甲', at: ago(25.8) },
    incidentId: 'i1',
    deliveries: [
      { channel: 'email', receiver: 'ops', to: 'duty@demo.example', at: ago(26.9), state: 'delivered', detail: '250 2.0.0 queued' },
      { channel: 'webhook', receiver: 'ops', to: 'http://127.0.0.1:9000/hook', at: ago(26.9), state: 'retrying', detail: '503，8 秒后再试' },
    ],
    next: { text: both('未恢复则再次通知', 'notified again unless it recovers'), at: ahead(213) },
  }),
  alert('a3', {
    rule: 'ProbeFailing',
    labels: { alertname: 'ProbeFailing', probe: 'mobile-login', service: 'invoice', severity: 'critical' },
    summary: both('移动端登录旅程失败', 'Mobile login journey fails'),
    why: both('3 个探测点中 3 个连续 2 次失败：验证码失败', '3 of 3 vantages failed twice: captcha failed'),
    severity: 'critical',
    since: ago(26.5),
    value: 3,
    incidentId: 'i1',
    next: { text: both('升级到 二线', 'escalates to second line'), at: ahead(4.2) },
    deliveries: [{ channel: 'email', receiver: 'ops', to: 'duty@demo.example', at: ago(26.4), state: 'sent', detail: null }],
  }),
  alert('a2', {
    rule: 'CertificateExpiring',
    labels: { alertname: 'CertificateExpiring', probe: 'verify-home', service: 'verify', severity: 'warning' },
    service: 'verify',
    summary: both('证书将到期', 'Certificate expires soon'),
    why: both('查验入口还有 13 天，少于 14 天', 'verification entry: 13 days left, below 14'),
    severity: 'warning',
    since: ago(2950),
    value: 13,
    runbook: null,
    mutedBy: [{ by: 'silence', text: both('演示乙：已下单，等新证书', '演示乙: ordered, waiting for the new one'), until: ahead(600) }],
  }),
];
export const alertView = (found: AlertRow): AlertView => ({
  alert: found,
  history: [
    { at: ago(29), from: 'inactive', to: 'pending', value: 0.31 },
    { at: ago(27), from: 'pending', to: 'firing', value: 0.36 },
  ],
  ruleYaml: 'alert: LoginFailures\nkind: ratio\nof: login.failed\nover: login.attempts\nby: [service, reason]\nwindow: 5m\nabove: 0.3\nrecover_below: 0.2\nmin_events: 50\nfor: 2m\n',
  series: failureRatio.data.type === 'series' ? failureRatio.data : null,
  thresholds: failureRatio.thresholds,
});

export const notice: NoticeView = {
  id: 'n1',
  incidentId: 'i1',
  title: both('手机端登录提示“验证码错误”', 'Mobile login says “wrong captcha”'),
  status: 'identified',
  impact: 'major',
  components: ['mobile'],
  startedAt: ago(23),
  resolvedAt: null,
  nextUpdateAt: ahead(4.8),
  updates: [
    {
      at: ago(14),
      by: '演示丙',
      status: 'identified',
      body: both('原因在验证码服务。您输入的验证码即使正确也可能被判错。', 'The cause lies in the captcha service. A correct captcha may be refused.'),
      advice: both('请先用网页端登录；不需要更换密码。', 'Please sign in on the web; no need to change your password.'),
    },
    {
      at: ago(23),
      by: '演示丙',
      status: 'investigating',
      body: both('10:32 起，部分用户无法在手机端登录。', 'Since 10:32 some users cannot sign in on mobile.'),
      advice: both('请先用网页端登录。', 'Please sign in on the web.'),
    },
  ],
};

const figure = (value: number, unit: 'ratio' | 'seconds', rest: { state?: State; normal: number; spark: number[]; samples: number }): OverviewView['errorRatio'] => ({
  value,
  unit,
  state: 'ok',
  ...rest,
});
export const overview: OverviewView = {
  at: ago(0),
  sentence: {
    state: 'down',
    text: both('登录失败率 38%，平时此刻 4%。10:32 起，影响移动端登录；原因多为“验证码错误”。', 'Login failures at 38%, usually 4% at this hour. Since 10:32, mobile login; mostly “wrong captcha”.'),
    detail: both(
      '已通知值班一线，演示甲 10:33 确认。预案「登录失败（验证码）」进行到第 3 步，共 9 步。',
      'First line was told, 演示甲 acknowledged at 10:33. Runbook “Login failures (captcha)” is at step 3 of 9.',
    ),
    incidentId: 'i1',
  },
  availability: {
    ...figure(0.9962, 'ratio', { normal: 0.9991, samples: 86_400, spark: wave({ n: 60, base: 0.999, sway: 0.0003, noise: 0.0005, seed: 5, jump: { at: 32, by: -0.003 } }) }),
    target: 0.999,
    coverage: 1,
  },
  latencyP95: figure(1.24, 'seconds', { normal: 1.18, samples: 482_000, spark: wave({ n: 60, base: 1.15, sway: 0.12, noise: 0.12, seed: 8 }) }),
  errorRatio: figure(0.0031, 'ratio', { normal: 0.0028, samples: 482_000, spark: wave({ n: 60, base: 0.0028, sway: 0.0005, noise: 0.0012, seed: 9 }) }),
  loginFailureRatio: figure(0.382, 'ratio', { state: 'down', normal: 0.04, samples: 6214, spark: wave({ n: 60, base: 0.04, sway: 0.006, noise: 0.012, seed: 7, jump: { at: 32, by: 0.33 } }) }),
  components,
  vantages,
  alerts: alerts.filter((each) => each.fingerprint !== 'a3'),
  incidents: [incidentRow],
  recent: [
    { at: ago(27), kind: 'alert', label: both('登录失败率过高', 'Login failures too high'), link: '/alerts/a1' },
    { at: ago(27.2), kind: 'incident', label: incidentRow.title, link: '/incidents/i1' },
  ],
  next: [
    { what: 'noticeUpdate', label: both('公众公告下次更新', 'Next public update'), at: ahead(4.8), text: null },
    { what: 'escalation', label: both('升级到二线', 'Escalate to second line'), at: null, text: both('已确认，不升级', 'acknowledged, no') },
    { what: 'notification', label: both('再次通知', 'Notify again'), at: ahead(213), text: null },
    { what: 'maintenance', label: both('计划维护', 'Maintenance'), at: null, text: both('周六 22:00–02:00', 'Sat 22:00–02:00') },
  ],
};
