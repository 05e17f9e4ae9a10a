import type { CheckView, ProbeRow, ProbeView, StripCell } from '#console/api/views.ts';
import { boards } from './panels.ts';
import { ago, ahead, both, steps, wave } from './seed.ts';

const strip = (bad: StripCell, from: number, to: number): StripCell[] => Array.from({ length: 60 }, (_, index) => (index >= from && index < to ? bad : 'pass'));
const probe = (id: string, kind: string, rest: Partial<ProbeRow>): ProbeRow => ({
  id,
  name: both(id, id),
  kind,
  service: 'invoice',
  target: `http://127.0.0.1:8601/${id}`,
  intervalMs: 10_000,
  state: 'ok',
  flapping: false,
  lastAt: ago(0.1),
  lastReason: null,
  failureKind: null,
  p50Ms: 48,
  p95Ms: 122,
  availability24h: 0.9998,
  coverage24h: 0.998,
  vantages: ['bj-telecom', 'tj-unicom', 'sh-mobile'],
  strip: strip('pass', 0, 0),
  ...rest,
});
export const probes: ProbeRow[] = [
  probe('mobile-login', 'journey', {
    state: 'down',
    lastReason: '第 3 步 login：验证码错误（code 1003）',
    failureKind: 'captcha',
    p50Ms: 612,
    p95Ms: 1430,
    availability24h: 0.9912,
    strip: strip('fail', 44, 60),
  }),
  probe('invoice-journey', 'journey', { p50Ms: 540, p95Ms: 1240 }),
  probe('invoice-home', 'http', { flapping: true, strip: Array.from({ length: 60 }, (_, index) => (index > 36 && index % 5 < 2 ? 'fail' : 'pass')) }),
  probe('invoice-export', 'http', { state: 'maintenance', coverage24h: 0.91, strip: strip('maintenance', 30, 60) }),
  probe('captcha', 'http', { state: 'slow', p50Ms: 1810, p95Ms: 2310, strip: strip('slow', 40, 60), lastReason: '慢于 1 秒' }),
  probe('verify-home', 'http', { service: 'verify', availability24h: 0.9999 }),
  probe('download', 'http', { state: 'unknown', availability24h: null, coverage24h: 0.61, p50Ms: null, p95Ms: null, strip: strip('unknown', 38, 60), lastReason: '探测点断联' }),
];

const check = (minutes: number, rest: Partial<CheckView>): CheckView => ({
  at: ago(minutes),
  vantage: 'bj-telecom',
  durationMs: 610,
  outcome: 'fail',
  failureKind: 'captcha',
  reason: '验证码错误（code 1003）',
  phases: { dns: 1, connect: 2, firstByte: 580, body: 4 },
  evidence: { step: 'login', status: 200, code: '1003', body: '{"code":"1003","msg":"验证码错误"}' },
  attempt: 0,
  maintenance: false,
  ...rest,
});
const id = (digit: string, ending: string): string => `${digit.repeat(32)}.${ending}`;
/** What a journey in a browser leaves behind. */
const pictured = check(0.05, {
  durationMs: 2410,
  failureKind: 'mismatch',
  reason: 'query: amount: "1280.01" ≠ "1280.00"',
  phases: {},
  evidence: {
    step: 'query',
    steps: [
      { name: 'open', ms: 410 },
      { name: 'read-captcha', ms: 55 },
      { name: 'login', ms: 890 },
      { name: 'query', ms: 640 },
    ],
    difference: [
      { field: 'amount', expected: '1280.00', got: '1280.01' },
      { field: 'seller', expected: '演示科技有限公司', got: null },
    ],
    url: 'http://127.0.0.1:8601/query',
    peakMemoryMb: 412,
    artifacts: { screenshot: id('a', 'jpg'), waterfall: id('b', 'json'), trace: id('c', 'zip') },
  },
});
const request = (startMs: number, ms: number | null, rest: Record<string, unknown>) => ({ method: 'GET', url: 'http://127.0.0.1:8601/', type: 'fetch', status: 200, startMs, ms, ...rest });
export const artifacts: Record<string, { type: string; body: string }> = {
  [id('a', 'jpg')]: {
    type: 'image/svg+xml',
    body: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 800"><rect width="1280" height="800" fill="#f2f4f7"/><rect x="160" y="120" width="960" height="420" rx="8" fill="#fff" stroke="#cbd2da"/><text x="200" y="190" font-size="30" fill="#1c2733">发票查询</text><text x="200" y="270" font-size="24" fill="#1c2733">金额 1280.01</text></svg>',
  },
  [id('b', 'json')]: {
    type: 'application/json',
    body: JSON.stringify({
      requests: [
        request(0, 120, { type: 'document' }),
        request(130, 40, { url: 'http://127.0.0.1:8601/app.js', type: 'script' }),
        request(140, 60, { url: 'http://127.0.0.1:8601/app.css', type: 'stylesheet' }),
        request(420, 50, { url: 'http://127.0.0.1:8601/api/captcha?ts=17' }),
        request(900, 610, { method: 'POST', url: 'http://127.0.0.1:8601/api/login' }),
        request(1500, 220, { url: 'http://127.0.0.1:8601/api/query?number=26990000000000000012' }),
        request(1510, 12, { url: 'http://metrics.demo.example/beacon', status: null, error: 'net::ERR_FAILED' }),
        request(1600, null, { url: 'http://127.0.0.1:8601/api/notices', status: null }),
      ],
      dropped: 3,
      consoleErrors: ['Failed to load resource: net::ERR_FAILED', 'TypeError: seller is undefined'],
    }),
  },
};
export function probeView(row: ProbeRow): ProbeView {
  const bad = row.state === 'down';
  const heat = boards[2]?.panels.find((panel) => panel.data.type === 'heatmap')?.data;
  return {
    probe: row,
    yaml: `id: ${row.id}\nkind: ${row.kind}\nservice: ${row.service}\nurl: ${row.target}\ninterval: 10s\ntimeout: 5s\nslow_after: 1s\nheaders:\n  authorization: •••\n`,
    latency: {
      times: steps(60, 60_000),
      stepMs: 60_000,
      unit: 'seconds',
      partial: true,
      series: ['p50', 'p95'].map((key, index) => ({
        key,
        label: both(key, key),
        values: wave({ n: 60, base: (row.p50Ms ?? 50) / 1000 + index * 0.4, sway: 0.02, noise: 0.05, seed: index + 3 }),
        samples: 360,
      })),
    },
    heatmap: heat?.type === 'heatmap' ? heat : { times: [], stepMs: 60_000, bounds: [], cells: [] },
    failures: bad
      ? [pictured, check(0.1, {}), check(0.3, { attempt: 1, vantage: 'tj-unicom' }), check(0.4, { vantage: 'sh-mobile', failureKind: 'timeout', reason: '5 秒内没有答复', durationMs: 5000 })]
      : [],
    recent: Array.from({ length: 12 }, (_, index) => check(index / 6, bad ? {} : { outcome: 'pass', failureKind: null, reason: null, durationMs: 40 + index })),
    waterfall: [
      ['dns', 1.2, 4],
      ['connect', 2.1, 6],
      ['tls', 14, 31],
      ['firstByte', 402, 1020],
      ['body', 8, 22],
    ].map(([phase, p50, p95]) => ({ phase: String(phase), p50Ms: Number(p50), p95Ms: Number(p95) })),
    rules: bad
      ? [
          { name: 'ProbeFailing', title: both('拨测失败', 'Probe failing'), state: 'firing' },
          { name: 'SlowQuery', title: both('查询变慢', 'Queries slow'), state: 'ok' },
        ]
      : [{ name: 'ProbeFailing', title: both('拨测失败', 'Probe failing'), state: 'ok' }],
    runsFrom: [
      { id: 'bj-telecom', name: '北京 · 电信' },
      { id: 'sh-unicom', name: '上海 · 联通' },
    ],
    expiries: [
      { what: 'certificate', at: ahead(60 * 24 * 9.5) },
      { what: 'domain', at: ahead(60 * 24 * 211) },
    ],
  };
}
