import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { type Bus, createBus } from '#lib/bus.ts';
import { systemClock } from '#lib/clock.ts';
import { durationMs } from '#lib/time.ts';
import { fakeAlert, fakeNow, fakePorts } from './api/fake-ports.ts';
import type { ServerToConsole } from './api/views.ts';
import type { ConsoleTopics } from './live.ts';
import { type Console, startConsole } from './server.ts';

let served: Console;
let bus: Bus<ConsoleTopics>;
let buildDir: string;
const errors: unknown[] = [];

beforeAll(async () => {
  buildDir = mkdtempSync(join(tmpdir(), 'fenghuo-console-'));
  mkdirSync(join(buildDir, '_app/immutable'), { recursive: true });
  writeFileSync(join(buildDir, 'index.html'), '<!doctype html><title>烽火</title>');
  writeFileSync(join(buildDir, '_app/immutable/a.js'), 'export {};');
  writeFileSync(join(buildDir, '_app/immutable/a.js.br'), Buffer.from([1, 2, 3]));
  writeFileSync(join(buildDir, 'csp.json'), '{"scriptHashes":["sha256-abc="]}');
  bus = createBus<ConsoleTopics>((error) => errors.push(error));
  served = await startConsole({ host: '127.0.0.1', port: 0, ports: fakePorts(), bus, clock: systemClock, log: { error: (error) => errors.push(error) }, buildDir });
});
afterAll(async () => {
  await served.stop();
  rmSync(buildDir, { recursive: true });
});

const html = { accept: 'text/html' };

describe('pages', () => {
  it('an address of the application gets the page, with a strict policy', async () => {
    for (const path of ['/', '/alerts/f1', '/dashboards/latency?range=1h', '/sign-in?token=x']) {
      const answer = await fetch(served.url + path, { headers: html });
      expect(answer.status, path).toBe(200);
      expect(await answer.text()).toContain('烽火');
      expect(answer.headers.get('content-security-policy')).toContain(`script-src 'self' 'sha256-abc='`);
      expect(answer.headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('referrer-policy')).toBe('same-origin');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
    }
  });

  it('a built file is kept for a year and sent compressed when the browser can', async () => {
    const answer = await fetch(`${served.url}/_app/immutable/a.js`, { headers: { 'accept-encoding': 'identity' } });
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(await answer.text()).toBe('export {};');
    const length = await new Promise((resolve) =>
      httpRequest(`${served.url}/_app/immutable/a.js`, { headers: { 'accept-encoding': 'br' } }, (response) =>
        resolve([response.headers['content-encoding'], response.headers['content-length']]),
      ).end(),
    );
    expect(length).toEqual(['br', '3']);
    const again = await fetch(`${served.url}/_app/immutable/a.js`, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  test.each(['/_app/immutable/missing.js', '/csp.json', '/../package.json', '/%2e%2e/package.json', '/..%2f..%2fetc/passwd', '/x.js', '/%ff%fe', '//etc/passwd'])('%s is not there', async (path) => {
    const status = await new Promise((resolve, reject) => {
      const { hostname, port } = new URL(served.url);
      httpRequest({ hostname, port, path }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('the public page comes from notices, everything else of it is a page too', async () => {
    const answer = await fetch(`${served.url}/status`);
    expect(await answer.text()).toBe('fine');
    expect((await fetch(`${served.url}/x`, { method: 'POST' })).status).toBe(405);
  });

  it('a console that is not built says what to run', async () => {
    const bare = await startConsole({ host: '127.0.0.1', port: 0, ports: fakePorts(), bus, clock: systemClock, log: { error: () => {} }, buildDir: join(buildDir, 'nowhere') });
    const answer = await fetch(bare.url, { headers: html });
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build');
    await bare.stop();
  });
});

describe('the live socket', () => {
  const sockets: Socket<ServerToConsole>[] = [];
  afterAll(() => {
    for (const socket of sockets) socket.disconnect();
  });
  const dial = (headers: Record<string, string>, transports: ('websocket' | 'polling')[] = ['websocket']): Socket<ServerToConsole> => {
    const socket: Socket<ServerToConsole> = io(served.url, { transports, extraHeaders: headers, reconnection: false, forceNew: true });
    sockets.push(socket);
    return socket;
  };
  const outcome = (socket: Socket<ServerToConsole>) => new Promise<string>((resolve) => socket.on('connect', () => resolve('connected')).on('connect_error', () => resolve('refused')));
  const next = <Event extends keyof ServerToConsole>(socket: Socket<ServerToConsole>, event: Event) =>
    new Promise<Parameters<ServerToConsole[Event]>[0]>((resolve) => socket.once(event, ((fact: Parameters<ServerToConsole[Event]>[0]) => resolve(fact)) as never));

  test.each<[string, Record<string, string>, string]>([
    ['nobody', {}, 'refused'],
    ['someone without an origin', { cookie: 'who=viewer' }, 'refused'],
    ['someone from another site', { cookie: 'who=viewer', origin: 'https://evil.example' }, 'refused'],
    ['a page of ours without a session', { origin: 'SELF' }, 'refused'],
    ['a page of ours with a session', { cookie: 'who=viewer', origin: 'SELF' }, 'connected'],
  ])('%s is let in only when it should be', async (_, headers, expected) => {
    expect(await outcome(dial({ ...headers, ...(headers.origin === 'SELF' ? { origin: served.url } : {}) }))).toBe(expected);
  });

  it('is websocket only', async () => {
    expect(await outcome(dial({ cookie: 'who=viewer', origin: served.url }, ['polling']))).toBe('refused');
    expect((await fetch(`${served.url}/socket.io/socket.io.js`)).status).not.toBe(200);
  });

  it('tells hints of what changed, stored checks at most once a second, and a pulse', async () => {
    const socket = dial({ cookie: 'who=viewer', origin: served.url });
    await outcome(socket);
    const hinted = next(socket, 'hint');
    bus.emit('alertsChanged', { transitions: [{ fingerprint: 'f1', episode: 'e1', from: 'pending', to: 'firing', at: fakeNow, alert: fakeAlert }] });
    expect(await hinted).toMatchObject({ topic: 'alerts', id: 'f1' });
    const checked = next(socket, 'checks');
    const result = { probeId: 'home', service: 'invoice', vantage: 'bj', at: fakeNow, durationMs: durationMs(5), outcome: { kind: 'pass' as const }, phases: {}, evidence: {}, attempt: 0 };
    bus.emit('checksStored', { results: [result, result] });
    expect((await checked).results).toHaveLength(2);
    const pulse = await next(socket, 'pulse');
    expect(pulse.newest.checks).toBe(new Date(fakeNow).toISOString());
  });

  it('many changes at once are one hint without an id', async () => {
    const socket = dial({ cookie: 'who=viewer', origin: served.url });
    await outcome(socket);
    const heard: unknown[] = [];
    socket.on('hint', (fact) => heard.push(fact));
    const [a, b] = ['f1', 'f2'].map((fingerprint) => ({ fingerprint, episode: 'e', from: 'pending' as const, to: 'firing' as const, at: fakeNow, alert: fakeAlert }));
    if (a && b) bus.emit('alertsChanged', { transitions: [a, b] });
    bus.emit('incidentsChanged', { id: 'i1' });
    await next(socket, 'pulse');
    expect(heard).toEqual([expect.objectContaining({ topic: 'alerts', id: null }), expect.objectContaining({ topic: 'incidents', id: 'i1' })]);
  });
});

describe('five megabytes of noise', () => {
  const noise = randomBytes(5 * 1024 * 1024);
  const paths = [
    '/',
    '/status',
    '/socket.io/',
    '/api/v1/sign-in',
    '/api/v1/sign-in/link',
    '/api/v1/sign-out',
    '/api/v1/session',
    '/api/v1/overview',
    '/api/v1/probes/home/run',
    '/api/v1/silences',
    '/api/v1/alerts/f1/acknowledge',
    '/api/v1/incidents',
    '/api/v1/incidents/i1/notes',
    '/api/v1/runs/r1/steps/s1/close',
    '/api/v1/notices',
    '/api/v1/components/query/status',
    '/api/v1/demo/faults/errors',
    '/api/v1/query',
    '/api/v1/logs',
    '/api/openapi.json',
    '/ack/good',
    '/metrics',
    '/healthz',
    '/readyz',
    '/v1/logs',
    '/nowhere',
  ];

  const post = (path: string, { method = 'POST', headers = {} }: { method?: string; headers?: Record<string, string> }) =>
    new Promise<number>((resolve) => {
      const { hostname, port } = new URL(served.url);
      const outgoing = httpRequest({ hostname, port, path, method, headers: { cookie: 'who=admin', 'content-type': 'application/json', ...headers } }, (response) => {
        response.resume();
        response.on('close', () => resolve(response.statusCode ?? 0)).on('end', () => resolve(response.statusCode ?? 0));
      });
      // The server may hang up on a body nobody reads; that is an answer too.
      outgoing.on('error', () => resolve(-1));
      outgoing.end(noise);
    });

  test.each(paths)('posted to %s neither ends the process nor is taken', async (path) => {
    for (const how of [{}, { method: 'PUT' }, { headers: { 'content-encoding': 'gzip' } }, { headers: { 'transfer-encoding': 'chunked' } }]) {
      const status = await post(path, how);
      expect(status).toBeLessThan(500);
    }
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  });

  it('raw bytes on the socket, half requests and absurd headers are hung up on', async () => {
    const { hostname, port } = new URL(served.url);
    const starts: (string | Buffer)[] = [
      noise.subarray(0, 1_000_000),
      'GET / HTTP/1.1\r\nhost: x\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
      `GET / HTTP/1.1\r\nx: ${'b'.repeat(100_000)}\r\n\r\n`,
      'POST /api/v1/notices HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\nabc',
    ];
    for (const start of starts) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => {
          socket.write(start);
          socket.end();
        });
        socket
          .on('error', () => resolve())
          .on('close', () => resolve())
          .resume();
      });
    }
    expect((await fetch(`${served.url}/healthz`)).status).toBe(200);
  });

  it('random queries, paths and JSON bodies are answered without a fault of ours', async () => {
    errors.length = 0;
    for (let turn = 0; turn < 200; turn++) {
      const junk = encodeURIComponent(randomBytes(12).toString('latin1'));
      const path =
        [`/api/v1/logs?q=${junk}&from=${junk}&level=${junk}`, `/api/v1/boards/${junk}`, `/api/v1/probes/home?range=${junk}`, `/api/v1/alerts/${junk}`, `/api/v1/query?sql=${junk}`, `/ack/${junk}`][
          turn % 6
        ] ?? '/';
      const answer = await fetch(served.url + path, { headers: { cookie: 'who=admin' } });
      expect(answer.status, path).toBeLessThan(500);
      await answer.arrayBuffer();
      const body = [null, 1, [], {}, { text: 5 }, { draft: { title: 'x' } }, { matchers: 'x', minutes: -1 }, { on: 'yes', for: '1' }][turn % 8];
      const target = ['/api/v1/incidents/i1/notes', '/api/v1/notices', '/api/v1/silences', '/api/v1/demo/faults/errors'][turn % 4] ?? '';
      const wrote = await fetch(served.url + target, {
        method: target.includes('demo') ? 'PUT' : 'POST',
        body: JSON.stringify(body),
        headers: { cookie: 'who=admin', 'content-type': 'application/json' },
      });
      expect([200, 400, 422]).toContain(wrote.status);
      await wrote.arrayBuffer();
    }
    expect(errors).toEqual([]);
  });
});

describe('stopping', () => {
  it('ends within a moment although a console is connected and a connection is kept alive', async () => {
    const other = await startConsole({ host: '127.0.0.1', port: 0, ports: fakePorts(), bus, clock: systemClock, log: { error: () => {} }, buildDir });
    await (await fetch(other.url, { headers: html })).text();
    const socket: Socket<ServerToConsole> = io(other.url, { transports: ['websocket'], extraHeaders: { cookie: 'who=viewer', origin: other.url }, reconnection: false, forceNew: true });
    await new Promise((resolve) => socket.on('connect', () => resolve(undefined)));
    expect(other.watchers()).toBe(1);
    const startedAt = performance.now();
    await other.stop();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await expect(fetch(other.url)).rejects.toThrow();
    socket.disconnect();
  });
});
