import { randomBytes } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { runCheck } from '#collector/run-check.ts';
import { localVantage } from '#collector/vantage.ts';
import { selfSigned } from '#demo/certificate.ts';
import { systemClock } from '#lib/clock.ts';
import { buildKind } from '#lib/kinds.ts';
import { Secret } from '#lib/secret.ts';
import { unixMs } from '#lib/time.ts';
import { probeKinds } from './index.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function listening(server: Server | ReturnType<typeof createTcpServer>, scheme = 'http'): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const serve = (answer: RequestListener) => listening(createServer(answer));

async function look(config: Record<string, unknown>) {
  const built = buildKind(probeKinds, { id: 'p', service: 's', kind: 'http', timeout: '3s', slow_after: '2900ms', ...config }, undefined);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return runCheck({ probe: built.ready, vantage: localVantage, attempt: 0, clock: systemClock });
}
const failure = async (config: Record<string, unknown>) => {
  const { outcome } = await look(config);
  return outcome.kind === 'fail' ? outcome.failure : outcome;
};
const json =
  (value: unknown): RequestListener =>
  (_, response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value));

describe('an http probe', () => {
  it('passes a good answer and says how long each part took', async () => {
    const url = await serve(json({ code: '001' }));
    const result = await look({ url, assert: [{ status: '2xx' }, { json: '$.code', equals: '001' }] });
    expect(result.outcome).toEqual({ kind: 'pass' });
    expect(Object.keys(result.phases)).toEqual(['connect', 'firstByte', 'body']);
    expect(result.evidence).toMatchObject({ status: 200, address: '127.0.0.1' });
  });

  it('resolves names as a phase of its own', async () => {
    const url = await serve(json({}));
    const { phases } = await look({ url: url.replace('127.0.0.1', 'localhost') });
    expect(Object.keys(phases)).toEqual(['dns', 'connect', 'firstByte', 'body']);
  });

  it('opens a new connection for every check, as a new user would', async () => {
    const ports = new Set<number | undefined>();
    const url = await serve((request, response) => {
      ports.add(request.socket.remotePort);
      response.end('ok');
    });
    await look({ url });
    await look({ url });
    expect(ports.size).toBe(2);
  });

  it('calls an answer after slow_after slow, with the time it took', async () => {
    const url = await serve((_, response) => setTimeout(() => response.end('late'), 200));
    const result = await look({ url, slow_after: '150ms' });
    expect(result.outcome).toEqual({ kind: 'slow' });
    expect(result.durationMs).toBeGreaterThan(190);
  });

  it.each([
    { name: 'a hang before the first byte is a time-out that says so', answer: (() => {}) as RequestListener, expected: { kind: 'timeout', reason: 'timeout: first byte' } },
    { name: 'a body that never ends is a time-out that says so', answer: ((_, response) => response.write('half')) as RequestListener, expected: { kind: 'timeout', reason: 'timeout: body' } },
    {
      name: 'a reset before the answer is a connection failure',
      answer: ((request) => request.socket.resetAndDestroy()) as RequestListener,
      expected: { kind: 'connect', reason: expect.stringMatching(/^first byte: /) },
    },
    {
      name: 'a body cut short is a connection failure',
      answer: ((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy())) as RequestListener,
      expected: { kind: 'connect', reason: expect.stringMatching(/^body: /) },
    },
    {
      name: 'a bad status fails without any assertion written',
      answer: ((_, response) => response.writeHead(503).end('no')) as RequestListener,
      expected: { kind: 'status', reason: 'HTTP 503 ≠ 2xx' },
    },
  ])('$name', async ({ answer, expected }) => {
    expect(await failure({ url: await serve(answer) })).toEqual(expected);
  });

  it('tells a refused connection and an unknown name apart', async () => {
    expect(await failure({ url: 'http://127.0.0.1:1/' })).toEqual({ kind: 'connect', reason: 'TCP: ECONNREFUSED' });
    expect(await failure({ url: 'http://no-such-host.invalid/', timeout: '5s', slow_after: '1s' })).toMatchObject({ kind: 'dns' });
  });

  it('calls an answer that is not HTTP a connection failure', async () => {
    const url = await listening(createTcpServer((socket) => socket.end('garbage\r\n\r\n').on('error', () => {})));
    expect(await failure({ url })).toMatchObject({ kind: 'connect' });
  });

  it('survives whatever a target sends: random bytes raw, and as a body that claims to be packed JSON', async () => {
    const noise = randomBytes(5_000_000);
    const raw = await listening(createTcpServer((socket) => socket.on('error', () => {}).end(noise)));
    expect(await failure({ url: raw })).toMatchObject({ kind: 'connect' });
    for (const encoding of ['gzip', 'br', 'deflate', 'identity']) {
      const url = await serve((_, response) => response.writeHead(200, { 'content-type': 'application/json; charset=nonsense', 'content-encoding': encoding }).end(noise));
      expect(await failure({ url, timeout: '5s', slow_after: '4s', assert: [{ json: '$.code', equals: '001' }] })).toMatchObject({ kind: 'assertion', reason: 'JSON ∅' });
    }
  });

  it.each([
    { name: 'the wrong value at a JSON path', assert: [{ json: '$.data.items[0].n', equals: 2 }], expected: { kind: 'assertion', reason: '$.data.items[0].n = 1, ≠ 2' } },
    { name: 'a JSON value of the wrong type', assert: [{ json: '$.code', equals: 1 }], expected: { kind: 'assertion', reason: '$.code = "1", ≠ 1' } },
    { name: 'a missing JSON value', assert: [{ json: '$.nope', exists: true }], expected: { kind: 'assertion', reason: '$.nope = ∅, ≠ present' } },
    { name: 'a missing text', assert: [{ contains: '发票' }], expected: { kind: 'assertion', reason: 'body ∋ "发票": no' } },
    { name: 'a text that must not be there', assert: [{ lacks: 'code' }], expected: { kind: 'assertion', reason: 'body ∌ "code": no' } },
    { name: 'a pattern that does not match', assert: [{ regex: '"n":[2-9]' }], expected: { kind: 'assertion', reason: 'body ~ "n":[2-9]: no' } },
    { name: 'a header that is otherwise', assert: [{ header: 'Content-Type', contains: 'html' }], expected: { kind: 'assertion', reason: 'Content-Type: "application/json", ≠ ∋ "html"' } },
    { name: 'a certificate asked for without TLS', assert: [{ certificate_valid_for: '7d' }], expected: { kind: 'tls', reason: 'certificate ∅ < 7d' } },
  ])('fails on $name', async ({ assert, expected }) => {
    expect(await failure({ url: await serve(json({ code: '1', data: { items: [{ n: 1 }] } })), assert })).toEqual(expected);
  });

  it('keeps what was seen as evidence: status, few headers, a masked excerpt, expected and got', async () => {
    const url = await serve(json({ code: '010', message: '系统异常', number: '26990000000000000012', token: 'abc' }));
    const { evidence } = await look({ url, assert: [{ json: '$.code', equals: '001' }] });
    expect(evidence).toMatchObject({ status: 200, expected: '"001"', got: '"010"', headers: { 'content-type': 'application/json' } });
    expect(evidence.body).toBe('{"code":"010","message":"系统异常","number":"2699************0012","token":"•••"}');
  });

  it('reads compressed answers and other character sets', async () => {
    const zipped = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync('压缩的')));
    expect((await look({ url: zipped, assert: [{ contains: '压缩的' }] })).outcome.kind).toBe('pass');
    const gbk = await serve((_, response) => response.setHeader('content-type', 'text/html; charset=gbk').end(Buffer.from([0xb7, 0xa2, 0xc6, 0xb1])));
    expect((await look({ url: gbk, assert: [{ contains: '发票' }] })).outcome.kind).toBe('pass');
  });

  it('reads a chunked answer whole, and no more than max_body', async () => {
    const url = await serve((_, response) => {
      for (let part = 0; part < 50; part++) response.write('x'.repeat(1_000));
      response.end('end');
    });
    expect((await look({ url, assert: [{ contains: 'end' }] })).outcome.kind).toBe('pass');
    expect(await failure({ url, assert: [{ contains: 'end' }], max_body: 2_000 })).toMatchObject({ kind: 'assertion' });
  });

  it('follows redirects, without credentials to another origin, and can be told not to', async () => {
    const seen: (string | undefined)[] = [];
    const end = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('here');
    });
    const url = await serve((_, response) => response.writeHead(302, { location: `${end}/there` }).end());
    const headers = { authorization: new Secret('Bearer x') };
    expect(await look({ url, headers, assert: [{ contains: 'here' }] })).toMatchObject({ outcome: { kind: 'pass' }, evidence: { redirects: 1, url: `${end}/there` } });
    expect(seen).toEqual([undefined]);
    expect((await look({ url, redirects: 0, assert: [{ status: 302 }] })).outcome.kind).toBe('pass');
  });

  it('signs in with the credentials of the address and shows them nowhere', async () => {
    const url = await serve((request, response) => response.writeHead(request.headers.authorization === `Basic ${Buffer.from('me:s3cret').toString('base64')}` ? 500 : 401).end());
    const result = await look({ url: `${url.replace('http://', 'http://me:s3cret@')}/x?token=abcdef` });
    expect(result.outcome).toMatchObject({ failure: { reason: 'HTTP 500 ≠ 2xx' } });
    expect(result.evidence.url).toBe(`${url}/x?token=******`);
  });

  it('takes the cookies of a redirect along, as a browser does, to the host that set them alone', async () => {
    const said: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      said.push(request.headers.cookie);
      response.end('other');
    });
    const url = await serve((request, response) => {
      said.push(request.headers.cookie);
      if (request.url === '/') response.writeHead(302, { location: '/in', 'set-cookie': ['session=7; Path=/; HttpOnly', 'own=new'] }).end();
      else if (request.url === '/in') response.writeHead(302, { location: '/done', 'set-cookie': 'own=; Max-Age=0' }).end();
      else response.writeHead(request.headers.cookie?.includes('session=7') ? 302 : 401, { location: `${other.replace('127.0.0.1', 'localhost')}/` }).end();
    });
    expect(await look({ url, headers: { cookie: 'mine=1; own=old' }, assert: [{ contains: 'other' }] })).toMatchObject({ outcome: { kind: 'pass' }, evidence: { redirects: 3 } });
    expect(said).toEqual(['mine=1; own=old', 'mine=1; own=new; session=7', 'mine=1; own=new; session=7', undefined]);
  });

  it('gives up a redirect loop instead of going round for ever', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/' }).end());
    expect(await failure({ url })).toEqual({ kind: 'status', reason: 'HTTP 302 ≠ 2xx' });
  });

  it('keeps away from metadata addresses unless told otherwise', async () => {
    expect(await failure({ url: 'http://169.254.169.254/latest' })).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('169.254.169.254') });
    expect(await failure({ url: 'http://[fe80::1]/' })).toMatchObject({ kind: 'unknown' });
    const url = await serve((_, response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end());
    expect(await failure({ url })).toMatchObject({ kind: 'unknown' });
  });

  it('says that it cannot see when the prober itself has no such line', async () => {
    const built = buildKind(probeKinds, { id: 'p', service: 's', kind: 'http', url: 'http://127.0.0.1:1/' }, undefined);
    if (!built.ok) throw new Error('config');
    const result = await runCheck({ probe: built.ready, vantage: { ...localVantage, sourceAddress: '203.0.113.7' }, attempt: 0, clock: systemClock });
    expect(result.outcome).toEqual({ kind: 'unknown', reason: 'EADDRNOTAVAIL (prober)' });
  });
});

describe('over TLS', () => {
  const now = systemClock.now();
  const day = 86_400_000;
  async function secure(untilDays: number) {
    const made = selfSigned({ host: '127.0.0.1', from: unixMs(now - 30 * day), until: unixMs(now + untilDays * day) });
    return {
      url: await listening(
        createSecureServer(made, (_, response) => response.end('ok')),
        'https',
      ),
      ca: made.cert,
    };
  }

  it('does not trust a certificate nobody vouches for', async () => {
    const { url } = await secure(90);
    expect(await failure({ url })).toEqual({ kind: 'tls', reason: 'TLS: DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect((await look({ url, verify_certificate: false })).outcome.kind).toBe('pass');
  });

  it('trusts an authority it is given, and times the handshake', async () => {
    const { url, ca } = await secure(90);
    const result = await look({ url, ca, assert: [{ certificate_valid_for: '14d' }] });
    expect(result.outcome).toEqual({ kind: 'pass' });
    expect(result.phases.tls).toBeGreaterThan(0);
  });

  it('fails on a certificate that has expired or soon will', async () => {
    const expired = await secure(-1);
    expect(await failure({ url: expired.url, ca: expired.ca })).toEqual({ kind: 'tls', reason: 'TLS: CERT_HAS_EXPIRED' });
    const soon = await secure(3);
    expect(await failure({ url: soon.url, ca: soon.ca, assert: [{ certificate_valid_for: '14d' }] })).toEqual({ kind: 'tls', reason: expect.stringMatching(/^certificate 2d.* < 14d$/) });
  });
});
