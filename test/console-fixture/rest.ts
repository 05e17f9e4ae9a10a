import type { FarView } from '#console/api/far-routes.ts';
import type { SourcesView } from '#console/api/source-routes.ts';
import type { TokenMade, TokensView } from '#console/api/token-routes.ts';
import type { FaultView, HealthView, LogsView, MailView, RunbookRow, RunbookView, SessionView } from '#console/api/views.ts';
import { ago, ahead, both, chance, steps, wave } from './seed.ts';

export const session: SessionView = {
  person: { id: 'p1', name: '演示甲', email: 'jia@demo.example', role: 'admin' },
  site: { name: both('发票查询', 'Invoice query'), zone: 'Asia/Shanghai', languages: ['zh-CN', 'en'], publicUrl: 'http://127.0.0.1:8600/status' },
  demo: true,
  version: '0.1.0',
  badges: { alerts: 2, incidents: 1, notices: 0 },
  onCall: { name: '演示甲', until: ahead(540) },
};

export const runbooks: RunbookRow[] = [
  { id: 'login-captcha', title: both('登录失败（验证码）', 'Login failures (captcha)'), version: 'v7', owner: '运行保障组', steps: 9, appliesWhen: 'alertname="LoginFailures"', lastRunAt: ago(27) },
  { id: 'slow-response', title: both('响应慢', 'Slow responses'), version: 'v4', owner: '运行保障组', steps: 8, appliesWhen: 'alertname="SlowQuery"', lastRunAt: null },
];
export const runbookView = (runbook: RunbookRow): RunbookView => ({
  runbook,
  html: both(
    '<h2>适用</h2><p>登录失败率高于平时，原因多为验证码。</p><h2>原则</h2><ul><li>先确认范围，再动手</li><li>每个动作都有退路</li></ul>',
    '<h2>When</h2><p>Login failures above normal, mostly captcha.</p><h2>Principles</h2><ul><li>Scope first, then act</li><li>Every action has a way back</li></ul>',
  ),
  steps: ['确认范围', '查看验证码服务', '切换到备用验证码', '判断是否恢复', '更新公告'].map((zh, index) => ({
    number: index + 1,
    kind: ['check', 'check', 'act', 'decide', 'publish'][index] ?? 'check',
    title: both(zh, ['Confirm the scope', 'Look at the captcha service', 'Switch to standby', 'Decide whether it recovers', 'Update the notice'][index] ?? ''),
    role: '处置',
  })),
});

export const publicComponents = [
  ['query', '发票查询', 'Invoice query', 'operational', 'operational'],
  ['mobile', '移动端登录', 'Mobile login', 'partial_outage', 'operational'],
  ['web', '网页登录', 'Web login', 'operational', 'operational'],
  ['captcha', '图形验证码', 'Captcha', 'degraded_performance', 'degraded_performance'],
].map(([id, zh, en, suggested, status]) => ({ id: String(id), name: both(String(zh), String(en)), suggested, status }));

const random = chance(31);
const lines = ['GET /query 200 rt=0.214', 'POST /login 200 code=1003 验证码错误', 'GET /captcha 200 rt=1.8', '上游连接超时，重试第 2 次', 'Failed captcha for user4411 from 203.0.113.24 port 40122'];
export const logs: LogsView = {
  total: 48_213,
  next: null,
  histogram: {
    times: steps(60, 60_000),
    stepMs: 60_000,
    unit: 'count',
    partial: true,
    series: [
      { key: 'info', label: both('信息', 'info'), values: wave({ n: 60, base: 700, sway: 90, noise: 120, seed: 41 }).map(Math.round), samples: 42_000 },
      { key: 'error', label: both('错误', 'error'), values: wave({ n: 60, base: 12, sway: 4, noise: 9, seed: 43, jump: { at: 32, by: 220 } }).map(Math.round), samples: 6200 },
    ],
  },
  facets: [
    {
      name: 'service',
      values: [
        { value: 'invoice', count: 46_011 },
        { value: 'verify', count: 2202 },
      ],
    },
    {
      name: 'level',
      values: [
        { value: 'info', count: 41_877 },
        { value: 'error', count: 6214 },
        { value: 'warn', count: 122 },
      ],
    },
    {
      name: 'outcome',
      values: [
        { value: 'ok', count: 41_900 },
        { value: 'failed', count: 6214 },
      ],
    },
    {
      name: 'source',
      values: [
        { value: 'access', count: 40_100 },
        { value: 'auth', count: 8113 },
      ],
    },
  ],
  records: Array.from({ length: 60 }, (_, index) => ({
    at: ago(index / 9),
    service: 'invoice',
    source: index % 3 === 0 ? 'auth' : 'access',
    level: random() > 0.7 ? 'error' : 'info',
    body: lines[Math.floor(random() * lines.length)] ?? '',
    attributes: { 'http.request.method': 'GET', 'url.path': '/query', 'http.response.status_code': '200', 'client.address': '203.0.113.24' },
  })),
};

export const health: HealthView = {
  loops: [
    ['scheduler', 4, 0],
    ['alerts', 21, 0],
    ['dispatch', 6, 1],
    ['shipper', 33, 0],
  ].map(([name, took, backlog]) => ({
    name: String(name),
    lastRunAt: ago(0.05),
    lastDurationMs: Number(took),
    runs: 4120,
    failures: name === 'dispatch' ? { 'webhook 503': 3 } : {},
    backlog: Number(backlog),
  })) as HealthView['loops'],
  sources: [
    { id: 'access', kind: 'file', linesPerMinute: 12_400, lagMs: 310, malformed: 1, dropped: 0, lastError: null },
    { id: 'auth', kind: 'file', linesPerMinute: 240, lagMs: 280, malformed: 0, dropped: 0, lastError: null },
  ],
  counters: [
    { name: 'checks_stored', value: 86_400, help: both('已存的探测结果', 'check results stored') },
    { name: 'lines_stored', value: 742_110, help: both('已存的日志', 'log records stored') },
    { name: 'deliveries_failed', value: 3, help: both('失败的投递', 'failed deliveries') },
  ],
};

const counted = { open: 1, blank: 0, dropped: 0, duplicates: 0, longLines: 0, undecodable: 0, masked: 0, truncated: 0, lastError: null };
export const sources: SourcesView = {
  sources: [
    { ...counted, id: 'access', kind: 'file', lines: 742_111, events: 742_110, malformed: 1, masked: 10_312, linesPerMinute: 12_400, lagMs: 310 },
    { ...counted, id: 'auth', kind: 'file', lines: 20_002, events: 20_000, malformed: 2, blank: 3, linesPerMinute: 240, lagMs: 280 },
    {
      ...counted,
      id: 'gateway',
      kind: 'syslog',
      lines: 51_200,
      events: 51_200,
      malformed: 0,
      dropped: 12,
      longLines: 4,
      linesPerMinute: 900,
      lagMs: 20,
      lastError: 'a message of 70,112 bytes was cut',
    },
    { ...counted, id: 'node', kind: 'scrape', open: 1, lines: 96_400, events: 96_400, malformed: 0, linesPerMinute: 2_410, lagMs: 0, lastError: '10.0.3.7:9100: TCP: ECONNREFUSED' },
    { ...counted, id: 'remote-write', kind: 'remote-write', open: 0, lines: 1_204_000, events: 1_203_988, malformed: 0, dropped: 12, duplicates: 3, linesPerMinute: 20_150, lagMs: 420 },
  ],
  spool: { records: 2, rows: 1_240, bytes: 3_400_000, maxBytes: 2_000_000_000, full: false, droppedRows: 0, lostBytes: 0, setAsideRows: 1, lastError: null },
  letters: [
    { at: ago(12), kind: 'logs', reason: 'logs: Code: 33. DB::Exception: Cannot read all data', rows: 1, sample: '{"timestamp":1796120000000,"service":"invoice","source":"gateway","body":"…"}' },
  ],
};

export const far: FarView = {
  vantages: [
    { id: 'sh-unicom', region: '上海', carrier: '联通', lastSeenAt: ago(0.1), version: '0.1.0', offsetMs: -430, backlog: 0, rows: 8_640 },
    { id: 'gz-mobile', region: '广州', carrier: '移动', lastSeenAt: ago(4), version: '0.1.0', offsetMs: 0, backlog: 12, rows: 2_112 },
  ],
};

export const tokens: TokensView = {
  tokens: [
    { id: 't1', name: '旧的脚本', scopes: ['read'], createdAt: ago(90_000), lastUsedAt: ago(40_000), revokedAt: ago(30_000) },
    { id: 't2', name: 'prometheus', scopes: ['ingest', 'alerts', 'read'], createdAt: ago(60_000), lastUsedAt: ago(0.5), revokedAt: null },
    { id: 't3', name: '上海联通', scopes: ['collector'], createdAt: ago(9_000), lastUsedAt: null, revokedAt: null },
  ],
};
export const newToken: TokenMade = { id: 't4', token: 'fh_shown-this-once' };

export const faults: FaultView[] = [
  ['slow', '响应变慢', 'Slow answers'],
  ['hang', '请求挂起', 'Requests hang'],
  ['errors', '返回 500', 'HTTP 500'],
  ['wrong-answer', '查询结果错误', 'Wrong answers'],
  ['missing-invoices', '查不到发票', 'Missing invoices'],
  ['captcha-broken', '验证码判错', 'Captcha broken'],
  ['brute-force', '撞库', 'Brute force'],
  ['down', '服务停止', 'Service down'],
].map(([name, zh, en]) => ({ name: String(name), label: both(String(zh), String(en)), on: name === 'captcha-broken', until: name === 'captcha-broken' ? ahead(1.6) : null }));

export const mails: MailView[] = ['[严重] 登录失败率过高 · 发票查询', 'Re: [严重] 登录失败率过高 · 发票查询'].map((subject, index) => ({
  id: `m${index}`,
  at: ago(27 - index * 3),
  from: '烽火 <alerts@demo.example>',
  to: ['duty@demo.example'],
  subject,
  text: `移动端 38.2% > 30%，持续 2 分钟。\n确认：http://127.0.0.1:8600/ack/demo\n`,
  html: '<h2 style="font-family:sans-serif">登录失败率过高</h2><p>移动端 38.2% &gt; 30%，持续 2 分钟。</p>',
  headers: { 'message-id': `<a1-${index}@demo.example>`, references: '<a1-0@demo.example>' },
}));
