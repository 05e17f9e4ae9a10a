import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCheck } from '#collector/run-check.ts';
import { localVantage } from '#collector/vantage.ts';
import { systemClock } from '#lib/clock.ts';
import { buildKind } from '#lib/kinds.ts';
import { Secret } from '#lib/secret.ts';
import { probeKinds } from './index.ts';

const golden = { number: '26990000000000000012', amount: '1280.00', seller: '演示公司' };
let server: Server;
let base = '';
let answers: Record<string, unknown> = {};
let asked: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const path = request.url?.split('?')[0] ?? '';
    asked.push({ url: request.url ?? '', headers: request.headers, body });
    if (path === '/hang') return;
    if (path === '/open') response.setHeader('set-cookie', ['sid=abc; Path=/', 'old=1; Max-Age=0']);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answers[path] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close().closeAllConnections());
beforeEach(() => {
  asked = [];
  answers = { '/captcha': { code: '000', id: 'c 1' }, '/answer': { answer: 'k7' }, '/login': { code: '000', data: { token: 't-1' } }, '/query': { code: '001', data: golden } };
});

const codes = { path: '$.code', ok: ['000', '001'], message: '$.message', map: { '008': 'captcha', '009': 'missing', '003': 'throttled', '101': 'login' } };
const steps = () => [
  { name: 'open', request: { url: `${base}/open` } },
  { name: 'captcha', request: { url: '/captcha' }, extract: { captcha_id: '$.id' }, codes },
  { name: 'read', request: { url: '/answer?id={{captcha_id}}' }, extract: { captcha: { json: '$.answer' }, sid: { cookie: 'sid' } } },
  { name: 'login', request: { url: '/login', json: { user: '{{user}}', password: '{{password}}', captcha: '{{captcha}}' } }, extract: { token: '$.data.token' }, codes, fails_as: 'login' },
  { name: 'query', request: { url: '/query', headers: { authorization: 'Bearer {{token}}' }, form: { number: golden.number } }, codes, golden: { json: '$.data', equals: { ...golden } } },
];

async function walk(own: Record<string, unknown> = {}) {
  const raw = { id: 'j', service: 's', kind: 'journey', timeout: '1s', variables: { user: 'demo' }, secrets: { password: new Secret('hush hush') }, steps: steps(), ...own };
  const built = buildKind(probeKinds, raw, undefined);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return runCheck({ probe: built.ready, vantage: localVantage, attempt: 0, clock: systemClock });
}

describe('a journey', () => {
  it('walks all steps over one connection, carrying values and cookies', async () => {
    const { outcome, evidence, phases } = await walk({ timeout: '30s', slow_after: '29s' });
    expect(outcome).toEqual({ kind: 'pass' });
    expect(asked.map(({ url }) => url)).toEqual(['/open', '/captcha', '/answer?id=c%201', '/login', '/query']);
    expect(asked[3]).toMatchObject({ body: '{"user":"demo","password":"hush hush","captcha":"k7"}', headers: { cookie: 'sid=abc', 'content-type': 'application/json' } });
    expect(asked[4]).toMatchObject({ body: `number=${golden.number}`, headers: { authorization: 'Bearer t-1' } });
    expect((evidence.steps as { name: string }[]).map(({ name }) => name)).toEqual(['open', 'captcha', 'read', 'login', 'query']);
    expect(Object.keys(phases)).toEqual(['connect', 'firstByte', 'body']);
  });

  it.each([
    {
      name: 'a wrong answer inside a 200 is a mismatch that shows the difference',
      at: '/query',
      body: { code: '001', data: { ...golden, amount: '1820.00' } },
      kind: 'mismatch',
      reason: 'query: amount: "1820.00" ≠ "1280.00"',
    },
    {
      name: 'a field that is gone is a mismatch',
      at: '/query',
      body: { code: '001', data: { number: golden.number, seller: golden.seller } },
      kind: 'mismatch',
      reason: 'query: amount: ∅ ≠ "1280.00"',
    },
    { name: 'no record with a good code is missing', at: '/query', body: { code: '001', data: null }, kind: 'missing', reason: 'query: $.data = null' },
    { name: 'a code that says not found is missing', at: '/query', body: { code: '009', message: '查无此票' }, kind: 'missing', reason: 'query: $.code = "009" 查无此票' },
    { name: 'a throttled code is throttled', at: '/query', body: { code: '003' }, kind: 'throttled', reason: 'query: $.code = "003"' },
    { name: 'a code nobody mapped is a business error', at: '/query', body: { code: '010', message: '系统异常' }, kind: 'business', reason: 'query: $.code = "010" 系统异常' },
    { name: 'no code at all is a business error', at: '/query', body: [], kind: 'business', reason: 'query: $.code = ∅' },
    { name: 'a rejected captcha is a captcha failure at the login step', at: '/login', body: { code: '008', message: '验证码错误' }, kind: 'captcha', reason: 'login: $.code = "008" 验证码错误' },
    { name: 'a login without a token is a login failure', at: '/login', body: { code: '000', data: {} }, kind: 'login', reason: 'login: token = ∅' },
  ])('$name', async ({ at, body, kind, reason }) => {
    answers[at] = body;
    const { outcome, evidence } = await walk();
    expect(outcome).toEqual({ kind: 'fail', failure: { kind, reason } });
    expect(evidence).toMatchObject({ step: at.slice(1), status: 200 });
  });

  it('shows expected and got for every field that differs', async () => {
    answers['/query'] = { code: '001', data: { ...golden, amount: 1280, seller: '别家' } };
    expect((await walk()).evidence.difference).toEqual([
      { field: 'amount', expected: '1280.00', got: 1280 },
      { field: 'seller', expected: '演示公司', got: '别家' },
    ]);
  });

  it('times out in the step that hangs and names it', async () => {
    const { outcome } = await walk({ timeout: '300ms', steps: [...steps().slice(0, 1), { name: 'wait', request: { url: '/hang' } }] });
    expect(outcome).toEqual({ kind: 'fail', failure: { kind: 'timeout', reason: 'wait: timeout: first byte' } });
  });

  it('never shows a secret, even when the service sends it back', async () => {
    answers['/login'] = { code: '101', message: 'no such password: hush hush' };
    const result = await walk();
    expect(result.outcome).toMatchObject({ failure: { kind: 'login', reason: 'login: $.code = "101" no such password: •••' } });
    expect(JSON.stringify(result)).not.toContain('hush');
  });

  it.each([
    { name: 'a name nothing stores', own: { steps: [{ name: 'a', request: { url: 'http://h/{{nope}}' } }] }, path: 'steps.0.request', message: 'nothing is stored as "nope" before this step' },
    { name: 'a relative first address', own: { steps: [{ name: 'a', request: { url: '/x' } }] }, path: 'steps.0.request.url', message: '"/x" is not an http or https address' },
    { name: 'two bodies', own: { steps: [{ name: 'a', request: { url: 'http://h/', json: 1, form: {} } }] }, path: 'steps.0.request', message: 'has more than one body' },
    {
      name: 'an unknown failure kind',
      own: { steps: [{ name: 'a', request: { url: 'http://h/' }, codes: { path: '$.c', ok: '1', map: { 2: 'oops' } } }] },
      path: 'steps.0.codes.map.2',
      message: expect.stringContaining('expected one of'),
    },
    {
      name: 'a bad JSON path',
      own: { steps: [{ name: 'a', request: { url: 'http://h/' }, golden: { json: 'data', equals: {} } }] },
      path: 'steps.0.golden.json',
      message: '"data" is not a JSON path',
    },
    { name: 'no steps', own: { steps: [] }, path: 'steps', message: 'a journey has at least one step' },
  ])('refuses $name where it is written', ({ own, path, message }) => {
    const built = buildKind(probeKinds, { id: 'j', service: 's', kind: 'journey', ...own }, undefined);
    expect(built.ok ? [] : built.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))).toEqual([{ path, message }]);
  });
});
