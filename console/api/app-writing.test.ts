import { describe, expect, it, test } from 'vitest';
import { fakePorts } from './fake-ports.ts';
import { started } from './test-app.ts';

const draft = {
  title: { 'zh-CN': '公告', en: 'Notice' },
  status: 'investigating',
  impact: 'minor',
  body: { 'zh-CN': '正在查', en: 'Looking' },
  advice: { 'zh-CN': '', en: '' },
  components: ['query'],
  nextUpdateAt: null,
};
const writes: [method: string, path: string, body: Record<string, unknown>, least: string, told: string][] = [
  ['POST', '/api/v1/probes/home/run', {}, 'responder', 'audit'],
  ['POST', '/api/v1/alerts/f1/acknowledge', { note: '我来' }, 'responder', 'alerts.acknowledge'],
  ['POST', '/api/v1/silences', { matchers: ['service="invoice"'], minutes: 30, comment: '' }, 'responder', 'alerts.silence'],
  ['DELETE', '/api/v1/silences/s', {}, 'responder', 'alerts.expireSilence'],
  ['POST', '/api/v1/incidents', { alert: 'f1' }, 'responder', 'incidents.open'],
  ['POST', '/api/v1/incidents', { runbook: 'errors' }, 'responder', 'incidents.start'],
  ['POST', '/api/v1/incidents/i1/notes', { text: '记一笔' }, 'responder', 'incidents.addNote'],
  ['POST', '/api/v1/incidents/i1/role', { role: 'commander', person: '演示甲' }, 'responder', 'incidents.setRole'],
  ['POST', '/api/v1/incidents/i1/level', { level: 'sev1' }, 'responder', 'incidents.setLevel'],
  ['POST', '/api/v1/incidents/i1/close', { reason: '误报' }, 'responder', 'incidents.close'],
  ['POST', '/api/v1/runs/r1/steps/s1/close', { note: '好了' }, 'responder', 'incidents.closeStep'],
  ['POST', '/api/v1/runs/r1/steps/s1/skip', { reason: '不适用' }, 'responder', 'incidents.skipStep'],
  ['POST', '/api/v1/runs/r1/steps/s1/act', {}, 'responder', 'incidents.actStep'],
  ['POST', '/api/v1/runs/r1/steps/s1/undo', {}, 'responder', 'incidents.undoStep'],
  ['POST', '/api/v1/runs/r1/steps/s1/publish', { draft }, 'publisher', 'incidents.publishStep'],
  ['POST', '/api/v1/notices', { draft, incidentId: 'i1' }, 'publisher', 'notices.publish'],
  ['POST', '/api/v1/notices/n1/updates', { draft }, 'publisher', 'notices.update'],
  ['POST', '/api/v1/components/query/status', { status: 'major_outage' }, 'publisher', 'notices.setStatus'],
  ['POST', '/api/v1/tokens', { name: 'far', scopes: ['collector'] }, 'admin', 'tokens.add'],
  ['DELETE', '/api/v1/tokens/t1', {}, 'admin', 'tokens.revoke'],
  ['PUT', '/api/v1/demo/faults/errors', { on: true, for: '2m' }, 'responder', 'demo.setFault'],
];

describe('writing', () => {
  test.each(writes)('%s %s tells the right desk who did it', async (...[method, path, body, , told]) => {
    const { send, ports } = started();
    const answer = await send(method, path, body);
    expect(answer.status, await answer.clone().text()).toBe(200);
    const heard = ports.told.find((entry) => entry.what === told);
    expect(heard).toBeDefined();
    if (told !== 'demo.setFault') expect(heard?.ask).toMatchObject({ actor: { kind: 'person', id: 'admin', name: '演示甲' } });
  });

  test.each(writes)('%s %s needs its role', async (...[method, path, body, least]) => {
    const { send, ports } = started();
    expect((await send(method, path, { ...body, as: 'viewer' })).status).toBe(403);
    if (least === 'publisher') expect((await send(method, path, { ...body, as: 'responder' })).status).toBe(403);
    expect((await send(method, path, { ...body, as: least })).status).toBe(200);
    expect(ports.told.length).toBeLessThanOrEqual(2);
  });

  test.each(writes)('%s %s sent by another site is refused', async (method, path, body) => {
    const { ask, ports } = started();
    const init = { method, body: JSON.stringify(body) };
    expect((await ask(path, { ...init, headers: { 'content-type': 'application/json', origin: 'https://evil.example' } })).status).toBe(403);
    expect((await ask(path, { ...init, headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect(ports.told).toEqual([]);
  });

  const withBody = writes.filter(([, , body]) => Object.keys(body).length > 0);
  test.each(withBody)('%s %s with the wrong body is told field by field, or that it cannot be read', async (method, path) => {
    const { ask, send } = started();
    const odd = await send(method, path, { surprise: true });
    expect(odd.status).toBe(422);
    const body = (await odd.json()) as { error: { problems: unknown[] } };
    expect(body.error.problems.length).toBeGreaterThan(0);
    const broken = await ask(path, { method, body: '{"a":', headers: { 'content-type': 'application/json', origin: 'http://console.test' } });
    expect(broken.status).toBe(400);
    expect(await broken.json()).toMatchObject({ error: { code: 'bad-request' } });
  });

  it('a refusal of a desk keeps its words and gets the right status', async () => {
    const refusal = { 'zh-CN': '已经有人确认', en: 'taken already' };
    const ports = fakePorts();
    for (const [code, status] of [
      ['conflict', 409],
      ['not-found', 404],
      ['forbidden', 403],
      ['invalid', 422],
    ] as const) {
      const { send } = started({ alerts: { ...ports.alerts, acknowledge: async () => ({ ok: false, code, message: refusal }) } });
      const answer = await send('POST', '/api/v1/alerts/f1/acknowledge', {});
      expect(answer.status).toBe(status);
      expect(await answer.json()).toEqual({ error: { code, message: refusal } });
    }
  });

  it('a body over the limit is 413', async () => {
    const { send } = started();
    const answer = await send('POST', '/api/v1/incidents/i1/notes', { text: 'x'.repeat(2_000_000) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: 'too-large' } });
  });
});
