import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { expect, it } from 'vitest';
import { certificate, complaints, listening, lookWith, serveTcp } from './test-servers.ts';
import { acceptOf } from './websocket-frames.ts';

/** A frame as a server sends it: unmasked. */
function frame(first: number, payload: string | Buffer): Buffer {
  const bytes = Buffer.from(payload);
  const head = bytes.length < 126 ? Buffer.from([first, bytes.length]) : Buffer.from([first, 126, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, bytes]);
}
const text = (payload: string) => frame(0x81, payload);
const goodbye = frame(0x88, Buffer.from([3, 232]));

/** What the client said: opcode and unmasked payload of the frames in a chunk. */
function clientFrames(bytes: Buffer): { opcode: number; payload: string }[] {
  const frames: { opcode: number; payload: string }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at + 1] ?? 0) & 0x7f;
    expect((bytes[at + 1] ?? 0) & 0x80).toBe(0x80);
    const mask = bytes.subarray(at + 2, at + 6);
    const payload = bytes.subarray(at + 6, at + 6 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
    frames.push({ opcode: (bytes[at] ?? 0) & 0x0f, payload: Buffer.from(payload).toString('latin1') });
    at += 6 + length;
  }
  return frames;
}

interface Script {
  greeting?: Buffer;
  answer?: (said: { opcode: number; payload: string }) => Buffer | undefined;
  headers?: (key: string) => Record<string, string>;
}

const goodHeaders = (key: string) => ({ upgrade: 'websocket', connection: 'Upgrade', 'sec-websocket-accept': acceptOf(key) });
const echo: NonNullable<Script['answer']> = ({ opcode, payload }) => (opcode === 1 ? text(payload) : opcode === 8 ? goodbye : undefined);

async function serve({ greeting, answer = echo, headers = goodHeaders }: Script, own?: ReturnType<typeof certificate>) {
  const requests: IncomingMessage[] = [];
  const said: { opcode: number; payload: string }[] = [];
  const server = own ? createSecureServer(own) : createServer();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    requests.push(request);
    const lines = Object.entries(headers(request.headers['sec-websocket-key'] ?? '')).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.on('error', () => {});
    socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`), greeting ?? Buffer.alloc(0)]));
    socket.on('data', (bytes: Buffer) => {
      for (const one of clientFrames(bytes)) {
        said.push(one);
        const reply = answer(one);
        if (reply) socket.write(reply);
      }
    });
  });
  return { url: `${own ? 'wss' : 'ws'}://${await listening(server)}`, requests, said };
}

it('knows the example of RFC 6455', () => {
  expect(acceptOf('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
});

it('shakes hands and says a proper goodbye', async () => {
  const { url, requests, said } = await serve({});
  const result = await lookWith({ kind: 'websocket', url: `${url}/live?x=1`, headers: { 'x-own': 'yes' } });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({ status: 101, close: 'clean' });
  expect(Object.keys(result.phases)).toEqual(['connect', 'firstByte', 'body']);
  expect(requests[0]?.url).toBe('/live?x=1');
  expect(requests[0]?.headers).toMatchObject({ 'x-own': 'yes', 'user-agent': expect.stringContaining('fenghuo-probe') });
  expect(said).toEqual([{ opcode: 8, payload: '\x03\xe8' }]);
});

it('sends, and finds what it expects among other messages, fragments and pings', async () => {
  const noise = Buffer.concat([text('welcome'), frame(0x89, 'p1'), frame(0x01, '{"answer":'), frame(0x89, 'p2'), frame(0x80, '"pong"}')]);
  const { url, said } = await serve({ answer: ({ opcode }) => (opcode === 1 ? noise : opcode === 8 ? goodbye : undefined) });
  const result = await lookWith({ kind: 'websocket', url, send: '{"ask":"ping"}', expect: { matches: '"answer":"pong"' } });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence.message).toBe('{"answer":"pong"}');
  expect(said.map(({ opcode, payload }) => `${opcode} ${payload}`)).toEqual(['1 {"ask":"ping"}', '10 p1', '10 p2', '8 \x03\xe8']);
});

it('takes a message that comes along with the handshake', async () => {
  const { url } = await serve({ greeting: text('ready') });
  expect((await lookWith({ kind: 'websocket', url, expect: 'ready' })).outcome).toEqual({ kind: 'pass' });
});

it('speaks over TLS', async () => {
  const own = certificate();
  const { url } = await serve({}, own);
  expect((await lookWith({ kind: 'websocket', url, ca: own.cert, send: 'x', expect: 'x' })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'websocket', url })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls' } });
});

it('a server that leaves without a goodbye is good', async () => {
  const { url } = await serve({ answer: () => undefined });
  const result = await lookWith({ kind: 'websocket', url });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence.close).toBe('unanswered');
});

it.each([
  { name: 'a wrong accept', headers: () => ({ ...goodHeaders('x') }), reason: /^sec-websocket-accept: / },
  { name: 'no upgrade', headers: (key: string) => ({ connection: 'Upgrade', 'sec-websocket-accept': acceptOf(key) }), reason: /^upgrade: ∅/ },
  { name: 'an extension nobody offered', headers: (key: string) => ({ ...goodHeaders(key), 'sec-websocket-extensions': 'permessage-deflate' }), reason: /^sec-websocket-extensions/ },
  { name: 'a subprotocol nobody offered', headers: (key: string) => ({ ...goodHeaders(key), 'sec-websocket-protocol': 'chat' }), reason: /^sec-websocket-protocol: chat/ },
])('$name is no handshake', async ({ headers, reason }) => {
  const { url } = await serve({ headers });
  expect((await lookWith({ kind: 'websocket', url })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'assertion', reason: expect.stringMatching(reason) } });
});

it.each([
  { name: 'another message', bytes: text('not ready'), failure: { kind: 'assertion', reason: 'message ≠ ∋ "42": "not ready"' } },
  { name: 'silence', bytes: undefined, failure: { kind: 'timeout', reason: 'timeout: body' } },
  { name: 'a close', bytes: frame(0x88, Buffer.concat([Buffer.from([3, 243]), Buffer.from('broken')])), failure: { kind: 'assertion', reason: 'WebSocket: close 1011 broken' } },
  { name: 'a masked frame', bytes: Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5]), failure: { kind: 'assertion', reason: 'WebSocket: masked by the server' } },
  { name: 'a packed frame', bytes: Buffer.from([0xc1, 0x01, 5]), failure: { kind: 'assertion', reason: 'WebSocket: reserved bits' } },
  { name: 'a lone continuation', bytes: frame(0x80, 'x'), failure: { kind: 'assertion', reason: 'WebSocket: fragments out of order' } },
  {
    name: 'a boundless frame',
    bytes: Buffer.from([0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
    failure: { kind: 'assertion', reason: expect.stringMatching(/^WebSocket: frame .* > 1000 B$/) },
  },
])('$name is a failure', async ({ bytes, failure }) => {
  const { url } = await serve({ answer: ({ opcode }) => (opcode === 1 ? bytes : undefined) });
  const result = await lookWith({ kind: 'websocket', url, send: 'ask', expect: '42', max_body: 1_000, timeout: '1s', slow_after: '900ms' });
  expect(result.outcome).toEqual({ kind: 'fail', failure });
});

it.each([
  { answer: 'HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n', failure: { kind: 'status', reason: 'WebSocket: HTTP 403 ≠ 101' } },
  { answer: 'HTTP/1.1 429 Too Many Requests\r\n\r\n', failure: { kind: 'throttled', reason: 'WebSocket: HTTP 429 ≠ 101' } },
  { answer: 'SSH-2.0-OpenSSH_9.9\r\n', failure: { kind: 'assertion', reason: 'not HTTP' } },
])('$failure.reason', async ({ answer, failure }) => {
  const address = await serveTcp((socket) => void socket.once('data', () => socket.write(answer)));
  expect((await lookWith({ kind: 'websocket', url: `ws://${address}/` })).outcome).toEqual({ kind: 'fail', failure });
});

it('only takes addresses of its own kind, and expectations that say something', () => {
  expect(complaints({ kind: 'websocket', url: 'https://www.example/live' })).toEqual(['url: "https://www.example/live" is not a ws or wss address']);
  expect(complaints({ kind: 'websocket', url: 'ws://www.example/live', expect: {} })).toHaveLength(1);
});
