import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '#demo/certificate.ts';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import { certificate, complaints, listening, lookWith } from './test-servers.ts';

const look = (config: Record<string, unknown>) => lookWith({ kind: 'http', ...config });
const serve = async (answer: RequestListener) => `http://${await listening(createServer(answer))}`;
const echo: RequestListener = (request, response) => response.end(JSON.stringify({ method: request.method, url: request.url, ...request.headers }));

/** Notes what it was asked, and passes connections on to where they belong. */
function proxy(asked: string[], wanted?: string): Server {
  const refused = (request: IncomingMessage) => wanted !== undefined && request.headers['proxy-authorization'] !== wanted;
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.host}`);
    response.writeHead(refused(request) ? 407 : 200).end('passed on');
  });
  return server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    if (refused(request)) return socket.end('HTTP/1.1 407 No\r\n\r\n');
    const [host, port] = (request.url ?? '').split(':');
    const onward = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n')).on('error', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
}

describe('an http probe', () => {
  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('asks by %s', async (method) => {
    const methods: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      methods.push(request.method);
      response.end();
    });
    expect((await look({ url, method })).outcome).toEqual({ kind: 'pass' });
    expect(methods).toEqual([method]);
  });

  it.each([
    { auth: { basic: { user: 'probe', password: 'p:w' } }, header: `Basic ${Buffer.from('probe:p:w').toString('base64')}` },
    { auth: { bearer: 'token-1' }, header: 'Bearer token-1' },
  ])('says who it is: $header', async ({ auth, header }) => {
    expect((await look({ url: await serve(echo), ...auth, assert: [{ json: '$.authorization', equals: header }] })).outcome).toEqual({ kind: 'pass' });
  });

  it('goes where it is told, under the name it was given', async () => {
    const port = new URL(await serve(echo)).port;
    const { outcome, phases } = await look({ url: `http://invoice.invalid:${port}/`, resolve: { 'invoice.invalid': '127.0.0.1' }, assert: [{ json: '$.host', equals: `invoice.invalid:${port}` }] });
    expect(outcome).toEqual({ kind: 'pass' });
    expect(phases).not.toHaveProperty('dns');
  });

  it('says the name in SNI and checks it, at an address of its own', async () => {
    const now = systemClock.now();
    const made = selfSigned({ host: 'invoice.invalid', from: unixMs(now - 86_400_000), until: unixMs(now + 86_400_000) });
    const address = await listening(createHttpsServer(made, (request, response) => response.end(String((request.socket as TLSSocket & { servername: string }).servername))));
    const url = `https://invoice.invalid:${address.split(':')[1]}/`;
    expect((await look({ url, ca: made.cert, resolve: { 'invoice.invalid': '127.0.0.1' }, assert: [{ contains: 'invoice.invalid' }] })).outcome).toEqual({ kind: 'pass' });
  });

  it('is not led to a metadata address by its own list', async () => {
    expect((await look({ url: 'http://a.invalid/', resolve: { 'a.invalid': '169.254.169.254' } })).outcome).toMatchObject({ kind: 'unknown' });
  });

  it('keeps to a family', async () => {
    const url = (await serve(echo)).replace('127.0.0.1', 'localhost');
    expect((await look({ url, ip_family: 4 })).outcome).toEqual({ kind: 'pass' });
    expect((await look({ url, ip_family: 6 })).outcome).toMatchObject({ kind: expect.stringMatching(/fail|unknown/) });
  });
});

describe('a journey', () => {
  const step = (url: string) => [{ name: 'open', request: { url } }];

  it('goes by the proxy, offers HTTP/2 and shows its certificate as an http probe does', async () => {
    const asked: string[] = [];
    const address = await listening(proxy(asked));
    expect((await lookWith({ kind: 'journey', steps: step('http://invoice.invalid/a'), proxy: `http://${address}` })).outcome).toEqual({ kind: 'pass' });
    expect(asked).toEqual(['GET http://invoice.invalid/a invoice.invalid']);
    const own = certificate();
    const seen: string[] = [];
    const secure = await listening(
      createSecureServer({ ...own, requestCert: true, ca: own.cert }, (request, response) => {
        seen.push(`${request.httpVersion} ${(request.socket as TLSSocket).authorized}`);
        response.end();
      }),
    );
    const journey = { kind: 'journey', variables: { site: `https://${secure}/` }, steps: step('{{site}}'), ca: own.cert, http: '2', client_certificate: own.cert, client_key: own.key };
    expect((await lookWith(journey)).outcome).toEqual({ kind: 'pass' });
    expect(seen).toEqual(['2.0 true']);
  });

  it('complains of ways that contradict each other', () => {
    expect(complaints({ kind: 'journey', steps: step('http://a.example/'), http: '2', proxy_auth: { user: 'a', password: 'b' } })).toEqual([
      'http: HTTP/2 is spoken over TLS only',
      'proxy_auth: there is no proxy',
    ]);
  });
});

describe('an http probe behind a proxy', () => {
  it('asks it for the whole address', async () => {
    const asked: string[] = [];
    const address = await listening(proxy(asked));
    expect((await look({ url: 'http://invoice.invalid/a?b=1', proxy: `http://${address}` })).outcome).toEqual({ kind: 'pass' });
    expect(asked).toEqual(['GET http://invoice.invalid/a?b=1 invoice.invalid']);
  });

  it('reaches https through it, and says what it answers otherwise', async () => {
    const made = certificate();
    const target = await listening(createHttpsServer(made, (_, response) => response.end('ok')));
    const asked: string[] = [];
    const config = { url: `https://${target}/`, ca: made.cert, proxy: `http://${await listening(proxy(asked, `Basic ${Buffer.from('u:p').toString('base64')}`))}` };
    expect((await look({ ...config, proxy_auth: { user: 'u', password: 'p' } })).outcome).toEqual({ kind: 'pass' });
    expect((await look(config)).outcome).toEqual({ kind: 'fail', failure: { kind: 'connect', reason: 'TCP: the proxy answered HTTP 407' } });
    expect(asked).toEqual([`CONNECT ${target}`, `CONNECT ${target}`]);
  });
});

describe('an http probe over TLS', () => {
  it.each([
    { http: 2, server: 'h2', outcome: { kind: 'pass' } },
    { http: 'auto', server: 'h2', outcome: { kind: 'pass' } },
    { http: 'auto', server: 'http/1.1', outcome: { kind: 'pass' } },
    { http: 2, server: 'http/1.1', outcome: { kind: 'fail', failure: { kind: 'tls' } } },
  ])('asks for $http where $server is spoken', async ({ http, server, outcome }) => {
    const made = certificate();
    const versions: string[] = [];
    const answer = (request: { httpVersion: string }, response: { end(text: string): void }) => {
      versions.push(request.httpVersion);
      response.end('ok');
    };
    const address = await listening((server === 'h2' ? createSecureServer({ key: made.key, cert: made.cert }, answer) : createHttpsServer(made, answer)) as Server);
    expect((await look({ url: `https://${address}/`, ca: made.cert, http, assert: [{ contains: 'ok' }] })).outcome).toMatchObject(outcome);
    expect(versions).toEqual(outcome.kind === 'fail' ? [] : [server === 'h2' ? '2.0' : '1.1']);
  });

  it('shows its certificate to whoever asks', async () => {
    const [made, own] = [certificate(), certificate()];
    const url = `https://${await listening(createHttpsServer({ ...made, ca: own.cert, requestCert: true, rejectUnauthorized: true }, (_, response) => response.end('ok')))}/`;
    expect((await look({ url, ca: made.cert, client_certificate: own.cert, client_key: own.key })).outcome).toEqual({ kind: 'pass' });
    expect((await look({ url, ca: made.cert })).outcome).toMatchObject({ kind: 'fail' });
  });
});

describe('a redirect to another origin', () => {
  it('takes no key along', async () => {
    const there = await serve(echo);
    const url = await serve((_, response) => response.writeHead(302, { location: there }).end());
    const assert = ['x-api-key', 'authorization', 'cookie'].map((name) => ({ json: `$.${name}`, exists: false }));
    expect((await look({ url, bearer: 'token-1', headers: { 'X-Api-Key': 'k', cookie: 'a=b' }, assert })).outcome).toEqual({ kind: 'pass' });
  });

  it.each([307, 308])('by %i carries no body there', async (status) => {
    const asked: (string | undefined)[] = [];
    const there = await serve((request, response) => {
      asked.push(request.method);
      response.end();
    });
    const url = await serve((_, response) => response.writeHead(status, { location: there }).end());
    expect((await look({ url, method: 'POST', body: 'secret' })).outcome).toMatchObject({ kind: 'fail', failure: { kind: 'status' } });
    expect(asked).toEqual([]);
  });
});

it.each([
  [{ http: 2 }, /HTTP\/2 is spoken over TLS only/],
  [{ http: 3 }, /is not 1.1, 2 or auto/],
  [{ method: 'CONNECT' }, /CONNECT is for proxies/],
  [{ url: 'http://[::1]/', ip_family: 4 }, /of the other family/],
  [{ resolve: { a: 'b' } }, /not an IP address/],
  [{ proxy: 'http://u:p@proxy.invalid/' }, /without credentials/],
  [{ proxy: 'http://proxy.invalid/', resolve: { a: '127.0.0.1' } }, /the proxy resolves names/],
  [{ proxy_auth: { user: 'u', password: 'p' } }, /there is no proxy/],
  [{ bearer: 't', headers: { Authorization: 'x' } }, /two authorizations/],
  [{ client_certificate: 'x' }, /needs its key/],
  [{ client_certificate: 'x', client_key: 'y' }, /cannot be read together/],
])('refuses %j', (config, message) => {
  expect(complaints({ kind: 'http', url: 'http://a.invalid/', ...config }).join('; ')).toMatch(message);
});
