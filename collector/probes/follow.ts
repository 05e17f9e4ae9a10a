import type { Phases } from '#collector/check.ts';
import type { Answer } from './answer.ts';
import { type CookieJar, createCookieJar } from './cookies.ts';
import { type Exchange, exchange, type Request, type Watch } from './exchange.ts';

/** An exchange and the redirects after it, as a browser follows them. */

export interface Followed {
  last: Exchange;
  /** Added up over all hops. */
  phases: Phases;
  url: URL;
  hops: number;
}

/** Cookies set on the way go along, into `jar` where somebody keeps them longer. */
export async function follow(first: Request, { redirects, jar = createCookieJar(), ...watch }: Watch & { redirects: number; jar?: CookieJar }): Promise<Followed> {
  let request = first;
  let phases: Phases = {};
  for (let hops = 0; ; hops++) {
    const last = await exchange(request, watch);
    phases = addPhases(phases, last.phases);
    if (last.ok) for (const text of last.setCookies) jar.store(request.url, text);
    const next = last.ok && hops < redirects ? redirected(request, last.answer) : null;
    if (next === null) return { last, phases, url: request.url, hops };
    request = withCookies(next, { jar, before: request.url });
  }
}

/** What the jar holds for the address, beside the request's own; what was set under TLS is not said in the clear. */
function withCookies(request: Request, { jar, before }: { jar: CookieJar; before: URL }): Request {
  const held = before.protocol === 'https:' && request.url.protocol === 'http:' ? undefined : jar.header(request.url);
  if (held === undefined) return request;
  const own = Object.entries(request.headers).find(([name]) => name.toLowerCase() === 'cookie');
  const pairs = new Map([...(own?.[1] ?? '').split(';'), ...held.split(';')].flatMap((pair) => (pair.includes('=') ? [[pair.slice(0, pair.indexOf('=')).trim(), pair.trim()] as const] : [])));
  return { ...request, headers: { ...request.headers, [own?.[0] ?? 'cookie']: [...pairs.values()].join('; ') } };
}

/** All that may be said to a stranger: any other header may hold a key. */
const harmless = /^(user-agent|accept|accept-language|accept-encoding|cache-control)$/i;

/** Where a redirect leads; null also when it would carry a body to another origin, so that the redirect itself is judged. */
export function redirected(request: Request, answer: Answer): Request | null {
  const location = answer.headers.location;
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined || !URL.canParse(location, request.url)) return null;
  const url = new URL(location, request.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  const keepsBody = answer.status === 307 || answer.status === 308;
  const elsewhere = url.origin !== request.url.origin;
  if (elsewhere && keepsBody && request.body !== null) return null;
  const headers = elsewhere ? Object.fromEntries(Object.entries(request.headers).filter(([name]) => harmless.test(name))) : request.headers;
  return { ...request, url, headers, ...(keepsBody || request.method === 'HEAD' ? {} : { method: 'GET', body: null }) };
}

/** Time spent in a phase over several exchanges. */
export function addPhases(total: Phases, more: Phases): Phases {
  const sum: Record<string, number> = { ...total };
  for (const [name, ms] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + ms;
  return sum;
}
