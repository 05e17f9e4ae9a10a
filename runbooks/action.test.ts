import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { durationMs } from '#lib/time.ts';
import { actionUrl, callHttp } from './action.ts';
import type { HttpAction } from './runbook.ts';

let server: Server;
let base = '';
const seen: { method: string; url: string; key: string; body: string }[] = [];
beforeAll(async () => {
  server = createServer(async (request: IncomingMessage, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    seen.push({ method: request.method ?? '', url: request.url ?? '', key: String(request.headers['idempotency-key']), body });
    if (request.url === '/hang') return;
    if (request.url === '/cut') return void request.socket.destroy();
    response.writeHead(Number(/\d+/.exec(request.url ?? '')?.[0] ?? 200), { location: '/elsewhere' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const action = (url: string): HttpAction => ({
  kind: 'http',
  label: { 'zh-CN': '切换', en: 'switch' },
  method: 'PUT',
  url,
  headers: {},
  body: { on: false, at: '{{service}}' },
  timeoutMs: durationMs(300),
});
const call = (url: string, params: Record<string, string> = {}, dryRun = false) => callHttp(action(url), { params: { service: 'invoice', ...params }, key: 'r/s/act/0', dryRun });

describe('callHttp', () => {
  test('makes the call once, with its key and the parameters filled in', async () => {
    seen.length = 0;
    expect(await call('{{target}}', { target: `${base}/200` })).toEqual({ phase: 'done', detail: 'HTTP 200' });
    expect(seen).toEqual([{ method: 'PUT', url: '/200', key: 'r/s/act/0', body: '{"on":false,"at":"invoice"}' }]);
  });

  test.each([
    { name: 'refused by the other side', path: '/409', phase: 'failed' },
    { name: 'a server error may have done its work', path: '/500', phase: 'unknown' },
    { name: 'an answer that never comes', path: '/hang', phase: 'unknown' },
    { name: 'a connection cut in the middle', path: '/cut', phase: 'unknown' },
    { name: 'a redirect is not followed', path: '/307', phase: 'unknown' },
  ])('$name: $phase', async ({ path, phase }) => {
    expect((await call(`${base}${path}`)).phase).toBe(phase);
  });

  test('nobody listening means nothing was done', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect((await call(`http://127.0.0.1:${port}/x`)).phase).toBe('failed');
  });

  test('a dry run only says what it would do, and never the secrets of the address', async () => {
    seen.length = 0;
    expect(await call(`${base}/200?key=secret`, {}, true)).toEqual({ phase: 'done', detail: `PUT ${base}/200` });
    expect(seen).toEqual([]);
  });

  test.each([
    { url: '{{unset}}', given: {} },
    { url: '{{target}}', given: { target: 'file:///etc/passwd' } },
    { url: '{{target}}', given: { target: 'not an address' } },
  ])('an address that is not set or not http leaves the step to the hand: $url $given', async ({ url, given }) => {
    expect(actionUrl(action(url), given as Record<string, string>)).toBeNull();
    expect((await call(url, given as Record<string, string>)).phase).toBe('failed');
  });
});
