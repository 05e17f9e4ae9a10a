import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect, it } from 'vitest';
import { certificate, listening, lookWith, securedBy, serveTcp } from './test-servers.ts';

/** The library's own server, with everything it was told. */
async function mailServer(options: SMTPServerOptions) {
  const seen: string[] = [];
  const server = new SMTPServer({
    ...options,
    logger: false,
    onMailFrom: (address, _, callback) => {
      seen.push(`MAIL ${address.address}`);
      callback();
    },
  });
  server.on('error', () => {});
  return { address: await listening(server.server), seen };
}

it('greets, upgrades and leaves, and never begins a mail', async () => {
  const own = certificate();
  const { address, seen } = await mailServer({ key: own.key, cert: own.cert, banner: 'invoice mail' });
  const result = await lookWith({ kind: 'smtp', address, starttls: 'required', ca: own.cert });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({ tls: 'TLSv1.3', banner: expect.stringContaining('invoice mail'), capabilities: expect.arrayContaining(['STARTTLS']) });
  expect(Object.keys(result.phases)).toEqual(['connect', 'firstByte', 'body', 'tls']);
  expect(seen).toEqual([]);
});

it('does not accept a certificate nobody vouches for', async () => {
  const { address } = await mailServer({ ...certificate() });
  expect((await lookWith({ kind: 'smtp', address })).outcome).toEqual({ kind: 'fail', failure: { kind: 'tls', reason: 'TLS: DEPTH_ZERO_SELF_SIGNED_CERT' } });
  expect((await lookWith({ kind: 'smtp', address, verify_certificate: false })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'smtp', address, starttls: 'never' })).evidence).not.toHaveProperty('tls');
});

it('speaks TLS from the start', async () => {
  const own = certificate();
  const { address } = await mailServer({ ...own, secure: true });
  expect((await lookWith({ kind: 'smtp', address, tls: true, ca: own.cert })).outcome).toEqual({ kind: 'pass' });
});

it('a server without STARTTLS is good unless it is required', async () => {
  const { address } = await mailServer({ disabledCommands: ['STARTTLS'] });
  expect((await lookWith({ kind: 'smtp', address })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'smtp', address, starttls: 'required' })).outcome).toEqual({ kind: 'fail', failure: { kind: 'tls', reason: 'SMTP: STARTTLS ∅' } });
});

/** A server that says its lines whatever it is told. */
const saying = (...replies: string[]) =>
  serveTcp((socket) => {
    socket.write(replies[0] ?? '');
    let turn = 1;
    socket.on('data', () => socket.write(replies[turn++] ?? ''));
  });

it.each([
  { name: 'a server that is too busy', replies: ['421 4.3.2 too many connections\r\n'], failure: { kind: 'throttled', reason: 'SMTP 421 4.3.2 too many connections ≠ 220' } },
  { name: 'a server that refuses', replies: ['554 no service here\r\n'], failure: { kind: 'status', reason: 'SMTP 554 no service here ≠ 220' } },
  { name: 'a server of another protocol', replies: ['SSH-2.0-OpenSSH_9.9\r\n'], failure: { kind: 'assertion', reason: 'not SMTP' } },
  { name: 'EHLO refused', replies: ['220 hi\r\n', '550 who are you\r\n'], failure: { kind: 'status', reason: 'SMTP 550 who are you ≠ 250' } },
  { name: 'STARTTLS refused', replies: ['220 hi\r\n', '250-me\r\n250 STARTTLS\r\n', '454 no TLS today\r\n'], failure: { kind: 'tls', reason: 'SMTP STARTTLS: 454 no TLS today ≠ 220' } },
  { name: 'words slipped in before TLS', replies: ['220 hi\r\n', '250-me\r\n250 STARTTLS\r\n', '220 go\r\n250 evil\r\n'], failure: { kind: 'tls', reason: 'SMTP: plain bytes before TLS' } },
  { name: 'a reply that never ends', replies: ['220-a\r\n220-b\r\n'], failure: { kind: 'timeout', reason: 'timeout: body' } },
])('$name is told', async ({ replies, failure }) => {
  const result = await lookWith({ kind: 'smtp', address: await saying(...replies), timeout: '1s', slow_after: '900ms' });
  expect(result.outcome).toEqual({ kind: 'fail', failure });
});

it('a hang in the handshake is a time-out of TLS', async () => {
  const address = await saying('220 hi\r\n', '250-me\r\n250 STARTTLS\r\n', '220 go\r\n', '');
  expect((await lookWith({ kind: 'smtp', address, timeout: '1s', slow_after: '900ms' })).outcome).toEqual({ kind: 'fail', failure: { kind: 'timeout', reason: 'timeout: TLS' } });
});

it('greets again after the upgrade', async () => {
  const own = certificate();
  const said: string[] = [];
  const address = await serveTcp((socket) => {
    socket.write('220 hi\r\n');
    socket.on('data', (bytes) => {
      said.push(bytes.toString().trim());
      if (said.length === 1) socket.write('250-me\r\n250 STARTTLS\r\n');
      if (said.length !== 2) return;
      socket.removeAllListeners('data');
      socket.write('220 go\r\n');
      const secured = securedBy(socket, own);
      secured.on('data', (more) => {
        said.push(more.toString().trim());
        secured.write('250 me\r\n');
      });
    });
  });
  expect((await lookWith({ kind: 'smtp', address, ca: own.cert, hello: 'probe.example' })).outcome).toEqual({ kind: 'pass' });
  expect(said.slice(0, 3)).toEqual(['EHLO probe.example', 'STARTTLS', 'EHLO probe.example']);
});
