import type { Alert } from '#alerts/alert.ts';
import type { Heat, Lines, Ranking, Reading } from '#lib/series.ts';
import { durationMs, minute, second, type UnixMs, unixMs } from '#lib/time.ts';
import { fakePeople, fakeTokens, type Heard } from './fake-people.ts';
import type { AlertEntry, ConsolePorts, IncidentEntry, IncidentRoom, NoticeEntry } from './ports.ts';
import type { Questions, RecentCheck } from './questions.ts';
import { same } from './words.ts';

/** Ports for tests: small, real enough, and everything that was told is kept in `told`. */
export const fakeNow = unixMs(Date.UTC(2026, 10, 24, 2, 59, 0));

export const reading = (value: number | null, normal: number | null = null): Reading => ({
  value,
  samples: value === null ? 0 : 1_200,
  normal,
  before: null,
  spark: Array.from({ length: 60 }, () => value),
});
const lines = (key: string): Lines => ({ times: [unixMs(fakeNow - minute), fakeNow], stepMs: minute, partial: true, lines: [{ key, values: [0.1, null], samples: 40 }], sql: 'SELECT 1' });
const heat: Heat = { times: [fakeNow], stepMs: minute, bounds: [0.5, 1], cells: [[0, 0, 3]], sql: 'SELECT 1' };
const ranking: Ranking = { rows: [{ key: 'captcha', value: 30 }], distinct: 1, sql: 'SELECT 1' };

const failedCheck: RecentCheck = { probe: 'home', vantage: 'bj', at: fakeNow, durationMs: 31, outcome: 'fail', failureKind: 'status', reason: '状态码 500', maintenance: false };

export const fakeQuestions: Questions = {
  errorRatioNow: async () => reading(0.38, 0.003),
  latencyNow: async () => reading(1.24, 1.18),
  loginFailureNow: async () => reading(0.04, 0.04),
  availabilityNow: async () => reading(0.9962),
  probeMinutes: async () => [{ probe: 'home', strip: `${'o'.repeat(58)}dd` }],
  probeDays: async () => [{ probe: 'home', vantage: 'bj', good: 8_600, known: 8_630, total: 8_640, minutes: 1_430, since: unixMs(fakeNow - 86_400_000) }],
  probeSpeeds: async () => [{ probe: 'home', p50: 0.05, p95: 0.12, samples: 360 }],
  recentChecks: async () => [{ ...failedCheck, at: unixMs(fakeNow - second) }],
  routeFigures: async () => [{ service: 'invoice', route: '/query', total: 100, errors: 38 }],
  loginFigures: async () => [{ service: 'invoice', attempts: 50, failed: 2 }],
  checkRecords: async () => [{ ...failedCheck, phases: { connect: 1 }, evidence: { status: 500 }, attempt: 0 }],
  phaseTimes: async () => [{ phase: 'connect', p50Ms: 1, p95Ms: 2 }],
  checkHeatmap: async () => heat,
  checkLatency: async () => lines('p95'),
  checkFailureRatio: async () => lines('all'),
  checkStates: async () => ({ times: [fakeNow], stepMs: minute, rows: [{ key: 'home', cells: 'd' }], sql: 'SELECT 1' }),
  failureKinds: async () => ranking,
  requestLatency: async () => lines('p95'),
  requestHeatmap: async () => heat,
  requestErrorRatio: async () => lines('all'),
  requestRate: async () => lines('total'),
  slowRoutes: async () => ranking,
  errorRoutes: async () => ranking,
  errorStatuses: async () => ranking,
  loginFailureRatio: async () => lines('all'),
  loginFailures: async () => lines('captcha'),
  loginReasons: async () => ranking,
  loginClients: async () => ranking,
  logs: async () => ({ total: 1, histogram: lines('info'), facets: [], records: [{ at: fakeNow, service: 'invoice', source: 'access', level: 'info', body: 'GET /', attributes: {} }], next: null }),
  alertMarks: async () => [{ at: fakeNow, rule: 'Errors', fingerprint: 'f1', to: 'firing' }],
  logShapes: async () => ({
    total: 3,
    sampled: 3,
    every: 1,
    whole: true,
    shapes: [{ text: 'captcha wrong for <n>', fixed: false, count: 3, before: 0, level: 'warn', services: ['invoice'], firstAt: fakeNow, counts: [1, 2], example: 'captcha wrong for 7' }],
  }),
  newest: async () => ({ checks: fakeNow, logs: null }),
  sql: async ({ statement }) =>
    statement.startsWith('DROP') ? { ok: false, code: 'refused', message: 'only a SELECT statement is answered here' } : { ok: true, meta: [{ name: 'n', type: 'UInt8' }], data: [{ n: 1 }], rows: 1 },
};

export const fakeAlert: Alert = {
  state: 'firing',
  activeAt: unixMs(fakeNow - 27 * minute),
  firedAt: unixMs(fakeNow - 26 * minute),
  clearSince: null,
  fingerprint: 'f1',
  episode: 'e1',
  rule: 'Errors',
  labels: { alertname: 'Errors', service: 'invoice', severity: 'critical' },
  annotations: { runbook: 'errors' },
  value: 0.38,
  why: { 'zh-CN': '错误率 38% > 5%', en: 'error ratio 38% > 5%' },
  sight: 'ok',
  flapping: false,
  title: { 'zh-CN': '查询错误率过高', en: 'Query errors' },
  memory: { missingSince: null, flips: [] },
  outside: null,
  acknowledgement: null,
  evaluatedAt: fakeNow,
};
export const fakeEntry: AlertEntry = {
  alert: fakeAlert,
  mutedBy: [],
  deliveries: [{ channel: 'email', receiver: 'ops', to: 'a@example', at: unixMs(fakeNow - 26 * minute), state: 'sent', detail: null }],
  next: { text: same('repeat'), at: unixMs(fakeNow + minute) },
};
export const fakeIncident: IncidentEntry = {
  id: 'i1',
  number: '2026-0117',
  title: { 'zh-CN': '查询错误', en: 'Query errors' },
  level: 'sev2',
  state: 'declared',
  service: 'invoice',
  openedAt: unixMs(fakeNow - 26 * minute),
  endedAt: null,
  commander: null,
  runbook: { id: 'errors', title: { 'zh-CN': '查询错误', en: 'Errors' }, step: 3, steps: 9, stepTitle: { 'zh-CN': '切换备用', en: 'Switch over' }, dueAt: unixMs(fakeNow + 6 * minute) },
  alerts: ['f1'],
};
const fakeRoom: IncidentRoom = {
  incident: fakeIncident,
  runId: 'r1',
  mode: 'live',
  roles: [{ role: 'commander', label: same('指挥'), person: null }],
  nextUpdateDueAt: null,
  timeline: [{ id: '1', at: fakeNow, actor: '系统', kind: 'alert', tone: 'bad', text: same('告警'), link: null }],
  steps: [
    {
      id: 's1',
      number: 1,
      kind: 'check',
      title: same('看'),
      bodyHtml: same('<p>看</p>'),
      role: 'expert',
      accountable: null,
      state: 'open',
      arm: null,
      openedAt: fakeNow,
      closedAt: null,
      closedBy: null,
      note: null,
      dueAt: null,
      gate: null,
      choices: [],
      action: null,
      panels: ['request-error-ratio'],
      evidence: null,
      draft: null,
    },
  ],
  runbookVersion: '1',
};
const fakeNotice: NoticeEntry = {
  id: 'n1',
  incidentId: 'i1',
  title: same('公告'),
  status: 'investigating',
  impact: 'minor',
  components: ['query'],
  startedAt: fakeNow,
  resolvedAt: null,
  nextUpdateAt: unixMs(fakeNow + 5 * minute),
  updates: [],
};

export interface Told {
  what: string;
  ask: unknown;
}

export function fakePorts(changes: Partial<ConsolePorts> = {}): ConsolePorts & { told: Told[] } {
  const told: Told[] = [];
  const heard = (what: string) => async (ask: unknown) => {
    told.push({ what, ask });
    return { ok: true as const, value: { id: 'new' } };
  };
  return {
    told,
    site: () => ({
      name: { 'zh-CN': '发票查询', en: 'Invoice query' },
      zone: 'Asia/Shanghai',
      languages: ['zh-CN', 'en'],
      publicUrl: 'http://127.0.0.1:8600',
      demo: true,
      version: '0.1.0',
      availabilityTarget: 0.999,
    }),
    catalogue: () => ({
      services: [{ id: 'invoice', name: { 'zh-CN': '发票查询', en: 'Invoice query' } }],
      components: [{ id: 'query', name: { 'zh-CN': '发票查询', en: 'Invoice query' }, service: 'invoice', probes: ['home'], logins: true }],
      probes: [{ id: 'home', kind: 'http', service: 'invoice', target: 'http://127.0.0.1:8601/', intervalMs: durationMs(10_000), vantages: ['bj'], yaml: 'id: home\n' }],
      vantages: [{ id: 'bj', region: '北京', carrier: '电信' }],
    }),
    questions: fakeQuestions,
    people: fakePeople,
    tokens: fakeTokens(heard, fakeNow),
    onCall: async () => ({ name: '演示甲', until: null }),
    audit: { append: async (entry) => void told.push({ what: 'audit', ask: entry }) },
    alerts: fakeAlertDesk(heard),
    incidents: fakeIncidentDesk(heard),
    runbooks: fakeShelf,
    notices: {
      list: async () => [fakeNotice],
      components: async () => [{ id: 'query', name: same('查询'), suggested: 'major_outage', status: 'operational' }],
      publish: heard('notices.publish'),
      update: heard('notices.update'),
      setStatus: heard('notices.setStatus'),
      statusAnswer: ({ path }) => (path === '/status' ? { status: 200, headers: { 'content-type': 'text/html' }, body: 'fine' } : null),
    },
    probes: {
      run: async ({ id, vantage, now }) =>
        id === 'home' ? { probeId: 'home', service: 'invoice', vantage: vantage ?? 'bj', at: now, durationMs: durationMs(5), outcome: { kind: 'pass' }, phases: {}, evidence: {}, attempt: 0 } : null,
    },
    ingest: fakeIngest,
    beats: { take: async ({ token }) => token === 'a-known-token' },
    health: fakeHealth,
    outside: null,
    far: null,
    editing: null,
    demo: {
      faults: async () => [{ name: 'errors', label: same('错误'), on: false, until: null }],
      setFault: heard('demo.setFault'),
      inbox: async () => [{ id: 'm', at: fakeNow, from: 'a', to: ['b'], subject: '主题', text: '', html: '', headers: {} }],
    },
    ...changes,
  };
}

const fakeHealth: ConsolePorts['health'] = {
  loops: () => [{ name: 'scheduler', lastRunAt: fakeNow, lastDurationMs: durationMs(2), runs: 3, failures: { 'a "quoted"\nreason': 1 }, backlog: 0 }],
  sources: () => [
    {
      ...{ id: 'access', kind: 'file', open: 1, lines: 10, events: 9, malformed: 1, blank: 0, dropped: 0, duplicates: 0, longLines: 0, undecodable: 0, masked: 0, truncated: 0 },
      ...{ linesPerMinute: 60, lagMs: 12, lastError: null },
    },
  ],
  spool: () => ({ records: 0, rows: 0, bytes: 0, maxBytes: 1_000, full: false, droppedRows: 0, lostBytes: 0, setAsideRows: 0, lastError: null }),
  letters: async () => [],
  counters: () => [{ name: 'deliveries.sent.total', value: 4, help: same('sent') }],
  unready: async () => [],
};

const noSuchBody = async () => ({ status: 400, contentType: 'application/json', body: '{"code":3}' });
const fakeIngest: ConsolePorts['ingest'] = { lines: async () => null, logs: noSuchBody, metrics: noSuchBody, loki: noSuchBody, write: noSuchBody };

const fakeIncidentDesk = (heard: Heard): ConsolePorts['incidents'] => ({
  list: async () => [fakeIncident],
  room: async ({ id }) => (id === 'i1' ? fakeRoom : null),
  open: heard('incidents.open'),
  start: heard('incidents.start'),
  addNote: heard('incidents.addNote'),
  setRole: heard('incidents.setRole'),
  setLevel: heard('incidents.setLevel'),
  close: heard('incidents.close'),
  closeStep: heard('incidents.closeStep'),
  skipStep: heard('incidents.skipStep'),
  actStep: heard('incidents.actStep'),
  undoStep: heard('incidents.undoStep'),
  publishStep: heard('incidents.publishStep'),
});

const fakeShelf: ConsolePorts['runbooks'] = {
  list: async () => [{ id: 'errors', title: same('错误'), version: '1', owner: 'ops', steps: 9, appliesWhen: 'alertname="Errors"', lastRunAt: null }],
  view: async (id) =>
    id === 'errors' ? { runbook: { id: 'errors', title: same('错误'), version: '1', owner: 'ops', steps: 9, appliesWhen: '', lastRunAt: null }, html: same('<p>x</p>'), steps: [] } : null,
};

function fakeAlertDesk(heard: Heard): ConsolePorts['alerts'] {
  const link = async ({ token }: { token: string; now: UnixMs }) =>
    token === 'good'
      ? ({ ok: true, value: { alert: fakeAlert, receiver: 'ops' } } as const)
      : ({ ok: false, code: 'forbidden', message: { 'zh-CN': '链接无效', en: 'the link is not valid' } } as const);
  return {
    entries: async () => [fakeEntry],
    entry: async ({ fingerprint }) => (fingerprint === 'f1' ? fakeEntry : null),
    history: async () => [{ at: fakeNow, from: 'pending', to: 'firing', value: 0.38 }],
    acknowledge: heard('alerts.acknowledge'),
    silences: async ({ now }) => [{ id: 's', matchers: ['a="b"'], startsAt: now, endsAt: now, createdBy: '演示甲', comment: '', state: 'active' }],
    silence: heard('alerts.silence'),
    expireSilence: heard('alerts.expireSilence'),
    peekLink: link,
    acknowledgeByLink: link,
    rules: () => [
      {
        name: 'Errors',
        title: { 'zh-CN': '错误率过高', en: 'Error ratio too high' },
        kind: 'ratio',
        measure: 'request.errors/request.total',
        above: 0.05,
        below: null,
        severity: 'critical',
        runbook: 'errors',
        probes: [],
        yaml: 'alert: Errors\n',
      },
    ],
    nextEvaluationAt: () => fakeNow,
  };
}
