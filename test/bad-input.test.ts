import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hostile, hostileBodies, hostileNames, hostileValues, type Outcome, randomBytes, sendAll, sendRaw } from './hostile-requests.ts';
import { type Instance, startInstance } from './instance.ts';
import { listeningPorts } from './listening-ports.ts';
import { processTree } from './process-tree.ts';

/** Whatever comes in by HTTP, by socket, by file or by configuration: the product stays up, answers, and says what is wrong. */

const home = mkdtempSync(join(tmpdir(), 'fenghuo-bad-input-'));
const noise = randomBytes(5 * 1024 * 1024, 20_260_301);
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: unknown;
}
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

/** Names that exist in the demo, so that a request gets past "there is no such thing". */
const known: Record<string, string[]> = {
  '/api/v1/probes': ['invoice-home'],
  '/api/v1/boards': ['latency'],
  '/api/v1/panels': ['request-latency'],
  '/api/v1/runbooks': ['errors'],
  '/api/v1/components': ['home'],
  '/api/v1/demo': ['slow'],
};
const alsoServed = ['/api/v1/sign-in', '/api/v1/sign-in/link', '/api/v2/alerts', '/api/v2/silences', '/ack/x', '/v1/logs', '/v1/metrics', '/api/v1/write', '/loki/api/v1/push', '/api/v1/ingest/lines'];
const alsoRead = [
  '/',
  '/metrics',
  '/healthz',
  '/readyz',
  '/status',
  '/status/zh-CN',
  '/status/en',
  '/status/feed.atom',
  '/status/api/v2/summary.json',
  '/ack/x',
  '/api/v2/alerts',
  '/api/v2/alerts/groups',
  '/api/v2/silences',
  '/api/v2/silence/x',
  '/api/v2/status',
  '/api/v2/receivers',
  '/socket.io/',
];

/** Every key that is named anywhere below a schema. */
function keysIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [...(key === 'properties' && typeof inner === 'object' && inner !== null ? Object.keys(inner) : []), ...keysIn(inner)]);
}

function pathsOf(template: string): string[] {
  if (!template.includes('{')) return [template];
  const real = Object.entries(known).find(([prefix]) => template.startsWith(`${prefix}/`))?.[1] ?? [];
  return [...hostileNames, ...real].map((name) => template.replaceAll(/\{\w+\}/g, name));
}

/** Every documented method of every documented address, with every bad body and every bad question. */
function documented({ paths }: OpenApi): Hostile[] {
  return Object.entries(paths).flatMap(([template, operations]) =>
    Object.entries(operations).flatMap(([verb, operation]): Hostile[] => {
      const method = verb.toUpperCase();
      const addresses = pathsOf(template);
      const first = addresses.at(-1) ?? template;
      const keys = [...new Set([...keysIn(operation.requestBody), 'id', 'name', 'note', 'reason', 'text'])];
      const bodies = hostileBodies(noise, keys).filter((_, index) => method !== 'GET' || index === 0);
      const questions = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').flatMap(({ name }) => hostileValues.map((value) => `${first}?${name}=${encodeURI(value)}`));
      return [
        ...addresses.map((path) => ({ name: 'an odd name', method, path: encodeURI(path), headers: json, ...(method === 'GET' ? {} : { body: '{}' }) })),
        ...questions.map((path) => ({ name: 'an odd question', method, path: path.replaceAll('%25', '%') })),
        ...bodies.map(({ name, headers, body }) => ({ name, method, path: first, headers, body })),
      ];
    }),
  );
}

const json = { 'content-type': 'application/json' };
const others = (): Hostile[] => [
  ...alsoServed.flatMap((path) => hostileBodies(noise, ['email', 'password', 'token', 'labels', 'matchers', 'startsAt', 'endsAt']).map((bad) => ({ ...bad, method: 'POST', path }))),
  ...alsoRead.flatMap((path) => [
    { name: 'a GET with a body', method: 'GET', path, body: noise },
    { name: 'a POST nobody asked for', method: 'POST', path, headers: json, body: noise },
    { name: 'a method that is none', method: 'PROPFIND', path },
    { name: 'a giant header', method: 'GET', path, headers: { 'x-noise': 'x'.repeat(100_000) } },
    { name: 'a giant cookie', method: 'GET', path, headers: { cookie: `fenghuo.session_token=${'%00'.repeat(9_000)}` } },
    { name: 'a broken token', method: 'GET', path, headers: { authorization: `Bearer ${'\u00ff'.repeat(200)}` } },
    { name: 'a broken address', method: 'GET', path: `${path}/%E0%A4%A/%00` },
    {
      name: 'a broken range and condition',
      method: 'GET',
      path,
      headers: { range: 'bytes=9-1,x', 'if-none-match': '"'.repeat(5_000), 'if-modified-since': 'never', 'accept-language': ';;q=x,'.repeat(500) },
    },
  ]),
];

async function signIn({ url, signIn: link }: Instance): Promise<string> {
  const answer = await fetch(`${url}/api/v1/sign-in/link`, { method: 'POST', headers: { ...json, origin: url }, body: JSON.stringify({ token: new URL(link).searchParams.get('token') }) });
  return answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
}

const stack = /^\s+at .+:\d+:\d+/m;
const shown = ({ name, method, path, status, text }: Outcome) => `${method} ${path.slice(0, 80)} with ${name}: ${status} ${text.slice(0, 200)}`;
/** Our own fault (500), no answer, or the inside turned out: none of it may happen. */
const faults = (outcomes: readonly Outcome[]): string[] => [...new Set(outcomes.filter(({ status, text }) => (status >= 500 && status !== 503) || stack.test(text)).map(shown))];

describe('a running instance', { timeout: 180_000 }, () => {
  let instance: Instance;
  let cookie = '';
  let api: OpenApi;
  /** The engine, Postgres and the process itself. */
  const family = () =>
    [
      instance.pid,
      ...processTree(instance.pid)
        .filter(({ parent }) => parent === instance.pid)
        .map(({ pid }) => pid),
    ].sort();
  let before: number[] = [];

  beforeAll(async () => {
    instance = await startInstance({ dataDir: join(home, 'data'), port: 18_300, args: ['--demo'] });
    cookie = await signIn(instance);
    api = (await (await fetch(`${instance.url}/api/openapi.json`, { headers: { cookie } })).json()) as OpenApi;
    before = family();
  });
  afterAll(() => instance.stop());

  it('answers every documented address without a fault of its own, to strangers and to people signed in', async () => {
    expect(Object.keys(api.paths).length).toBeGreaterThan(30);
    const requests = documented(api);
    // A stranger is turned away before the body is looked at, so a few bodies say enough.
    const strangers = requests.filter(({ name }) => !/known key|the body/.test(name));
    const outcomes = await sendAll(instance.url, [...strangers, ...requests.map((request) => ({ ...request, headers: { ...request.headers, cookie, origin: instance.url } }))]);
    expect(faults(outcomes)).toEqual([]);
    expect(outcomes.filter(({ status }) => status === 413).length).toBeGreaterThan(50);
  });

  it('answers everything else it serves, documented or not', async () => {
    const requests = others();
    const outcomes = await sendAll(instance.url, [...requests, ...requests.map((request) => ({ ...request, headers: { cookie, origin: instance.url, ...request.headers } }))]);
    expect(faults(outcomes)).toEqual([]);
  });

  it('takes noise on every port it listens on: console, demo, mailbox, engine and Postgres', async () => {
    const ports = [...new Set(family().flatMap(listeningPorts))];
    expect(ports.length).toBeGreaterThanOrEqual(5);
    await Promise.all(
      ports.flatMap((port) => [
        sendRaw(port, noise),
        sendRaw(port, Buffer.concat([Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5242880\r\n\r\n'), noise])),
        sendRaw(port, Buffer.from('\r\n'.repeat(100_000))),
      ]),
    );
  });

  it('is then as alive as before: same processes, good answers, nothing in its log that looks like a crash', async () => {
    expect((await fetch(`${instance.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${instance.url}/readyz`)).status).toBe(200);
    const overview = await fetch(`${instance.url}/api/v1/overview`, { headers: { cookie } });
    expect({ status: overview.status, body: await overview.json() }).toMatchObject({ status: 200, body: { sentence: expect.anything() } });
    expect(family()).toEqual(before);
    expect(instance.stderr()).not.toMatch(stack);
  });
});

/** The command as a user would run it. */
function fenghuo(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['main.ts', ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }));
  });
}

describe('files', () => {
  const random = join(home, 'random.bin');
  const packed = join(home, 'packed.gz');
  beforeAll(() => {
    writeFileSync(random, noise);
    writeFileSync(packed, Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), noise]));
  });

  it('a configuration with ten faults has all of them reported', async () => {
    const { code, out } = await fenghuo('check', '--config', 'test/fixtures/config/ten-faults.yaml', '--json');
    const { ok, problems } = JSON.parse(out) as { ok: boolean; problems: { line: number; path: string }[] };
    const places = [
      '1 site.zone',
      '4 components[0].service',
      '7 probes[0].timeout',
      '8 probes[1].id',
      '9 probes[2].kind',
      '10 probes[3].intervall',
      '10 probes[3].vantages[0]',
      '12 sources[0].format',
      '14 rules[0].above',
      '16 alerting.route.receiver',
      '18 smtp.url',
    ];
    expect({ code, ok, missing: places.filter((place) => !problems.some(({ line, path }) => `${line} ${path}` === place)) }).toEqual({ code: 1, ok: false, missing: [] });
  });

  it('a runbook with three faults has each reported with its line', async () => {
    const { code, out } = await fenghuo('runbook', 'check', 'test/fixtures/runbooks/three-faults.md', '--json');
    const { problems } = JSON.parse(out) as { problems: { line: number; message: string }[] };
    expect({ code, problems: problems.map(({ line, message }) => `${line} ${message}`) }).toEqual({
      code: 1,
      problems: ['17 branch leads to step "nowhere", which does not exist', '25 "reboot" is not a known kind', '34 gate limit "2" has no unit'],
    });
  });

  it.each([
    { args: ['logs', 'parse', '--format', 'combined', '--summary', '--json', random], code: 0, says: '"events":0' },
    { args: ['logs', 'parse', '--format', 'auth', '--summary', '--json', random], code: 0, says: '"accepted":0' },
    { args: ['logs', 'parse', '--format', 'combined', '--encoding', 'gb18030', '--summary', '--json', random], code: 0, says: '"malformed":' },
    { args: ['logs', 'parse', '--format', 'auth', '--summary', '--json', packed], code: 3, says: 'packed.gz' },
    { args: ['rules', 'test', random, '--json'], code: 1, says: 'UTF-8' },
    { args: ['runbook', 'check', random, '--json'], code: 1, says: 'UTF-8' },
    { args: ['check', '--config', random, '--json'], code: 1, says: 'UTF-8' },
    { args: ['routes', 'test', '--config', random, 'a=b', '--json'], code: 1, says: 'UTF-8' },
    { args: ['start', '--config', random, '--data', join(home, 'never')], code: 1, says: 'UTF-8' },
  ])('5 MB of noise into $args.0 $args.1 $args.2 $args.3 ends with $code and a clear word', async ({ args, code, says }) => {
    const said = await fenghuo(...args);
    expect(said.code).toBe(code);
    expect(said.out + said.err).toContain(says);
    expect(said.out + said.err).not.toMatch(stack);
    expect(said.err.length).toBeLessThan(3_000);
    if (args.includes('--json') && said.out !== '') JSON.parse(said.out);
  });
});
