import { randomUUID } from 'node:crypto';
import { homePage } from './home-page.ts';
import { falsified, type Invoice } from './invoices.ts';
import { passwordOf, type World } from './world.ts';

/** The fictional invoice query service: one request in, one answer out; how long it takes is part of the answer. */

export interface DemoRequest {
  method: string;
  path: string;
  fields: Readonly<Record<string, string>>;
  token: string;
  client: string;
  clientPort: number;
  userAgent: string;
}

/** A login attempt as the login log tells it; an empty `failed` is an accepted one. */
export interface LoginMark {
  failed: '' | 'password' | 'captcha' | 'captcha-expired' | 'locked';
  user: string;
  known: boolean;
}

export type DemoAnswer =
  | { ending: 'reset' }
  /** Never answered; it ends when the client loses patience. */
  | { ending: 'hang' }
  | { ending: 'sent'; afterMs: number; status: number; type: string; body: string; code: string; login: LoginMark | null };

interface Reply {
  status?: number;
  code: string;
  message?: string;
  data?: unknown;
  login?: LoginMark;
}

/** Business codes as such services have them: the status is 200 whatever happens. */
const messages: Readonly<Record<string, string>> = {
  '000': '成功',
  '001': '查询成功',
  '005': '请求不合法',
  '006': '不一致',
  '007': '验证码失效',
  '008': '验证码错误',
  '009': '查无此票',
  '010': '系统异常，请稍后再试',
  '101': '用户名或密码错误',
  '401': '请先登录',
};

/** What each page usually takes. */
export const medianMs: Readonly<Record<string, number>> = { '/': 14, '/captcha': 28, '/login': 65, '/query': 110, '/verify': 85 };

export function answer(request: DemoRequest, world: World): DemoAnswer {
  const { faults, random } = world;
  if (faults.isOn('down') || (faults.isOn('carrier-loss') && isMobile(request))) return { ending: 'reset' };
  if (faults.isOn('hang')) return { ending: 'hang' };
  const afterMs = latency(request, world);
  const sent = (status: number, reply: { type: string; body: string; code?: string; login?: LoginMark | null }): DemoAnswer => ({
    ending: 'sent',
    afterMs,
    status,
    type: reply.type,
    body: reply.body,
    code: reply.code ?? '',
    login: reply.login ?? null,
  });
  if (faults.isOn('errors') || random.chance(0.0004)) return sent(500, { type: 'text/html; charset=utf-8', body: '<h1>500 Internal Server Error</h1>' });
  if (request.path === '/') return sent(200, { type: 'text/html; charset=utf-8', body: homePage });
  const reply = routes[`${request.method} ${request.path}`]?.(request, world);
  if (!reply) return sent(404, { type: 'text/plain; charset=utf-8', body: 'not found' });
  const { status = 200, code, message, data, login } = reply;
  return sent(status, { type: 'application/json; charset=utf-8', body: JSON.stringify({ code, message: message ?? messages[code] ?? '', data: data ?? null }), code, login: login ?? null });
}

/** Users and probes on the mobile line; the demo tells carriers apart by address range and by the prober's own words. */
const isMobile = (request: DemoRequest): boolean => request.client.startsWith('203.0.113.') || request.userAgent.includes('mobile)');

function latency({ path }: DemoRequest, { faults, random }: World): number {
  const usual = random.lognormal(medianMs[path] ?? 20, 0.4);
  const slow = faults.isOn('slow') ? random.lognormal(2_400, 0.18) : 0;
  const database = faults.isOn('slow-database') && (path === '/query' || path === '/verify') ? random.lognormal(2_800, 0.25) : 0;
  return usual + slow + database;
}

const routes: Readonly<Record<string, (request: DemoRequest, world: World) => Reply>> = {
  'GET /captcha': (_, { captchas }) => ({ code: '000', data: captchas.issue() }),
  'POST /login': logIn,
  'POST /query': query,
  'POST /verify': verify,
};

function logIn({ fields }: DemoRequest, world: World): Reply {
  const user = fields.user ?? '';
  const known = passwordOf(user) !== undefined;
  const failed = (code: string, why: LoginMark['failed']): Reply => ({ code, login: { failed: why, user, known } });
  const captcha = world.captchas.judge(fields.captcha_id ?? '', fields.captcha ?? '');
  if (world.faults.isOn('captcha-broken')) return failed('008', 'captcha');
  if (captcha === 'expired') return failed('007', 'captcha-expired');
  if (captcha === 'wrong') return failed('008', 'captcha');
  if (!known || fields.password !== passwordOf(user)) return failed('101', 'password');
  const token = randomUUID();
  world.sessions.set(token, user);
  // The oldest session gives way, so that a day of traffic does not fill the memory.
  if (world.sessions.size > 2_000) world.sessions.delete(world.sessions.keys().next().value ?? '');
  return { code: '000', data: { token }, login: { failed: '', user, known } };
}

function query({ fields, token }: DemoRequest, world: World): Reply {
  if (!world.sessions.has(token)) return { code: '401' };
  if (world.faults.isOn('slow-database') && world.random.chance(0.3)) return { code: '010' };
  const invoice = find(fields.number ?? '', world);
  if (!invoice) return { code: '009' };
  if (fields.amount !== undefined && fields.amount !== invoice.amount) return { code: '006' };
  return { code: '001', data: world.faults.isOn('wrong-answer') ? falsified(invoice) : invoice };
}

function verify({ fields, token }: DemoRequest, world: World): Reply {
  if (!world.sessions.has(token)) return { code: '401' };
  if (!/^\d{20}$/.test(fields.number ?? '')) return { code: '005' };
  const invoice = find(fields.number ?? '', world);
  return invoice ? { code: '001', data: { number: invoice.number, valid: invoice.status === '正常' } } : { code: '009' };
}

/** While invoices are missing, every second one is, among them the one whose answer is known. */
function find(number: string, { byNumber, faults }: World): Invoice | undefined {
  if (faults.isOn('missing-invoices') && Number(number.at(-1)) % 2 === 1) return undefined;
  return byNumber.get(number);
}
