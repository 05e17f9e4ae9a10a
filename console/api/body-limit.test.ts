import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { limitBody } from './body-limit.ts';

let server: Server;

beforeAll(async () => {
  const app = new Hono().use(limitBody({ maxSize: 100, tooLarge: (c) => c.text('too large', 413) })).all('*', async (c) => c.text(`${c.req.method} ${c.req.header('x-mark')} ${await c.req.text()}`));
  server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false })).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => server.close());

/** With a length, in pieces, or without any body. */
async function ask(method: string, body: string | string[] | undefined): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {};
  const pieces = Array.isArray(body) ? { 'transfer-encoding': 'chunked' } : {};
  const asked = request({ port, host: '127.0.0.1', method, headers: { 'x-mark': 'kept', ...length, ...pieces } });
  asked.on('error', () => undefined);
  for (const piece of [body ?? []].flat()) asked.write(piece);
  asked.end();
  const [answer] = (await once(asked, 'response')) as [AsyncIterable<Buffer> & { statusCode: number }];
  let text = '';
  for await (const chunk of answer) text += chunk.toString();
  return `${answer.statusCode} ${text}`;
}

it.each([
  ['a DELETE without a body', 'DELETE', undefined, '200 DELETE kept '],
  ['a POST that says nothing of a length', 'POST', undefined, '200 POST kept '],
  ['a body with its length', 'POST', 'hello', '200 POST kept hello'],
  ['a body in pieces', 'POST', ['hel', 'lo'], '200 POST kept hello'],
  ['a body in no pieces', 'POST', [], '200 POST kept '],
  ['a body with a length over the limit', 'POST', 'x'.repeat(101), '413 too large'],
  ['pieces that grow over the limit', 'POST', ['x'.repeat(60), 'x'.repeat(60)], '413 too large'],
])('%s is answered as it should be', async (...[, method, body, expected]) => {
  expect(await ask(method, body)).toBe(expected);
});
