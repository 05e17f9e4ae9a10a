/** Changed bodies by HTTP, well sent and badly sent, and what the answers have to be. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Dice } from './fuzz-dice.ts';
import { mutated, mutatedTree } from './fuzz-mutate.ts';
import type { HttpProtocol } from './fuzz-seeds.ts';
import { messages, snapped } from './fuzz-wire.ts';
import type { WireSite } from './wire-site.ts';

export interface Sent {
  /** What came back: a status, or what became of the connection. */
  answer: string;
  ms: number;
  /** Empty when all is well. */
  wrong: string;
  body?: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
/** A machine that is busy with other things takes longer over the same work, so what an answer may take is told in the product's own work. */
const mostWorkMs = 8_000;
const patienceMs = 120_000;
/** Milliseconds of processor the product has used. */
function workOf(pid: number): number {
  const [user = 0, system = 0] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
  return (user + system) * 10;
}

interface Post {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
}
interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export function post({ url, token }: Pick<WireSite, 'url' | 'token'>, { path, headers, body }: Post): Promise<Answer> {
  return new Promise((done, fail) => {
    const asked = request(`${url}${path}`, { method: 'POST', agent, timeout: patienceMs, headers: { authorization: `Bearer ${token}`, ...headers, 'content-length': body.length } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', fail);
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
    // A connection the server closes while it lies idle may be taken for the next request at that very moment: then it is sent again.
    asked.on('error', (error: NodeJS.ErrnoException) => (asked.reusedSocket && error.code === 'ECONNRESET' ? done(post({ url, token }, { path, headers, body })) : fail(error)));
    asked.end(body);
  });
}

const bomb = 66 * 1024 * 1024;
/** What unpacks to more than is allowed, or to nearly as much, of pieces that are two bytes each. */
const bombs = [
  gzipSync(Buffer.alloc(bomb), { level: 1 }),
  gzipSync(messages(Buffer.from('0a00', 'hex'), 31_000_000), { level: 1 }),
  gzipSync(Buffer.concat([Buffer.from('{"resourceLogs":['), messages(Buffer.from('{},'), 20_000_000), Buffer.from('{}]}')]), { level: 1 }),
  Buffer.concat([Buffer.from('8080801f0061', 'hex'), messages(Buffer.from('fe0100', 'hex'), 1_015_807)]),
];

const encodings = ['gzip', 'identity', 'snappy', 'deflate', 'br', 'zstd', 'gzip, gzip', 'GZIP', 'x', ''];
const types = [
  'application/json',
  'application/x-protobuf',
  'text/plain',
  'application/json; charset=gbk',
  'multipart/form-data',
  'x',
  '',
  'application/x-protobuf;proto=io.prometheus.write.v2.Request',
];

/** The body as its protocol packs it, mostly. */
function packed(protocol: HttpProtocol, body: Buffer, dice: Dice): Post {
  const headers: Record<string, string> = { 'content-type': protocol.contentType, ...(protocol.encoding && { 'content-encoding': protocol.encoding }) };
  let bytes = protocol.snapped && !dice.once(12) ? snapped(body) : body;
  if (protocol.snapped && dice.once(6)) bytes = mutated(bytes, dice);
  if (dice.once(5)) {
    headers['content-encoding'] = 'gzip';
    bytes = gzipSync(bytes, { level: 1 });
    if (dice.once(4)) bytes = mutated(bytes, dice);
  }
  if (dice.once(12)) headers['content-encoding'] = dice.pick(encodings);
  if (dice.once(15)) headers['content-type'] = dice.pick(types);
  if (dice.once(400)) {
    bytes = dice.pick(bombs);
    headers['content-encoding'] = dice.pick(['gzip', protocol.encoding || 'gzip']);
  }
  for (const [name, value] of Object.entries(headers)) if (value === '') delete headers[name];
  return { path: protocol.path, headers, body: bytes };
}

function changed(protocol: HttpProtocol, dice: Dice): Buffer {
  const now = Date.now();
  if (dice.once(30)) return dice.pick(protocol.hostile)(dice);
  if (!protocol.tree || dice.once(3)) return dice.once(15) ? protocol.body('as it should be', now) : mutated(protocol.body('changed', now), dice);
  let tree = protocol.tree('changed', now);
  for (let times = 1 + dice.below(3); times > 0; times--) tree = mutatedTree(tree, dice);
  return Buffer.from(JSON.stringify(tree));
}

export async function sendChanged(site: WireSite, protocol: HttpProtocol, dice: Dice): Promise<Sent> {
  const asked = packed(protocol, changed(protocol, dice), dice);
  const from = performance.now();
  const before = workOf(site.pid);
  try {
    const answer = await post(site, asked);
    const ms = performance.now() - from;
    const work = workOf(site.pid) - before;
    const wrong = wrongWith(protocol, { asked, answer }) || (work > mostWorkMs ? `took ${ms.toFixed()} ms, ${work} ms of work` : '');
    return { answer: String(answer.status), ms, wrong, body: asked.body };
  } catch (error) {
    return { answer: 'none', ms: performance.now() - from, wrong: `no answer: ${(error as Error).message}`, body: asked.body };
  }
}

function wrongWith({ codes, path }: HttpProtocol, { asked, answer: { status, headers, body } }: { asked: Post; answer: Answer }): string {
  if (!codes.includes(status)) return `answered ${status}: ${body.toString().slice(0, 200)}`;
  if ((status === 429 || status === 503) && headers['retry-after'] === undefined) return `${status} without Retry-After`;
  if (!path.startsWith('/v1/') || status === 415) return '';
  const [wanted] = (asked.headers['content-type'] ?? '').split(';');
  if (headers['content-type'] !== wanted) return `${status} as ${String(headers['content-type'])} to ${wanted}`;
  if (wanted === 'application/json' && status !== 200 && typeof (JSON.parse(body.toString()) as { message: unknown }).message !== 'string') return `${status} without a message`;
  return '';
}

/** Bytes into a connection as they are; answers what came back until it ended. */
function raw({ url }: WireSite, parts: (string | Buffer | number)[], dice: Dice): Promise<string> {
  return new Promise((done) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let got = '';
    socket.on('data', (bytes) => (got += bytes.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => done(got));
    socket.setTimeout(patienceMs, () => socket.destroy());
    const write = async (): Promise<void> => {
      for (const part of parts) {
        if (typeof part === 'number') await sleep(part);
        else if (socket.writable) socket.write(part);
      }
      if (dice.once(2)) socket.end();
      else socket.destroy();
    };
    socket.on('connect', () => void write());
  });
}

/** A request whose sending goes wrong. */
export async function sendBadly(site: WireSite, protocol: HttpProtocol, dice: Dice): Promise<Sent> {
  const body = packed(protocol, protocol.body('badly sent', Date.now()), dice).body.subarray(0, 4_000);
  const half = Math.floor(body.length / 2);
  const head = (words: string) => `POST ${protocol.path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${site.token}\r\ncontent-type: ${protocol.contentType}\r\n${words}\r\n\r\n`;
  const whole = (): Buffer => Buffer.concat([Buffer.from(head(`content-length: ${body.length}`)), body]);
  const from = performance.now();
  const answer = await raw(
    site,
    dice.pick<() => (string | Buffer | number)[]>([
      () => [head(`content-length: ${body.length}`), body.subarray(0, half)],
      () => [head(`content-length: ${body.length}`), ...Array.from(body.subarray(0, 20)).flatMap((byte) => [Buffer.from([byte]), 20])],
      () => [head('content-length: 99999999999'), body, 100],
      () => [head('content-length: -1'), body, 50],
      () => [head(`content-length: ${body.length}\r\ncontent-length: 3`), body, 50],
      () => [head(`transfer-encoding: chunked\r\ncontent-length: ${body.length}`), body, 50],
      () => [head('transfer-encoding: chunked'), `${body.length.toString(16)}\r\n`, body, '\r\n0\r\n\r\n', 200],
      () => [head('transfer-encoding: chunked'), 'ffffffffff\r\n', body, 50],
      () => [head('transfer-encoding: chunked'), 'zz\r\n', body, 50],
      () => [head(`content-length: ${body.length}\r\nexpect: 100-continue`), 50, body, 100],
      () => [head(`content-length: ${body.length}\r\nx: ${'y'.repeat(40_000)}`), body, 50],
      () => [whole(), whole(), whole(), 300],
      () => [dice.bytes(500), 50],
    ])(),
    dice,
  );
  const codes = [...answer.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, code]) => Number(code));
  const bad = codes.find((code) => ![...protocol.codes, 100, 408, 431, 417].includes(code));
  return { answer: 'badly sent', ms: performance.now() - from, wrong: bad === undefined ? '' : `badly sent, answered ${bad}`, body };
}
