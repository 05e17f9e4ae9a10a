import { expect, it, vi } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { createApi } from './app.ts';
import { fakeNow, fakePorts } from './fake-ports.ts';
import type { IngestDesk } from './ports.ts';

function started(scopes: readonly ('ingest' | 'read')[], ingest: Partial<IngestDesk> | null = {}, clock = virtualClock(fakeNow)) {
  const answered = async () => ({ status: 503, contentType: 'application/json', body: '{"code":14}', retryAfterSeconds: 5 });
  const desk: IngestDesk | null = ingest && { lines: async () => null, logs: answered, metrics: answered, loki: answered, write: answered, ...ingest };
  const people = { ...fakePorts().people, session: async () => null, token: async () => ({ name: 'sender', scopes }) };
  const api = createApi({ ports: fakePorts({ ingest: desk, people }), clock, onError: () => {} });
  return (path: string, headers: Record<string, string> = { authorization: 'Bearer x' }) => api.request(`http://console.test${path}`, { method: 'POST', headers, body: 'x' });
}

it.each(['/v1/logs', '/v1/metrics', '/loki/api/v1/push', '/api/v1/write', '/api/v1/ingest/lines?source=a'])('%s needs a token of scope ingest', async (path) => {
  expect((await started(['ingest'])(path, {})).status).toBe(401);
  expect((await started(['read'])(path)).status).toBe(403);
});

it('the answer of the protocol goes out as it is', async () => {
  const answer = await started(['ingest'])('/v1/logs');
  expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([503, '5', '{"code":14}']);
});

it('a source nobody configured is not found; where nothing is collected it may be tried again', async () => {
  expect((await started(['ingest'])('/api/v1/ingest/lines?source=a')).status).toBe(404);
  const nobody = await started(['ingest'], null)('/v1/logs');
  expect([nobody.status, nobody.headers.get('retry-after')]).toEqual([503, '5']);
});

it('a token that cannot be looked up now is no refusal: the sender comes back', async () => {
  const token = async () => Promise.reject(Object.assign(new Error('Connection terminated due to connection timeout'), { code: 'ECONNRESET' }));
  const api = createApi({ ports: fakePorts({ people: { ...fakePorts().people, session: async () => null, token } }), clock: virtualClock(fakeNow), onError: () => {} });
  const answer = await api.request('http://console.test/api/v1/write', { method: 'POST', headers: { authorization: 'Bearer x' }, body: 'x' });
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
});

it.each([
  { path: '/v1/logs', type: 'application/x-protobuf', told: /^....larger than/s },
  { path: '/v1/logs', type: 'application/json', told: /^\{"code":8,"message":"larger than/ },
  { path: '/loki/api/v1/push', type: 'application/json', told: /^larger than \d+ bytes\n$/ },
])('what is too large is told in the words of the protocol: $path, $type', async ({ path, type, told }) => {
  const answer = await started(['ingest'])(path, { authorization: 'Bearer x', 'content-type': type, 'content-length': String(64 * 1024 * 1024 + 1) });
  expect([answer.status, await answer.text()]).toEqual([413, expect.stringMatching(told)]);
});

it('who finds no room for a body is told when to come again', async () => {
  let free = (): void => {};
  const held = new Promise<void>((done) => (free = done));
  const clock = virtualClock(fakeNow);
  const post = started(['ingest'], { loki: () => held.then(() => ({ status: 204, contentType: '', body: '' })) }, clock);
  const large = { authorization: 'Bearer x', 'content-length': String(60 * 1024 * 1024) };
  const held4 = Array.from({ length: 4 }, () => post('/loki/api/v1/push', large));
  let fifth: Response | undefined;
  const asked = Promise.resolve(post('/v1/logs', { ...large, 'content-type': 'application/json' })).then((answer) => (fifth = answer));
  await vi.waitFor(async () => {
    await clock.advance(durationMs(2_000));
    expect(fifth?.status).toBe(503);
  });
  const turnedAway = await asked;
  expect([turnedAway.headers.get('retry-after'), await turnedAway.json()]).toMatchObject(['5', { code: 14 }]);
  free();
  expect((await Promise.all(held4)).map(({ status }) => status)).toEqual([204, 204, 204, 204]);
});
