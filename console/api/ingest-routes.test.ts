import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { createApi } from './app.ts';
import { fakeNow, fakePorts } from './fake-ports.ts';
import type { IngestDesk } from './ports.ts';

function started(scopes: readonly ('ingest' | 'read')[], ingest: Partial<IngestDesk> | null = {}) {
  const answered = async () => ({ status: 503, contentType: 'application/json', body: '{"code":14}', retryAfterSeconds: 5 });
  const desk: IngestDesk | null = ingest && { lines: async () => null, logs: answered, metrics: answered, loki: answered, write: answered, ...ingest };
  const people = { ...fakePorts().people, session: async () => null, token: async () => ({ name: 'sender', scopes }) };
  const api = createApi({ ports: fakePorts({ ingest: desk, people }), clock: virtualClock(fakeNow), onError: () => {} });
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
  expect((await started(['ingest'], null)('/v1/logs')).status).toBe(503);
});
