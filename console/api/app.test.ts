import { describe, expect, it, test } from 'vitest';
import { fakePorts } from './fake-ports.ts';
import { started } from './test-app.ts';

const reads = [
  '/api/v1/session',
  '/api/v1/overview',
  '/api/v1/probes',
  '/api/v1/probes/home',
  '/api/v1/boards',
  '/api/v1/boards/latency?range=1h',
  '/api/v1/boards/errors?range=7d&compare=week',
  '/api/v1/boards/logins?from=2026-11-24T01:00:00Z&to=2026-11-24T02:00:00Z',
  '/api/v1/panels/request-latency',
  '/api/v1/alerts',
  '/api/v1/alerts?state=all',
  '/api/v1/alerts/f1',
  '/api/v1/silences',
  '/api/v1/incidents',
  '/api/v1/incidents/i1',
  '/api/v1/runbooks',
  '/api/v1/runbooks/errors',
  '/api/v1/notices',
  '/api/v1/notices/n1',
  '/api/v1/logs?q=x',
  '/api/v1/logs/patterns?q=x&since=2026-11-24T01:00:00Z',
  '/api/v1/query?sql=SELECT%201',
  '/api/v1/health-report',
  '/api/v1/demo/faults',
  '/api/v1/demo/inbox',
  '/api/v1/search?q=',
];

/** Every instant in an answer is ISO 8601, never a number of milliseconds. */
function instantsOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((entry, index) => instantsOf(entry, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const isInstant = key === 'at' || key === 'since' || key === 'until' || key === 'from' || key === 'to' || /At$/.test(key);
    if (isInstant && typeof entry === 'number') return [`${path}.${key}`];
    return instantsOf(entry, `${path}.${key}`);
  });
}

describe('reading', () => {
  test.each(reads)('%s answers a viewer with JSON that is not kept', async (path) => {
    const { ask, errors } = started();
    const answer = await ask(path, { as: 'viewer' });
    expect(answer.status, await answer.clone().text()).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(instantsOf(await answer.json())).toEqual([]);
    expect(errors).toEqual([]);
  });

  test.each(reads)('%s is refused in both languages when nobody is signed in', async (path) => {
    const answer = await started().ask(path, { as: '' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'unauthorized', message: { 'zh-CN': expect.any(String), en: expect.any(String) } } });
  });

  it('a token with the scope read may look and may not write', async () => {
    const { ask } = started();
    const headers = { authorization: 'Bearer reader' };
    expect((await ask('/api/v1/overview', { as: '', headers })).status).toBe(200);
    expect((await ask('/api/v1/query?sql=SELECT%201', { as: '', headers })).status).toBe(200);
    expect((await ask('/api/v1/incidents/i1/notes', { as: '', method: 'POST', body: '{"text":"x"}', headers: { ...headers, 'content-type': 'application/json' } })).status).toBe(403);
  });

  it('a check now is run from the vantage that is named, if the probe has it here', async () => {
    const { send } = started();
    expect(await (await send('POST', '/api/v1/probes/home/run?vantage=bj', {})).json()).toMatchObject({ vantage: 'bj' });
    expect((await send('POST', '/api/v1/probes/home/run?vantage=elsewhere', {})).status).toBe(422);
  });

  it('what is not there is 404', async () => {
    const { ask } = started();
    for (const path of ['/api/v1/probes/x', '/api/v1/boards/x', '/api/v1/alerts/x', '/api/v1/incidents/x', '/api/v1/runbooks/x', '/api/v1/notices/x', '/api/v1/nothing', '/api/nothing'])
      expect((await ask(path)).status, path).toBe(404);
  });

  it('outside demo mode there are no faults and no inbox', async () => {
    const { ask, send } = started({ demo: null });
    expect((await ask('/api/v1/demo/faults')).status).toBe(404);
    expect((await send('PUT', '/api/v1/demo/faults/errors', { on: true })).status).toBe(404);
  });

  test.each([
    '/api/v1/logs?from=yesterday',
    '/api/v1/boards/latency?range=90',
    '/api/v1/probes/home?from=2026-11-24T02:00:00Z&to=2026-11-24T01:00:00Z',
    '/api/v1/logs?limit=0',
    '/api/v1/logs/patterns?from=yesterday',
    '/api/v1/query',
    '/api/v1/boards/latency?from=1999-01-01T00:00:00Z',
  ])('%s names the field that is wrong', async (path) => {
    const answer = await started().ask(path);
    expect(answer.status).toBe(422);
    const body = (await answer.json()) as { error: { problems?: { path: string }[] } };
    expect(body.error.problems?.[0]?.path).toMatch(/from|range|limit|sql/);
  });

  it('a statement that is not allowed is 422 with the reason', async () => {
    const answer = await started().ask('/api/v1/query?sql=DROP%20TABLE%20x');
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({ error: { code: 'query-refused', message: { en: expect.stringContaining('SELECT') } } });
  });

  it('one panel that cannot be read leaves the others standing and says why', async () => {
    const ports = fakePorts();
    const { ask } = started({ questions: { ...ports.questions, slowRoutes: () => Promise.reject(new Error('memory limit')) } });
    const board = (await (await ask('/api/v1/boards/latency')).json()) as { panels: { id: string; error: string | null }[] };
    expect(board.panels.find((panel) => panel.id === 'slow-routes')?.error).toBe('memory limit');
    expect(board.panels.filter((panel) => panel.error !== null)).toHaveLength(1);
  });

  it('the overview names the fault first', async () => {
    const view = (await (await started().ask('/api/v1/overview')).json()) as { sentence: { text: Record<string, string>; detail: Record<string, string>; incidentId: string } };
    expect(view.sentence.text['zh-CN']).toBe('发票查询错误率 38%，平时此刻 0.3%。10:32 起。');
    expect(view.sentence.detail['zh-CN']).toBe('10:33 已邮件通知 ops，还没有人确认。预案「查询错误」进行到第 3 步，共 9 步：切换备用。');
    expect(view.sentence.incidentId).toBe('i1');
  });

  it('many who ask the same in one second share one look', async () => {
    const looksOf = async (askers: number) => {
      let looks = 0;
      const ports = fakePorts();
      const { ask } = started({ incidents: { ...ports.incidents, list: async () => (++looks > 0 ? [] : []) } });
      await Promise.all(Array.from({ length: askers }, () => ask('/api/v1/overview')));
      return looks;
    };
    expect(await looksOf(20)).toBe(await looksOf(1));
  });
});

describe('faults inside', () => {
  it('a bug is 500, told to the log and not to the caller', async () => {
    const ports = fakePorts();
    const { ask, errors } = started({ runbooks: { ...ports.runbooks, list: () => Promise.reject(new Error('secret path /x/y')) } });
    const answer = await ask('/api/v1/runbooks');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });

  it('a sender that hung up in the middle of its body is nobody to answer, and nothing went wrong', async () => {
    const { ask, errors } = started();
    const cut = new ReadableStream({ pull: (controller) => controller.error(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })) });
    const headers = { 'content-type': 'application/json', origin: 'http://console.test' };
    const answer = await ask('/api/v1/silences', { method: 'POST', body: cut, headers, duplex: 'half' } as RequestInit);
    expect([answer.status, errors]).toEqual([400, []]);
  });

  it('a store out of reach is 503', async () => {
    const ports = fakePorts();
    const { ask } = started({ runbooks: { ...ports.runbooks, list: () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })) } });
    expect((await ask('/api/v1/runbooks')).status).toBe(503);
  });
});

describe('without signing in', () => {
  it('/healthz lives, /readyz says why not, /metrics is Prometheus text', async () => {
    const ports = fakePorts();
    const { ask } = started({ health: { ...ports.health, unready: async () => [{ part: 'clickhouse', reason: 'does not answer' }] } });
    expect((await ask('/healthz', { as: '' })).status).toBe(200);
    const ready = await ask('/readyz', { as: '' });
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ ready: false, reasons: [{ part: 'clickhouse', reason: 'does not answer' }] });
    const metrics = await (await ask('/metrics', { as: '' })).text();
    expect(metrics).toContain('fenghuo_loop_runs_total{loop="scheduler"} 3');
    expect(metrics).toContain('fenghuo_loop_failures_total{loop="scheduler",reason="a \\"quoted\\"\\nreason"} 1');
    expect(metrics).toContain('# TYPE fenghuo_deliveries_sent_total counter');
    for (const line of metrics.trim().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{.*\})? [-+0-9.e]+)$/);
  });

  it('the acknowledgement link shows on GET and takes only on POST, without script', async () => {
    const { ask } = started();
    const shown = await ask('/ack/good', { as: '' });
    expect(shown.status).toBe(200);
    const page = await shown.text();
    expect(page).toContain('<form method="post">');
    expect(page).toContain('查询错误率过高');
    expect(page).not.toContain('<script');
    expect(shown.headers.get('content-security-policy')).toContain(`default-src 'none'`);
    const taken = await ask('/ack/good', { as: '', method: 'POST' });
    expect(taken.status).toBe(200);
    expect(await taken.text()).toContain('已确认');
    expect((await ask('/ack/forged', { as: '' })).status).toBe(403);
    expect((await ask('/ack/forged', { as: '', method: 'POST' })).status).toBe(403);
  });

  it('/api/openapi.json lists every route with its method', async () => {
    const document = (await (await started().ask('/api/openapi.json', { as: '' })).json()) as { openapi: string; paths: Record<string, Record<string, unknown>> };
    expect(document.openapi).toMatch(/^3\.1/);
    for (const path of reads) {
      const known = Object.keys(document.paths).some((template) => new RegExp(`^${template.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(path.split('?')[0] ?? ''));
      expect(known, path).toBe(true);
    }
    expect(document.paths['/api/v1/incidents/{id}/notes']?.post).toBeDefined();
  });
});
