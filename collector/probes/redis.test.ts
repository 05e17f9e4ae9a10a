import { createServer as createSecureServer } from 'node:tls';
import { expect, it } from 'vitest';
import { Secret } from '#lib/secret.ts';
import { certificate, complaints, listening, lookWith, serveTcp } from './test-servers.ts';

const answering = (answer: string) => serveTcp((socket) => void socket.once('data', (asked) => socket.write(asked.toString() === '*1\r\n$4\r\nPING\r\n' ? answer : '-ERR unknown command\r\n')));

it.each([
  { answer: '+PONG\r\n', outcome: { kind: 'pass' } },
  { answer: '-NOAUTH Authentication required.\r\n', outcome: { kind: 'pass' } },
  { answer: '-LOADING Redis is loading the dataset in memory\r\n', outcome: { kind: 'fail', failure: { kind: 'status', reason: 'Redis: -LOADING Redis is loading the dataset in memory' } } },
  { answer: '-ERR max number of clients reached\r\n', outcome: { kind: 'fail', failure: { kind: 'throttled', reason: 'Redis: -ERR max number of clients reached' } } },
  { answer: 'HTTP/1.1 400 Bad Request\r\n\r\n', outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'Redis: HTTP/1.1 400 Bad Request ≠ +PONG' } } },
])('a redis probe: $answer is $outcome.kind', async ({ answer, outcome }) => {
  const result = await lookWith({ kind: 'redis', address: await answering(answer) });
  expect(result.outcome).toEqual(outcome);
  expect(result.evidence).toEqual({ address: '127.0.0.1', answer: answer.split('\r\n')[0] });
  expect(Object.keys(result.phases)).toEqual(['connect', 'firstByte', 'body']);
});

it('speaks TLS when told to, and holds the certificate to its time', async () => {
  const own = certificate(5);
  const address = await listening(createSecureServer(own, (socket) => void socket.on('error', () => {}).once('data', () => socket.write('+PONG\r\n'))));
  const good = await lookWith({ kind: 'redis', address, tls: true, ca: own.cert });
  expect(good.outcome).toEqual({ kind: 'pass' });
  expect(good.evidence).toMatchObject({ tls: 'TLSv1.3', certificateUntil: expect.stringMatching(/^20/) });
  expect(Object.keys(good.phases)).toEqual(['connect', 'firstByte', 'tls', 'body']);
  expect((await lookWith({ kind: 'redis', address, tls: true })).outcome).toEqual({ kind: 'fail', failure: { kind: 'tls', reason: 'TLS: DEPTH_ZERO_SELF_SIGNED_CERT' } });
  expect((await lookWith({ kind: 'redis', address, tls: true, ca: new Secret(own.cert), certificate_valid_for: '14d' })).outcome).toMatchObject({
    kind: 'fail',
    failure: { kind: 'tls', reason: expect.stringMatching(/^certificate 4d.* < 14d$/) },
  });
});

it.each([
  { name: 'a silent server is a time-out at the first byte', serve: () => serveTcp(() => {}), outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: first byte' } } },
  { name: 'half an answer is a time-out in the body', serve: () => serveTcp((socket) => socket.write('+PO')), outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: body' } } },
  { name: 'a hang-up is a connection failure', serve: () => serveTcp((socket) => socket.end()), outcome: { kind: 'fail', failure: { kind: 'connect', reason: 'first byte: closed' } } },
  {
    name: 'a flood is cut off',
    serve: () => serveTcp((socket) => void socket.write(Buffer.alloc(5_000_000, 'x'))),
    outcome: { kind: 'fail', failure: { kind: 'assertion', reason: '> 4096 B' } },
  },
])('$name', async ({ serve, outcome }) => {
  expect((await lookWith({ kind: 'redis', address: await serve(), timeout: '1s', slow_after: '900ms' })).outcome).toEqual(outcome);
});

it('refuses metadata addresses, by number and when they are not allowed', async () => {
  expect((await lookWith({ kind: 'redis', address: '169.254.169.254:6379' })).outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('metadata') });
});

it('resolves names as a phase of its own, and tells a name that is not there', async () => {
  const address = await answering('+PONG\r\n');
  const good = await lookWith({ kind: 'redis', address: address.replace('127.0.0.1', 'localhost') });
  expect(good.outcome).toEqual({ kind: 'pass' });
  expect(Object.keys(good.phases)).toEqual(['dns', 'connect', 'firstByte', 'body']);
  expect((await lookWith({ kind: 'redis', address: 'no-such-host.invalid', timeout: '5s' })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'dns' } });
  expect((await lookWith({ kind: 'redis', address: '127.0.0.1:1' })).outcome).toEqual({ kind: 'fail', failure: { kind: 'connect', reason: 'TCP: ECONNREFUSED' } });
});

it('leaves from the address of its vantage', async () => {
  let from = '';
  const address = await serveTcp((socket) => {
    from = socket.remoteAddress ?? '';
    socket.write('+PONG\r\n');
  });
  const result = await lookWith({ kind: 'redis', address }, { id: 'two', region: '', carrier: '', sourceAddress: '127.0.0.2' });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(from).toBe('127.0.0.2');
});

it.each(['cache.example', '10.0.0.1:6380', '[2001:db8::1]:6379', '[::1]'])('%s is an address', (address) => {
  expect(complaints({ kind: 'redis', address })).toEqual([]);
});

it.each(['', 'http://cache', 'cache:0', 'cache:70000', 'a b:1', '[cache]:1', '::1:6379', 'cache:port'])('"%s" is no address, and it is said', (address) => {
  expect(complaints({ kind: 'redis', address })).toEqual([`address: "${address}" is not an address`]);
});
