import type { BoardView, HeatmapView, Mark, PanelView, SeriesView, State } from '#console/api/views.ts';
import { ago, both, chance, now, steps, wave } from './seed.ts';

const step = 60_000;
const times = steps(60, step);

function series(unit: SeriesView['unit'], lines: SeriesView['series']): PanelView['data'] {
  return { type: 'series', times, stepMs: step, unit, series: lines, partial: true };
}

function gapped(values: (number | null)[], from: number, to: number): (number | null)[] {
  return values.map((value, index) => (index >= from && index < to ? null : value));
}

function heat(jumpAt: number): HeatmapView {
  const random = chance(5);
  const bounds = [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8, 1.1, 1.6, 2.3, 3.2, 4.5];
  const cells: [number, number, number][] = [];
  for (let time = 0; time < 60; time++) {
    const centre = time < jumpAt ? 3 : 8;
    for (let row = centre - 2; row <= centre + 3; row++) cells.push([time, row, Math.round(120 * Math.exp(-((row - centre) ** 2) / 2) * (0.7 + 0.6 * random()) + 1)]);
  }
  return { times, stepMs: step, bounds, cells };
}

const panel = (id: string, [title, subtitle]: [PanelView['title'], PanelView['subtitle']], rest: Pick<PanelView, 'span' | 'data'> & Partial<PanelView>): PanelView => ({
  id,
  title,
  subtitle,
  thresholds: [],
  query: `SELECT toStartOfInterval(at, INTERVAL 60 SECOND) AS time, count() AS n\nFROM request_1m\nWHERE service = {service:String} AND at >= {from:DateTime64(3)} AND at < {to:DateTime64(3)}\nGROUP BY time ORDER BY time`,
  ageMs: 900,
  error: null,
  ...rest,
});

const mobile = wave({ n: 60, base: 0.04, sway: 0.005, noise: 0.01, seed: 7, jump: { at: 32, by: 0.34 } });
const web = wave({ n: 60, base: 0.042, sway: 0.004, noise: 0.008, seed: 11 });

export const failureRatio: PanelView = panel('login-failures', [both('登录失败率', 'Login failure ratio'), both('失败 ÷ 尝试，每分钟', 'failed ÷ attempts, per minute')], {
  span: 8,
  data: series('ratio', [
    { key: 'mobile', label: both('移动端', 'Mobile'), values: mobile, samples: 6214 },
    { key: 'web', label: both('网页端', 'Web'), values: web, samples: 8121 },
    { key: 'week:all', label: both('上周同时（全部）', 'Last week (all)'), values: wave({ n: 60, base: 0.04, sway: 0.004, noise: 0.006, seed: 3 }), samples: 13_900 },
  ]),
  thresholds: [{ value: 0.3, label: both('阈值 30%', 'threshold 30%') }],
});

export const cacheHits: PanelView = panel('captcha-cache', [both('验证码缓存命中率', 'Captcha cache hit ratio'), both('来自日志', 'from logs')], {
  span: 6,
  data: series('ratio', [
    {
      key: 'hit',
      label: both('命中率', 'Hit ratio'),
      values: wave({ n: 60, base: 0.88, sway: 0.03, noise: 0.04, seed: 17 }).map((value, index) => (index > 31 ? 0.03 + value * 0.02 : value)),
      samples: 40_000,
    },
  ]),
});

const latency: PanelView = panel('latency', [both('登录耗时', 'Login latency'), both('p50 p95 p99，n 1.6 万', 'p50 p95 p99, n 16 k')], {
  span: 6,
  data: series('seconds', [
    { key: 'p50', label: both('p50', 'p50'), values: gapped(wave({ n: 60, base: 0.18, sway: 0.01, noise: 0.02, seed: 2 }), 14, 19), samples: 16_000 },
    { key: 'p95', label: both('p95', 'p95'), values: gapped(wave({ n: 60, base: 0.6, sway: 0.05, noise: 0.06, seed: 4 }), 14, 19), samples: 16_000 },
    { key: 'p99', label: both('p99', 'p99'), values: gapped(wave({ n: 60, base: 1.3, sway: 0.1, noise: 0.3, seed: 6 }), 14, 19), samples: 16_000 },
  ]),
});

const reasons: PanelView = panel('reasons', [both('失败原因', 'Failure reasons'), both('过去 1 小时', 'last hour')], {
  span: 4,
  data: {
    type: 'top',
    distinct: 9,
    rows: [
      ['captcha', '验证码错误', 'Wrong captcha', 5421],
      ['password', '密码错误', 'Wrong password', 492],
      ['expired', '验证码过期', 'Captcha expired', 181],
      ['locked', '账号锁定', 'Account locked', 73],
      ['upstream', '上游超时', 'Upstream timeout', 47],
    ].map(([key, zh, en, value]) => ({ key: String(key), label: both(String(zh), String(en)), value: Number(value) })),
  },
});

const rowOf = (key: string, label: ReturnType<typeof both>, cells: State[]): { key: string; label: ReturnType<typeof both>; cells: State[] } => ({ key, label, cells });
const fill = (states: [State, number][]): State[] => states.flatMap(([state, n]) => Array.from({ length: n }, () => state));

const journeys: PanelView = panel('journeys', [both('各旅程状态', 'Journey states'), both('探测，3 点中 2 点', 'probes, 2 of 3 vantages')], {
  span: 12,
  data: {
    type: 'states',
    times,
    stepMs: step,
    rows: [
      rowOf(
        'mobile',
        both('移动端登录', 'Mobile login'),
        fill([
          ['ok', 32],
          ['down', 28],
        ]),
      ),
      rowOf('web', both('网页端登录', 'Web login'), fill([['ok', 60]])),
      rowOf(
        'golden',
        both('黄金发票查询', 'Golden invoice query'),
        fill([
          ['ok', 38],
          ['slow', 2],
          ['ok', 20],
        ]),
      ),
      rowOf(
        'gov',
        both('政务网入口', 'Government network'),
        fill([
          ['ok', 24],
          ['unknown', 11],
          ['ok', 25],
        ]),
      ),
    ],
  },
});

const spread: PanelView = panel('spread', [both('验证码耗时分布', 'Captcha latency'), both('每格一分钟，颜色深为多', 'one column a minute, darker is more')], {
  span: 6,
  data: { type: 'heatmap', ...heat(32) },
});
const rate: PanelView = panel('rate', [both('请求量', 'Requests'), both('每分钟', 'per minute')], {
  span: 6,
  data: series('perMinute', [{ key: 'all', label: both('全部', 'All'), values: wave({ n: 60, base: 12_400, sway: 1500, noise: 900, seed: 21 }), samples: 742_000 }]),
});
const errors: PanelView = panel('errors', [both('错误率', 'Error ratio'), both('5xx 与业务错误 ÷ 全部', '5xx and business errors ÷ all')], {
  span: 6,
  data: series('ratio', [
    { key: 'http', label: both('5xx', '5xx'), values: wave({ n: 60, base: 0.002, sway: 0.0004, noise: 0.0008, seed: 23 }), samples: 742_000 },
    { key: 'business', label: both('业务错误码', 'Business codes'), values: wave({ n: 60, base: 0.0011, sway: 0.0002, noise: 0.0006, seed: 29 }), samples: 742_000 },
  ]),
});
const broken: PanelView = panel('broken', [both('上游耗时', 'Upstream latency'), both('每分钟', 'per minute')], {
  span: 6,
  data: series('seconds', []),
  error: 'engine: memory limit reached (code 241); narrow the range',
  ageMs: 42_000,
});

export const marks: Mark[] = [
  { at: ago(36), kind: 'deploy', label: both('发布 v214', 'Deploy v214'), link: '/logs' },
  { at: ago(27), kind: 'alert', label: both('登录失败告警', 'Login alert'), link: '/alerts/a1' },
];

const board = (id: string, title: BoardView['title'], panels: PanelView[]): BoardView => ({
  id,
  title,
  sentence: {
    state: 'down',
    text: both(
      '过去一小时 6,214 次登录失败，是上周同时的 9.5 倍；96% 来自移动端，原因为“验证码错误”。',
      '6,214 login failures in the last hour, 9.5 times last week; 96% mobile, mostly “wrong captcha”.',
    ),
    detail: both('', ''),
    incidentId: 'i1',
  },
  from: new Date(now - 3_600_000).toISOString(),
  to: new Date(now).toISOString(),
  panels,
  marks,
});

export const boards: BoardView[] = [
  board('latency', both('延迟', 'Latency'), [{ ...latency, span: 8 }, { ...reasons, id: 'slow-paths', title: both('最慢的路径', 'Slowest paths') }, spread, rate, journeys]),
  board('errors', both('错误', 'Errors'), [{ ...errors, span: 8 }, reasons, rate, broken, journeys]),
  board('logins', both('登录', 'Logins'), [failureRatio, reasons, spread, latency, journeys]),
];
