import { connect } from 'node:net';
import { Pool } from 'undici';

/** Requests nobody sane would send, and what came of them. */

export interface Hostile {
  name: string;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

export interface Outcome extends Hostile {
  /** 0 when the server closed the connection instead of answering. */
  status: number;
  text: string;
}

/** The same bytes for the same seed. */
export function randomBytes(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const json = { 'content-type': 'application/json' };
const odd = { nul: '\u0000', half: '\ud800', number: -1e308, list: [[[]]], map: { a: { b: {} } }, huge: 'x'.repeat(200_000), nothing: null, yes: true } as const;

/** Bodies that are wrong in every way a body can be; `keys` are those the endpoint knows. */
export function hostileBodies(noise: Buffer, keys: readonly string[]): { name: string; headers: Record<string, string>; body: Buffer | string }[] {
  const noisy = ['application/json', 'multipart/form-data', ''];
  const texts = ['', '{', '{"a":', 'null', '42', '"text"', '[]', '[[]]', '{}', '{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}}}', '\ufeff{}', '{"a":1e999}', '\u0000'];
  const deep = ['['.repeat(400_000), `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`];
  return [
    ...noisy.map((type) => ({ name: `5 MB of noise as "${type}"`, headers: type ? { 'content-type': type } : {}, body: noise })),
    { name: 'noise below the size limit', headers: json, body: noise.subarray(0, 500_000) },
    { name: 'JSON said to be a form', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '{"a":1}' },
    { name: 'noise said to be compressed', headers: { ...json, 'content-encoding': 'gzip' }, body: noise.subarray(0, 50_000) },
    ...texts.map((body) => ({ name: `the body ${JSON.stringify(body).slice(0, 60)}`, headers: json, body })),
    ...deep.map((body) => ({ name: `a body nested 100,000 deep, ${body.slice(0, 6)}…`, headers: json, body })),
    ...Object.entries(odd).map(([name, value]) => ({ name: `every known key with ${name}`, headers: json, body: JSON.stringify(Object.fromEntries(keys.map((key) => [key, value]))) })),
  ];
}

/** Addresses that are wrong in every way: odd ids, odd questions, far too long. */
export const hostileNames = ['x', '%00', '%F0%28%8C%28', '..%2f..%2fetc%2fpasswd', "'%20OR%201=1--", '%E2%80%AE', 'a'.repeat(6_000), '{id}', '%25%25', '-1'];
export const hostileValues = ['', '%00', '%F0%28', 'x'.repeat(8_000), '-1', '1e999', "';DROP TABLE logs;--", '%7B%7D', 'now', '9'.repeat(400), '2026-99-99T99:99:99Z', '%ED%A0%80'];

/** Sends them all, eight at a time, and waits for every answer. */
export async function sendAll(url: string, requests: readonly Hostile[]): Promise<Outcome[]> {
  const pool = new Pool(url, { connections: 8, headersTimeout: 20_000, bodyTimeout: 20_000 });
  const outcomes: Outcome[] = [];
  let next = 0;
  const worker = async () => {
    for (let request = requests[next++]; request; request = requests[next++]) outcomes.push(await send(pool, request));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await pool.close();
  return outcomes;
}

async function send(pool: Pool, request: Hostile): Promise<Outcome> {
  const { method, path, headers = {}, body } = request;
  try {
    const answer = await pool.request({ method: method as 'GET', path, headers, ...(body === undefined ? {} : { body }) });
    return { ...request, status: answer.statusCode, text: await answer.body.text() };
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    // A server may close on a body it will not read; anything else, such as no answer in time, is worth knowing.
    if (/^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(code)) return { ...request, status: 0, text: '' };
    return { ...request, status: 599, text: `${code} ${message}` };
  }
}

/** Bytes into a socket as they are, without any protocol; resolves when the other side has had enough. */
export function sendRaw(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setTimeout(3_000, () => socket.destroy());
    socket.on('data', () => socket.end());
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}
