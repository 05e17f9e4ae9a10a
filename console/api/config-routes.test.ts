import { expect, it, test } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { createApi } from './app.ts';
import type { Applied, ChangeAsk, EditingDesk, Preview } from './editing.ts';
import { fakeNow, fakePorts } from './fake-ports.ts';

const preview: Preview = { action: 'edit', file: 'fenghuo.yaml', hash: 'h', diff: [{ kind: 'added', before: null, after: 1, text: 'a: •••*' }], problems: [], elsewhere: [] };
const applied: Applied = { ok: true, change: '00000001', entry: 'home', file: 'fenghuo.yaml', diff: preview.diff };
const conflict: Applied = {
  ok: false,
  code: 'conflict',
  message: { 'zh-CN': '改过', en: 'changed' },
  problems: [{ path: 'url', message: { 'zh-CN': '不对', en: 'wrong' }, hint: { 'zh-CN': '', en: '' } }],
  preview,
};

function started(changes: Partial<EditingDesk> = {}) {
  const asked: unknown[] = [];
  const heard =
    <Answer>(answer: Answer) =>
    async (ask: unknown) => {
      asked.push(ask);
      return answer;
    };
  const result = { probeId: 'home', service: 's', vantage: 'local', at: fakeNow, durationMs: durationMs(5), outcome: { kind: 'pass' as const }, phases: {}, evidence: {}, attempt: 0 };
  const editing: EditingDesk = {
    forms: () => ({ closed: null, folder: 'conf.d', sections: { probes: [], sources: [] }, choices: { services: [], vantages: [], probes: [] } }),
    entry: async ({ id }) => (id === 'home' ? { section: 'probes', id, kind: 'http', file: 'fenghuo.yaml', line: 1, yaml: '', values: {}, texts: {}, readOnly: null, changes: [] } : null),
    preview: heard({ ok: true as const, preview }),
    previewRemoval: heard({ ok: true as const, preview }),
    apply: heard(applied),
    remove: heard(applied),
    undo: heard(applied),
    changes: async () => [],
    tryProbe: heard({ ok: true as const, result }),
    trySource: heard({ ok: true as const, file: null, records: [], lines: 0 }),
    ...changes,
  };
  const ports = fakePorts({ editing });
  const clock = virtualClock(fakeNow);
  const api = createApi({
    ports,
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const ask = (path: string, { as = 'admin', body, origin = 'http://console.test' }: { as?: string; body?: unknown; origin?: string } = {}) =>
    api.request(`http://console.test/api/v1/config/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { host: 'console.test', cookie: `who=${as}`, origin, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { ask, asked, ports, clock };
}

const change: Omit<ChangeAsk, 'section'> = { id: 'home', kind: 'http', set: { interval: '30s' }, texts: {}, unset: ['labels'] };
const writes: [path: string, body: unknown][] = [
  ['probes/preview', change],
  ['sources/preview', change],
  ['probes/apply', { ...change, hash: 'h' }],
  ['probes/home/removal', {}],
  ['probes/home/remove', { hash: 'h' }],
  ['changes/00000001/undo', {}],
  ['probes/try', change],
  ['sources/try', { ...change, lines: ['a'] }],
];

test.each([...writes, ['forms', undefined], ['changes', undefined], ['probes/home', undefined]] as [string, unknown][])('%s is for administrators', async (path, body) => {
  const { ask } = started();
  expect((await ask(path, { body })).status).toBe(200);
  for (const as of ['viewer', 'responder', 'publisher']) expect((await ask(path, { body, as })).status, as).toBe(403);
  expect((await ask(path, { body, as: '' })).status).toBe(401);
});

test.each(writes)('%s is not done for another site', async (path, body) => {
  const { ask, asked } = started();
  expect((await ask(path, { body, origin: 'http://evil.test' })).status).toBe(403);
  expect(asked).toEqual([]);
});

it('hands on what was touched, and who did it is kept with the difference', async () => {
  const { ask, asked, ports } = started();
  expect(await (await ask('probes/apply', { body: { ...change, hash: 'h' } })).json()).toEqual({ change: '00000001', entry: 'home', file: 'fenghuo.yaml' });
  expect(asked).toEqual([{ section: 'probes', ...change, hash: 'h', now: fakeNow, actor: { kind: 'person', id: 'admin', name: '演示甲' } }]);
  expect(ports.told.map(({ ask: entry }) => entry)).toMatchObject([{ action: 'config.edit', subject: 'fenghuo.yaml', detail: { entry: 'home', change: '00000001', diff: '+a: •••*' } }]);
});

it('a file changed meanwhile is 409 with what it would be now, in both languages by field', async () => {
  const { ask, ports } = started({ apply: async () => conflict });
  const answer = await ask('probes/apply', { body: { ...change, hash: 'old' } });
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({ error: { code: 'conflict', problems: [{ path: 'url', message: 'wrong' }], fields: [{ message: { 'zh-CN': '不对' } }], preview: { hash: 'h' } } });
  expect(ports.told).toEqual([]);
});

test.each<{ name: string; path: string; body: unknown; status: number }>([
  { name: 'another section', path: 'alerting/preview', body: change, status: 404 },
  { name: 'a key every object has', path: 'probes/preview', body: { ...change, set: { 'a.__proto__': 1 } }, status: 422 },
  { name: 'a path', path: 'probes/preview', body: { ...change, set: { '../x': 1 } }, status: 422 },
  { name: 'more than fifty lines', path: 'sources/try', body: { ...change, lines: Array.from({ length: 51 }, () => 'a') }, status: 422 },
  { name: 'no such entry', path: 'probes/nobody', body: undefined, status: 404 },
])('refuses $name', async ({ path, body, status }) => {
  const { ask, asked } = started();
  expect((await ask(path, { body })).status).toBe(status);
  expect(asked).toEqual([]);
});

it('tries are counted', async () => {
  const { ask } = started();
  const codes = [];
  for (let turn = 0; turn < 22; turn++) codes.push((await ask('probes/try', { body: change })).status);
  expect(codes.filter((code) => code === 429)).toHaveLength(2);
});
