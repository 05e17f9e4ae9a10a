import { createServer as createSecureServer } from 'node:tls';
import { expect, it } from 'vitest';
import { certificate, complaints, listening, lookWith, serveTcp } from './test-servers.ts';

const serve = (own: ReturnType<typeof certificate>, options = {}) => listening(createSecureServer({ ...own, ...options }, (socket) => void socket.on('error', () => {})));

it('a good certificate passes, with its names and days in evidence', async () => {
  const own = certificate(90);
  const result = await lookWith({ kind: 'tls', address: await serve(own), ca: own.cert });
  expect(result.outcome).toEqual({ kind: 'pass' });
  expect(result.evidence).toMatchObject({
    protocol: 'TLSv1.3',
    daysLeft: 89,
    names: expect.stringContaining('127.0.0.1'),
    certificateUntil: expect.stringMatching(/^20/),
    chain: [expect.any(String)],
  });
  expect(Object.keys(result.phases)).toEqual(expect.arrayContaining(['connect', 'tls']));
});

it.each([
  { name: 'an unknown authority', days: 90, config: {}, reason: /^TLS: DEPTH_ZERO_SELF_SIGNED_CERT$/, trusted: false },
  { name: 'a few days left', days: 5, config: {}, reason: /^certificate 4d.* < 14d$/, trusted: true },
  { name: 'an expired certificate', days: -0.5, config: {}, reason: /^certificate expired 12h.* ago$/, trusted: true },
  { name: 'another name', days: 90, config: { server_name: 'other.example' }, reason: /^TLS: ERR_TLS_CERT_ALTNAME_INVALID$/, trusted: true },
  { name: 'an old protocol', days: 90, config: { min_protocol: 'TLSv1.3' }, reason: /^TLSv1.2 < TLSv1.3$/, trusted: true, server: { maxVersion: 'TLSv1.2' } },
  { name: 'no staple where one must be', days: 90, config: { ocsp_staple: 'required' }, reason: /^no OCSP staple$/, trusted: true },
])('$name fails as tls', async ({ days, config, reason, trusted, server }) => {
  const own = certificate(days);
  const result = await lookWith({ kind: 'tls', address: await serve(own, server), ...(trusted ? { ca: own.cert } : {}), ...config });
  expect(result.outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls', reason: expect.stringMatching(reason) } });
});

it('a staple that is sent is all that is asked for', async () => {
  const own = certificate(90);
  const server = createSecureServer(own, (socket) => void socket.on('error', () => {})).on('OCSPRequest', (_certificate, _issuer, answer) => answer(null, Buffer.from('an answer of the authority')));
  expect((await lookWith({ kind: 'tls', address: await listening(server), ca: own.cert, ocsp_staple: 'required' })).outcome).toEqual({ kind: 'pass' });
});

it('fewer days than the warning are slow with a reason, and fewer than the limit still fail', async () => {
  const own = certificate(20);
  const address = await serve(own);
  expect((await lookWith({ kind: 'tls', address, ca: own.cert, warn_below: '30d' })).outcome).toEqual({ kind: 'slow', reason: expect.stringMatching(/^certificate 19d.* < 30d$/) });
  expect((await lookWith({ kind: 'tls', address, ca: own.cert, warn_below: '15d' })).outcome).toEqual({ kind: 'pass' });
  expect((await lookWith({ kind: 'tls', address, ca: own.cert, warn_below: '40d', certificate_valid_for: '30d' })).outcome).toMatchObject({ kind: 'fail' });
  expect(complaints({ kind: 'tls', address: 'a:1', warn_below: '7d' })).toEqual(['warn_below: is shorter than certificate_valid_for, so it would never warn']);
});

it('a certificate that need not be trusted is still held to its days', async () => {
  expect((await lookWith({ kind: 'tls', address: await serve(certificate(90)), verify_certificate: false })).outcome).toEqual({ kind: 'pass' });
});

it('what does not speak TLS fails, silence is a time-out, and bad keys are complaints', async () => {
  expect((await lookWith({ kind: 'tls', address: await serveTcp((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')) })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'tls' } });
  expect((await lookWith({ kind: 'tls', address: await serveTcp(() => {}), timeout: '500ms', slow_after: '400ms' })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'timeout' } });
  expect(complaints({ kind: 'tls', address: 'a:1', min_protocol: 'SSLv3' })).toHaveLength(1);
});
