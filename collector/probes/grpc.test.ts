import { createSecureServer, createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Server } from 'node:net';
import { expect, it } from 'vitest';
import { healthRequest, healthResponse } from './grpc-health.ts';
import { certificate, complaints, listening, lookWith, serveTcp } from './test-servers.ts';

const framed = (message: number[]) => Buffer.from([0, 0, 0, 0, message.length, ...message]);

interface Asked {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

async function serve(server: Http2Server, answer: (stream: ServerHttp2Stream, asked: Asked) => void): Promise<{ address: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (bytes: Buffer) => parts.push(bytes));
    stream.on('end', () => {
      const one = { headers, body: Buffer.concat(parts) };
      asked.push(one);
      answer(stream, one);
    });
  });
  return { address: await listening(server as unknown as Server), asked };
}

const head = { ':status': 200, 'content-type': 'application/grpc' };
const answering =
  (message: Buffer, trailers: Record<string, string> = { 'grpc-status': '0' }) =>
  (stream: ServerHttp2Stream) => {
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(message);
  };
const refusing = (status: number, message: string) => (stream: ServerHttp2Stream) => stream.respond({ ...head, 'grpc-status': String(status), 'grpc-message': message }, { endStream: true });
const bare = (stream: ServerHttp2Stream) => {
  stream.respond(head);
  stream.end(framed([0x08, 1]));
};

it('asks for the health of a service as the protocol says', async () => {
  const { address, asked } = await serve(createServer(), answering(framed([0x08, 1])));
  const result = await lookWith({ kind: 'grpc', address, grpc_service: 'invoice.Query', metadata: { 'x-own': 'yes' } });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({ grpcStatus: 'OK', health: 'SERVING' });
  expect(Object.keys(result.phases)).toEqual(['connect', 'firstByte', 'body']);
  expect(asked[0]?.headers).toMatchObject({ ':path': '/grpc.health.v1.Health/Check', ':method': 'POST', te: 'trailers', 'content-type': 'application/grpc', 'grpc-timeout': '2000m', 'x-own': 'yes' });
  expect(asked[0]?.body).toEqual(Buffer.concat([Buffer.from([0, 0, 0, 0, 15, 0x0a, 13]), Buffer.from('invoice.Query')]));
});

it.each([
  { name: 'NOT_SERVING', answer: answering(framed([0x08, 2])), failure: { kind: 'status', reason: 'gRPC NOT_SERVING ≠ SERVING' } },
  { name: 'an empty message', answer: answering(framed([])), failure: { kind: 'status', reason: 'gRPC UNKNOWN ≠ SERVING' } },
  { name: 'a state of the future', answer: answering(framed([0x08, 9])), failure: { kind: 'status', reason: 'gRPC 9 ≠ SERVING' } },
  { name: 'no health service', answer: refusing(12, 'unknown%20service'), failure: { kind: 'status', reason: 'gRPC UNIMPLEMENTED: grpc.health.v1.Health ∅' } },
  { name: 'an unknown service', answer: refusing(5, ''), failure: { kind: 'status', reason: 'gRPC NOT_FOUND: service "invoice.Query" ∅' } },
  { name: 'a login', answer: refusing(16, 'who%20are%20you'), failure: { kind: 'status', reason: 'gRPC UNAUTHENTICATED: who are you' } },
  { name: 'a limit', answer: refusing(8, ''), failure: { kind: 'throttled', reason: 'gRPC RESOURCE_EXHAUSTED' } },
  { name: 'a bad status of HTTP', answer: (stream: ServerHttp2Stream) => stream.respond({ ':status': 503 }, { endStream: true }), failure: { kind: 'status', reason: 'HTTP 503 ≠ 200' } },
  { name: 'no status of gRPC', answer: bare, failure: { kind: 'assertion', reason: 'grpc-status ∅' } },
  { name: 'a message that is none', answer: answering(Buffer.from('nonsense')), failure: { kind: 'assertion', reason: 'gRPC: HealthCheckResponse ∅' } },
  { name: 'silence', answer: () => {}, failure: { kind: 'timeout', reason: 'timeout: first byte' } },
  { name: 'a reset', answer: (stream: ServerHttp2Stream) => stream.close(2), failure: { kind: 'connect', reason: expect.stringMatching(/^first byte: /) } },
])('$name is a failure', async ({ answer, failure }) => {
  const { address } = await serve(createServer(), answer);
  expect((await lookWith({ kind: 'grpc', address, grpc_service: 'invoice.Query', timeout: '1s', slow_after: '900ms' })).outcome).toEqual({ kind: 'fail', failure });
});

it('speaks TLS, and wants HTTP/2 in it', async () => {
  const own = certificate();
  const { address } = await serve(createSecureServer(own), answering(framed([0x08, 1])));
  const result = await lookWith({ kind: 'grpc', address, tls: true, ca: own.cert });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({ tls: 'TLSv1.3' });
  expect((await lookWith({ kind: 'grpc', address, tls: true })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls' } });
});

it('a server that speaks no HTTP/2 is a connection failure', async () => {
  const address = await serveTcp((socket) => void socket.write('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'));
  expect((await lookWith({ kind: 'grpc', address })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'connect' } });
});

it('survives a flood', async () => {
  const { address } = await serve(createServer(), (stream) => {
    stream.respond(head);
    stream.write(Buffer.alloc(1_000_000));
  });
  expect((await lookWith({ kind: 'grpc', address })).outcome.kind).toBe('fail');
});

it('reads every message the definition allows and nothing else', () => {
  expect(healthRequest('')).toEqual(Buffer.alloc(5));
  expect(healthRequest('x'.repeat(200)).subarray(0, 8)).toEqual(Buffer.from([0, 0, 0, 0, 203, 0x0a, 0xc8, 0x01]));
  expect(healthResponse(framed([0x12, 2, 1, 1, 0x08, 1]))).toBe('SERVING');
  for (const message of [[0x08], [0x08, 0x80], [0x0f, 1], [0x12, 9, 1], [0x09, 1], [0x08, ...Array.from({ length: 12 }, () => 0xff)]]) expect(healthResponse(framed(message))).toBeNull();
});

it('needs a port', () => {
  expect(complaints({ kind: 'grpc', address: 'grpc.example' })).toEqual(['address: "grpc.example" is not an address']);
});
