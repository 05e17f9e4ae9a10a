import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import type { LogRecord } from '#collector/log.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { systemClock } from '#lib/clock.ts';
import type { RunningSource } from './source.ts';
import { syslog } from './syslog.ts';
import { createFramer } from './syslog-frames.ts';

const texts = (messages: readonly Buffer[]): string[] => messages.map(String);

describe('framing', () => {
  const first = '<34>1 - - - - - - it\nhas lines';
  const second = '<13>Oct 11 22:14:15 web app: plain';
  const whole = `${Buffer.byteLength(first)} ${first}${second}\n${Buffer.byteLength(first)} ${first}`;
  test.each([1, 2, 3, 7, 1_000])('counted and line-fed messages, in pieces of %d bytes', (size) => {
    const framer = createFramer();
    const got: string[] = [];
    for (let at = 0; at < whole.length; at += size) got.push(...texts(framer.push(Buffer.from(whole.slice(at, at + size)))));
    expect(got).toEqual([first, second, first]);
    expect(framer.end()).toEqual([]);
  });
  test.each([`70000 ${'a'.repeat(70_000)}`, `<13>${'a'.repeat(70_000)}\n`])('what is too long is cut, counted, and the next one read', (long) => {
    const framer = createFramer();
    const got = texts([...framer.push(Buffer.from(long.slice(0, 66_000))), ...framer.push(Buffer.from(`${long.slice(66_000)}${second}\n`))]);
    expect(got.map(({ length }) => length)).toEqual([65_536, second.length]);
    expect(framer.cut()).toBe(1);
  });
  it('digits that are no count are text, and the last line needs no end', () => {
    const framer = createFramer();
    expect(texts(framer.push(Buffer.from('12345678901 x\n2026-11-24 y')))).toEqual(['12345678901 x']);
    expect(texts(framer.end())).toEqual(['2026-11-24 y']);
  });
});

describe('a source', () => {
  let dir: string;
  let spool: Spool;
  const running: RunningSource[] = [];
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fenghuo-syslog-'));
    spool = await openSpool({ dir, maxBytes: 100_000_000, clock: systemClock });
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((source) => source.stop()));
    await spool.close();
    await rm(dir, { recursive: true });
  });
  const freePort = (): Promise<number> =>
    new Promise((done) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number };
        server.close(() => done(port));
      });
    });
  const start = async (protocol: string, more: Record<string, unknown> = {}): Promise<{ port: number; source: RunningSource }> => {
    const port = await freePort();
    const config = syslog.schema.parse({ id: 'net', kind: 'syslog', service: 'invoice', protocol, listen: `127.0.0.1:${port}`, ...more });
    const source = syslog.make(config as never, undefined).start({ spool, clock: systemClock, onError: () => {} });
    running.push(source);
    return { port, source };
  };
  const listens = (port: number): Promise<boolean> =>
    new Promise((done) => {
      const client = connect(port, '127.0.0.1', () => done(true));
      client.on('error', () => done(false)).on('connect', () => client.destroy());
    });
  const rows = async (count: number): Promise<LogRecord[]> => {
    const got: LogRecord[] = [];
    const look = async () => {
      for (let taken = await spool.take(false); taken; taken = await spool.take(false)) if (taken.batch.kind === 'logs') got.push(...taken.batch.rows);
      return got.length;
    };
    await expect.poll(look, { interval: 5, timeout: 5_000 }).toBe(count);
    return got;
  };

  it('keeps what comes over UDP, masked, with the peer where no host is named', async () => {
    const { port, source } = await start('udp');
    await expect.poll(() => source.health().open).toBe(1);
    const client = createSocket('udp4');
    for (const text of ['<34>1 - - su - - - failed for 13812345678', '\u0000\u00ff']) await new Promise((done) => client.send(text, port, '127.0.0.1', done));
    client.close();
    const got = await rows(2);
    expect(got).toContainEqual(expect.objectContaining({ body: 'failed for 138****5678', severityNumber: 18, service: 'invoice', source: 'net' }));
    expect(got[0]?.attributes).toMatchObject({ 'host.name': '127.0.0.1', 'network.peer.address': '127.0.0.1' });
    expect(source.health()).toMatchObject({ lines: 2, events: 1, malformed: 1, masked: 1, dropped: 0 });
  });

  it('keeps what comes over TCP, also when the connection ends without a line feed', async () => {
    const { port } = await start('tcp');
    await expect.poll(() => listens(port)).toBe(true);
    const client = connect(port, '127.0.0.1');
    client.end('22 <13>1 - - - - - - one\n<13>two\n<13>three');
    expect((await rows(3)).map(({ body }) => body)).toEqual(['one', 'two', 'three']);
  });

  it('reads what a server sends in a format of its own, behind the header and behind proxies', async () => {
    const { port, source } = await start('tcp', { format: { kind: 'nginx', log_format: '$remote_addr [$time_local] "$request" $status $http_x_forwarded_for' }, trusted_proxies: ['10.0.0.0/8'] });
    await expect.poll(() => listens(port)).toBe(true);
    const client = connect(port, '127.0.0.1');
    const line = '10.0.0.7 [24/Nov/2026:08:00:00 +0800] "GET /query HTTP/1.1" 502 1.2.3.4, 203.0.113.9';
    client.end(`<190>Nov 24 08:00:01 web nginx: ${line}\n<34>Nov 24 08:00:01 web su: failed for root\n${line}\n`);
    const [enveloped, other, bare] = await rows(3);
    const asked = { 'http.response.status_code': 502, 'client.address': '203.0.113.9', outcome: 'error' };
    expect(enveloped).toMatchObject({ timestamp: Date.parse('2026-11-24T00:00:00Z'), body: line, attributes: { ...asked, 'host.name': 'web', 'syslog.appname': 'nginx' } });
    expect(other).toMatchObject({ body: 'failed for root', severityNumber: 18, attributes: { 'syslog.appname': 'su' } });
    expect(bare).toMatchObject({ attributes: asked });
    expect(source.health()).toMatchObject({ lines: 3, events: 2, malformed: 1 });
  });

  it('reads HAProxy, and JSON that comes without a header', async () => {
    const [proxy, json] = [await start('tcp', { format: 'haproxy' }), await start('tcp', { format: 'json' })];
    for (const { port } of [proxy, json]) await expect.poll(() => listens(port)).toBe(true);
    connect(proxy.port, '127.0.0.1').end(
      '<134>Nov 24 08:00:00 lb haproxy[9]: 203.0.113.9:5000 [24/Nov/2026:08:00:00.001] web app/one 1/2/3/4/10 200 512 - - ---- 1/1/1/1/0 0/0 "GET /query HTTP/1.1"\n',
    );
    expect((await rows(1))[0]).toMatchObject({ attributes: { 'http.response.status_code': 200, 'client.address': '203.0.113.9', 'haproxy.backend': 'app' } });
    connect(json.port, '127.0.0.1').end('{"time":"2026-11-24T00:00:00Z","level":"error","msg":"查询失败"}\n');
    expect((await rows(1))[0]).toMatchObject({ body: '查询失败', severityNumber: 17, timestamp: Date.parse('2026-11-24T00:00:00Z') });
  });

  it('refuses a format that does not exist', () => {
    expect(syslog.schema.safeParse({ id: 'net', kind: 'syslog', service: 'invoice', protocol: 'udp', listen: '127.0.0.1:514', format: 'nosuch' }).success).toBe(false);
  });

  test.skipIf(!existsSync('/usr/bin/logger')).each(['udp', 'tcp'])('logger is understood over %s (skipped where it is not installed)', async (protocol) => {
    const { port, source } = await start(protocol);
    if (protocol === 'udp') await expect.poll(() => source.health().open).toBe(1);
    else await expect.poll(() => listens(port)).toBe(true);
    await promisify(execFile)('/usr/bin/logger', [`--${protocol}`, '--server', '127.0.0.1', '--port', String(port), '--rfc5424', '-t', 'invoice', '-p', 'user.err', '查询失败'], { timeout: 5_000 });
    const [row] = await rows(1);
    expect(row).toMatchObject({ body: '查询失败', severityNumber: 17, attributes: { 'syslog.appname': 'invoice' } });
  });
});
