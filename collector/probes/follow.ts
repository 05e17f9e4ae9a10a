import type { Phases } from '#collector/check.ts';
import type { Answer } from './answer.ts';
import { type Exchange, exchange, type Request, type Watch } from './exchange.ts';

/** An exchange and the redirects after it, as a browser follows them. */

export interface Followed {
  last: Exchange;
  /** Added up over all hops. */
  phases: Phases;
  url: URL;
  hops: number;
  /** Of every hop, in order. */
  setCookies: readonly { url: URL; text: string }[];
}

export async function follow(first: Request, watch: Watch & { redirects: number }): Promise<Followed> {
  let request = first;
  let phases: Phases = {};
  const setCookies: { url: URL; text: string }[] = [];
  for (let hops = 0; ; hops++) {
    const last = await exchange(request, watch);
    phases = addPhases(phases, last.phases);
    if (last.ok) for (const text of last.setCookies) setCookies.push({ url: request.url, text });
    const next = last.ok && hops < watch.redirects ? redirected(request, last.answer) : null;
    if (next === null) return { last, phases, url: request.url, hops, setCookies };
    request = next;
  }
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
