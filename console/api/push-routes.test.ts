import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { createApi } from './app.ts';
import { fakeNow, fakePorts } from './fake-ports.ts';

function started(keep: () => Promise<boolean> = async () => true) {
  const taken: unknown[] = [];
  const ports = fakePorts({
    beats: {
      async take(ask) {
        taken.push(ask);
        return ask.token === 'a-known-token' && keep();
      },
    },
    // Whoever must be asked for a session has no database now.
    people: { ...fakePorts().people, session: () => Promise.reject(new Error('connection terminated')), token: () => Promise.reject(new Error('connection terminated')) },
  });
  const api = createApi({ ports, clock: virtualClock(fakeNow), onError: () => {} });
  const ask = (path: string, init: RequestInit = {}) => api.request(`http://console.test${path}`, init);
  return { ask, taken };
}

it.each(['GET', 'POST'])('takes a beat by %s with the token alone, also when no store answers', async (method) => {
  const { ask, taken } = started();
  const answer = await ask('/api/v1/push/a-known-token?status=down&msg=%E7%A3%81%E7%9B%98%E6%BB%A1&ms=1500', { method });
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ok: true });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(taken).toEqual([{ token: 'a-known-token', status: 'down', message: '磁盘满', tookMs: 1_500, now: fakeNow }]);
});

it('a beat without words is a good one, and takes no notice of a body', async () => {
  const { ask, taken } = started();
  expect((await ask('/api/v1/push/a-known-token', { method: 'POST', body: 'x'.repeat(1_000) })).status).toBe(200);
  expect(taken).toEqual([{ token: 'a-known-token', status: 'up', message: '', tookMs: null, now: fakeNow }]);
});

it('cuts long words', async () => {
  const { ask, taken } = started();
  await ask(`/api/v1/push/a-known-token?msg=${'x'.repeat(5_000)}`);
  expect(taken).toMatchObject([{ message: 'x'.repeat(500) }]);
});

it('a token nobody knows is not told apart from an address that is not there', async () => {
  const { ask } = started();
  const unknown = await ask('/api/v1/push/another-token');
  expect(unknown.status).toBe(404);
});

it.each(['status=maybe', 'ms=fast', 'ms=-1'])('refuses %s', async (query) => {
  const { ask, taken } = started();
  expect((await ask(`/api/v1/push/a-known-token?${query}`)).status).toBe(422);
  expect(taken).toEqual([]);
});

it('does not say yes to a beat that could not be kept', async () => {
  const { ask } = started(() => Promise.reject(new Error('ENOSPC')));
  expect((await ask('/api/v1/push/a-known-token')).status).toBe(500);
});

it('other methods and a body without end are refused', async () => {
  const { ask } = started();
  expect((await ask('/api/v1/push/a-known-token', { method: 'POST', body: 'x'.repeat(70_000) })).status).toBe(413);
  expect((await ask('/api/v1/push/a-known-token', { method: 'DELETE' })).status).not.toBe(200);
});
