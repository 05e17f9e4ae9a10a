import { describe, expect, it } from 'vitest';
import { ask, type Fetch, memory, Refused, request } from './client.ts';

const answering = (status: number, body: unknown): Fetch => (async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })) as Fetch;
const broken: Fetch = (async () => {
  throw new TypeError('fetch failed');
}) as Fetch;
const refusal = { error: { code: 'engine_down', message: { 'zh-CN': '引擎停了', en: 'the engine is down' } } };

describe('asking the API', () => {
  it('shows the last good answer together with the fault when a refresh fails', async () => {
    memory.forget();
    expect(await ask(answering(200, { n: 1 }), '/x')).toEqual({ value: { n: 1 }, problem: null });
    expect(await ask(answering(503, refusal), '/x')).toMatchObject({ value: { n: 1 }, problem: { status: 503, code: 'engine_down', message: { en: 'the engine is down' } } });
  });

  it('shows nothing old to who may not see it, or when it is gone', async () => {
    memory.forget();
    await ask(answering(200, { n: 1 }), '/x');
    for (const status of [401, 403, 404]) expect(await ask(answering(status, refusal), '/x')).toMatchObject({ value: null, problem: { status } });
  });

  it('names a server that cannot be reached', async () => {
    memory.forget();
    expect(await ask(broken, '/x')).toMatchObject({ value: null, problem: { status: 0, code: 'unreachable' } });
  });

  it('lives with an error page that is not JSON', async () => {
    await expect(request(answering(502, '<html>bad gateway</html>'), '/x')).rejects.toMatchObject({ problem: { status: 502, code: '502' } });
    await expect(request(answering(502, ''), '/x')).rejects.toBeInstanceOf(Refused);
  });

  it('remembers under the key it is given, so a moving range is one question', async () => {
    memory.forget();
    await ask(answering(200, { n: 1 }), '/boards/a?from=1', '/boards/a');
    expect(await ask(answering(500, {}), '/boards/a?from=2', '/boards/a')).toMatchObject({ value: { n: 1 } });
  });
});
