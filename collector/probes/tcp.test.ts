import { createServer as createSecureServer } from 'node:tls';
import { expect, it } from 'vitest';
import { certificate, complaints, listening, lookWith, serveTcp } from './test-servers.ts';

const echo = () => serveTcp((socket) => void socket.on('data', (asked) => socket.write(`you said ${asked.toString()}`)));

it('a tcp probe passes when it is connected, and says what it cost', async () => {
  const result = await lookWith({ kind: 'tcp', address: await echo() });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(Object.keys(result.phases)).toContain('connect');
});

it.each([
  { talk: [{ send: 'PING\n', expect: '^you said PING' }], outcome: { kind: 'pass' } },
  {
    talk: [
      { send: 'a\n', expect: 'said a' },
      { send: 'b\n', expect: 'said b' },
    ],
    outcome: { kind: 'pass' },
  },
  { talk: [{ send: 'PING\n', expect: 'PONG' }], outcome: { kind: 'fail', failure: { kind: 'assertion', reason: 'you said PING\n ≠ PONG' } } },
  { talk: [{ expect: 'hello' }], outcome: { kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: first byte' } } },
])('a conversation of $talk.length turns is $outcome.kind', async ({ talk, outcome }) => {
  expect((await lookWith({ kind: 'tcp', address: await echo(), talk, timeout: '1s', slow_after: '900ms' })).outcome).toEqual(outcome);
});

it('a greeting in pieces is waited for', async () => {
  const address = await serveTcp((socket) => {
    socket.write('hello\r\n22');
    setImmediate(() => socket.write('0 ready\r\n'));
  });
  expect((await lookWith({ kind: 'tcp', address, talk: [{ expect: '(?m)^220 ' }] })).outcome).toEqual({ kind: 'pass' });
});

it('speaks TLS when told to', async () => {
  const own = certificate();
  const address = await listening(createSecureServer(own, (socket) => void socket.on('error', () => {}).on('data', () => socket.write('PONG\n'))));
  expect((await lookWith({ kind: 'tcp', address, tls: true, ca: own.cert, talk: [{ send: 'PING\n', expect: 'PONG' }] })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'tcp', address, tls: true })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls' } });
});

it('nobody there is a connection failure; a bad pattern and an address without a port are complaints', async () => {
  expect((await lookWith({ kind: 'tcp', address: '127.0.0.1:1' })).outcome).toEqual({ kind: 'fail', failure: { kind: 'connect', reason: 'TCP: ECONNREFUSED' } });
  expect(complaints({ kind: 'tcp', address: 'host.example' })).toEqual(['address: "host.example" is not an address']);
  expect(complaints({ kind: 'tcp', address: 'h:1', talk: [{ expect: '(a' }] })).toEqual([expect.stringMatching(/^talk\.0\.expect: "\(a" is not a regular expression/)]);
});
