import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Clock } from '#lib/clock.ts';
import { isAllowed, type Person, type PersonRole, type TokenScope } from '#lib/people.ts';
import { refuse } from './answers.ts';
import type { People } from './ports.ts';

/** What `identify` leaves on the context for the routes behind it. */
export interface SignedIn {
  Variables: {
    person: Person | null;
    token: { name: string; scopes: readonly string[] } | null;
  };
}

/** Finds out who asks: a program by its bearer token, else a person by the session cookie. Refuses nobody; the routes do. */
export function identify(people: Pick<People, 'session' | 'token'>, clock: Clock): MiddlewareHandler<SignedIn> {
  return async (c, next) => {
    const bearer = bearerOf(c);
    c.set('token', bearer === null ? null : await people.token(bearer, clock.now()));
    c.set('person', bearer === null ? await people.session(c.req.raw.headers) : null);
    await next();
  };
}

/** Only people with this role or a higher one; a token with the scope `read` may look where a viewer may. */
export function requireRole(least: PersonRole): MiddlewareHandler<SignedIn> {
  return async (c, next) => {
    const person = c.get('person');
    if (person && isAllowed(person, least)) return next();
    if (least === 'viewer' && isReading(c) && c.get('token')?.scopes.includes('read')) return next();
    return person || c.get('token') ? forbidden(c) : unauthorized(c);
  };
}

/** What a person must be to do by hand what a token's scope lets a program do. */
const roleForScope: Record<TokenScope, PersonRole> = { read: 'viewer', alerts: 'responder', ingest: 'admin', collector: 'admin' };

/** Only programs whose token has this scope, and people who may do the same by hand. */
export function requireScope(scope: TokenScope): MiddlewareHandler<SignedIn> {
  return async (c, next) => {
    const person = c.get('person');
    const token = c.get('token');
    if (token?.scopes.includes(scope) || (person && isAllowed(person, roleForScope[scope]))) return next();
    return person || token ? forbidden(c) : unauthorized(c);
  };
}

/**
 * Refuses writes that another site's page made the browser send. Browsers say where a request comes from, by Sec-Fetch-Site or by Origin;
 * programs say nothing of the kind and carry no one's cookie by accident. A bearer token is never sent by accident either.
 */
export function sameOrigin(): MiddlewareHandler {
  return async (c, next) => {
    if (isReading(c) || bearerOf(c) !== null || comesFromHere(c)) return next();
    return refuse(c, 403, { code: 'cross-origin', message: { 'zh-CN': '请求来自别的网站，已拒绝', en: 'the request came from another site and was refused' } });
  };
}

function comesFromHere(c: Context): boolean {
  const site = c.req.header('sec-fetch-site');
  if (site) return site === 'same-origin' || site === 'none';
  const origin = c.req.header('origin');
  if (!origin) return true;
  const host = URL.canParse(origin) ? new URL(origin).host : '';
  // A foreign page cannot set X-Forwarded-Host without being asked about it first, so a proxy's word is safe to take.
  return host !== '' && [c.req.header('host'), c.req.header('x-forwarded-host')].includes(host);
}

const isReading = (c: Context): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(c.req.method);

function bearerOf(c: Context): string | null {
  const [, token] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? [];
  return token ?? null;
}

function unauthorized(c: Context) {
  c.header('www-authenticate', 'Bearer realm="fenghuo"');
  const stale = getCookie(c, 'fenghuo.session_token') !== undefined;
  return refuse(c, 401, {
    code: 'unauthorized',
    message: stale ? { 'zh-CN': '登录已失效，请重新登录', en: 'the session is over: sign in again' } : { 'zh-CN': '请先登录，或使用令牌', en: 'sign in first, or send a bearer token' },
  });
}

const forbidden = (c: Context) => refuse(c, 403, { code: 'forbidden', message: { 'zh-CN': '权限不足', en: 'this is not allowed for your role or token' } });
