import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '#lib/clock.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import type { Wire } from './receive.ts';
import { listening } from './test-servers.ts';

const open: HttpClient[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.destroy();
});

/** A client to a server that talks as told; `connections` counts how often it was called up. */
async function clientTo(talk: (socket: Socket, request: string) => void) {
  const server = createServer((socket) => {
    seen.connections++;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      seen.requests.push(bytes.toString('latin1'));
      talk(socket, bytes.toString('latin1'));
    });
  });
  const seen = { connections: 0, requests: [] as string[] };
  const [host = '', port = ''] = (await listening(server)).split(':');
  const client = createHttpClient({
    host: 'demo.example',
    clock: systemClock,
    connect(answer) {
      const socket = connect(Number(port), host);
      socket.once('error', (error) => answer(error, null));
      socket.once('connect', () => answer(null, socket));
    },
  });
  open.push(client);
  const ask = (wire: Partial<Wire> = {}, signal = new AbortController().signal) =>
    client.send({ method: 'GET', path: '/', headers: {}, body: null, maxBytes: 1_000, ...wire }, { signal, onHead: () => undefined });
  return { ask, seen };
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

it('asks again over the same connection while the server keeps it, and over a new one when not', async () => {
  const { ask, seen } = await clientTo((socket, request) => (request.startsWith('GET /last') ? socket.end(ok.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')) : socket.write(ok)));
  for (const path of ['/', '/again', '/last', '/new']) expect((await ask({ path })).bytes.toString()).toBe('ok');
  expect(seen.connections).toBe(2);
});

it('writes a request as servers expect it', async () => {
  const { ask, seen } = await clientTo((socket) => socket.write(ok));
  await ask({ headers: { accept: '*/*' } });
  await ask({ method: 'POST', path: '/pay?a=1', body: '发票' });
  await ask({ method: 'PUT', headers: { Host: 'other.example' } });
  expect(seen.requests).toEqual([
    'GET / HTTP/1.1\r\nhost: demo.example\r\nconnection: keep-alive\r\naccept: */*\r\n\r\n',
    `POST /pay?a=1 HTTP/1.1\r\nhost: demo.example\r\nconnection: keep-alive\r\ncontent-length: 6\r\n\r\n${Buffer.from('发票').toString('latin1')}`,
    'PUT / HTTP/1.1\r\nconnection: keep-alive\r\nHost: other.example\r\ncontent-length: 0\r\n\r\n',
  ]);
});

it.each([
  ['a line end in a header', { headers: { token: 'a\r\nx: y' } }],
  ['a length of its own', { headers: { 'Content-Length': '1' } }],
  ['an encoding of its own', { headers: { 'transfer-encoding': 'chunked' } }],
  ['an upgrade', { headers: { connection: 'Upgrade' } }],
  ['a blank in the path', { path: '/a b' }],
])('does not send %s', async (_, wire) => {
  const { ask, seen } = await clientTo((socket) => socket.write(ok));
  await expect(ask(wire)).rejects.toThrow(/cannot be sent|a path that is none/);
  expect(seen.requests).toEqual([]);
});

it('says what went wrong', async () => {
  const closes = await clientTo((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\na'));
  await expect(closes.ask()).rejects.toThrow('the other side closed');
  const breaks = await clientTo((socket) => socket.resetAndDestroy());
  await expect(breaks.ask()).rejects.toThrow('ECONNRESET');
  const noise = await clientTo((socket) => socket.write('what?\r\n'));
  await expect(noise.ask()).rejects.toThrow('not HTTP/1');
  const hangs = await clientTo(() => undefined);
  const stop = new AbortController();
  const asked = hangs.ask({}, stop.signal);
  stop.abort(new Error('timeout'));
  await expect(asked).rejects.toThrow('timeout');
});
