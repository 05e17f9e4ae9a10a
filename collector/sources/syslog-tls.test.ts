import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { openSpool, type Spool } from '#collector/spool.ts';
import { type SelfSigned, selfSigned } from '#demo/certificate.ts';
import { systemClock } from '#lib/clock.ts';
import { unixMs } from '#lib/time.ts';
import type { RunningSource } from './source.ts';
import { syslog } from './syslog.ts';

const day = 86_400_000;
const made = (host: string): SelfSigned => selfSigned({ host, from: unixMs(Date.now() - day), until: unixMs(Date.now() + day) });
const [server, sender, stranger] = [made('127.0.0.1'), made('sender.example'), made('stranger.example')];

let dir: string;
let spool: Spool;
let source: RunningSource;
let port: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-syslog-tls-'));
  spool = await openSpool({ dir, maxBytes: 100_000_000, clock: systemClock });
  for (const [name, text] of Object.entries({ 'cert.pem': server.cert, 'key.pem': server.key, 'senders.pem': sender.cert })) await writeFile(join(dir, name), text);
  port = await new Promise<number>((done) => {
    const held = createServer().listen(0, '127.0.0.1', () => {
      const free = (held.address() as AddressInfo).port;
      held.close(() => done(free));
    });
  });
});
afterEach(async () => {
  await source.stop();
  await spool.close();
  await rm(dir, { recursive: true });
});

const configOf = (more: Record<string, string>) => ({ id: 'net', kind: 'syslog', service: 'invoice', protocol: 'tls', listen: `127.0.0.1:${port}`, ...more });

async function start(more: Record<string, string> = {}): Promise<void> {
  const config = syslog.schema.parse(configOf({ certificate: join(dir, 'cert.pem'), key: join(dir, 'key.pem'), ...more }));
  source = syslog.make(config as never, undefined).start({ spool, clock: systemClock, onError: () => {} });
  const listens = (): Promise<boolean> =>
    new Promise((done) => {
      const client = connectPlain(port, '127.0.0.1', () => done(true));
      client.on('error', () => done(false)).on('connect', () => client.destroy());
    });
  if (source.health().lastError === null) await expect.poll(listens).toBe(true);
}

/** Sends, and waits until the other side has closed; the answer is why it failed, if it did. */
function send(bytes: string | Buffer, own: Partial<SelfSigned> = {}): Promise<string> {
  return new Promise((done) => {
    const client: TLSSocket = connect({ port, host: '127.0.0.1', ca: server.cert, ...own }, () => client.end(bytes));
    let failed = '';
    client.on('error', ({ message }) => (failed ||= message));
    client.on('close', () => done(failed));
    client.resume();
  });
}

async function bodies(count: number): Promise<string[]> {
  const got: string[] = [];
  const look = async () => {
    for (let taken = await spool.take(false); taken; taken = await spool.take(false)) if (taken.batch.kind === 'logs') got.push(...taken.batch.rows.map(({ body }) => body));
    return got.length;
  };
  await expect.poll(look, { interval: 5, timeout: 5_000 }).toBe(count);
  return got;
}

const one = '<13>1 - web app - - - 第一条';
const two = '<11>1 - web app - - - it\nhas lines';
const counted = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

describe('syslog over TLS (RFC 5425)', () => {
  it('counted messages are kept, whatever pieces they come in', async () => {
    await start();
    expect(await send(counted(one) + counted(two) + counted(one))).toBe('');
    expect(await bodies(3)).toEqual(['第一条', 'it\nhas lines', '第一条']);
    expect(source.health()).toMatchObject({ lines: 3, events: 3, lastError: null });
  });

  it('a sender that speaks no TLS is told of and troubles nobody else', async () => {
    await start();
    await new Promise<void>((done) => {
      const client = connectPlain(port, '127.0.0.1', () => client.end(counted(one)));
      client.on('close', () => done()).on('error', () => {});
      client.resume();
    });
    await expect.poll(() => source.health().lastError).toMatch(/^TLS with .*ERR_SSL/);
    await send(counted(two));
    await bodies(1);
    expect(source.health()).toMatchObject({ lines: 1, lastError: null });
  });

  test.each([
    { name: 'a known certificate', own: sender, kept: 1 },
    { name: 'no certificate', own: {}, kept: 0 },
    { name: "a stranger's certificate", own: stranger, kept: 0 },
  ])('where client_ca is given, only who shows a known certificate gets in: $name', async ({ own, kept }) => {
    await start({ client_ca: join(dir, 'senders.pem') });
    const failed = await send(counted(one), own);
    await bodies(kept);
    if (kept === 1) return expect(failed).toBe('');
    await expect.poll(() => source.health().lastError).toMatch(/^TLS with /);
    expect(source.health().lines).toBe(0);
  });

  it('a certificate that cannot be read is one error, and nothing is thrown', async () => {
    await start({ certificate: join(dir, 'missing.pem') });
    expect(source.health().lastError).toContain('missing.pem');
  });
});

test.each([
  { more: { protocol: 'tls' }, path: 'certificate' },
  { more: { protocol: 'tls', certificate: 'a.pem' }, path: 'key' },
  { more: { protocol: 'tcp', client_ca: 'a.pem' }, path: 'client_ca' },
])('what does not fit together is told: $path', ({ more, path }) => {
  const config = syslog.schema.parse({ id: 'net', kind: 'syslog', service: 'invoice', listen: '127.0.0.1:1', ...more });
  expect(syslog.disagreements(config as never).map((each) => each.path)).toEqual([[path]]);
});
