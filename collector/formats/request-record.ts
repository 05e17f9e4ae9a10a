import type { AttributeValue } from '#collector/log.ts';
import type { UnixMs } from '#lib/time.ts';
import type { ParsedLine } from './format.ts';

/** What every access log says of one request, whichever server wrote it; each field is left out when the server wrote none. */
export interface Request {
  time: UnixMs | undefined;
  client?: string | undefined;
  peer?: string | undefined;
  user?: string | undefined;
  method?: string | undefined;
  /** `/path?query`, also behind a scheme and host. */
  target?: string | undefined;
  /** `1.1`, or `HTTP/1.1`. */
  protocol?: string | undefined;
  host?: string | undefined;
  status?: number | undefined;
  seconds?: number | undefined;
  bodySize?: number | undefined;
  agent?: string | undefined;
  referer?: string | undefined;
}

/** One event of a request by OpenTelemetry's names; `more` are the server's own fields. */
export function requestRecord(line: string, request: Request, { more = {}, routeFor }: { more?: Record<string, AttributeValue | undefined>; routeFor(path: string): string }): ParsedLine {
  const attributes: Record<string, AttributeValue> = {};
  const put = (name: string, value: AttributeValue | undefined): void => {
    if (value !== undefined && value !== '' && value !== '-' && !Number.isNaN(value)) attributes[name] = value;
  };
  put('client.address', request.client);
  if (request.peer !== request.client) put('network.peer.address', request.peer);
  put('user.name', request.user);
  put('http.request.method', request.method);
  putTarget(attributes, request.target ?? '', routeFor);
  put('network.protocol.version', request.protocol?.replace(/^HTTP\//i, ''));
  putHost(attributes, request.host ?? '');
  put('http.response.status_code', request.status);
  put('http.response.body.size', request.bodySize);
  put('http.server.request.duration', request.seconds);
  put('user_agent.original', request.agent);
  put('http.request.header.referer', request.referer);
  for (const [name, value] of Object.entries(more)) put(name, value);
  return { time: request.time, ...judged(attributes), body: line, attributes, malformed: '' };
}

/** Which codes of the application mean what, where it writes one. */
export interface Codes {
  success: ReadonlySet<string> | undefined;
  /** The asker's own doing: no error of the service. */
  user: ReadonlySet<string> | undefined;
}

/** The outcome by the status, and by the application's own code where it says which ones mean success; and whose doing a failure is. */
export function judge(attributes: Record<string, AttributeValue>, status: number, codes?: Codes): void {
  const code = attributes['app.code'];
  const coded = codes && typeof code === 'string' ? code : undefined;
  const users = coded !== undefined && codes?.user?.has(coded) === true;
  const refused = coded !== undefined && !users && codes?.success !== undefined && !codes.success.has(coded);
  attributes.outcome = status >= 500 || refused ? 'error' : 'ok';
  if (status >= 500) attributes['error.type'] = String(status);
  else if (refused) attributes['error.type'] = 'business';
  if (status >= 500 || refused) attributes['error.side'] = 'platform';
  else if (status >= 400 || users) attributes['error.side'] = 'user';
}

/** Adds outcome and error type by the status, and answers the severity that goes with it. */
export function judged(attributes: Record<string, AttributeValue>, codes?: Codes): Pick<ParsedLine, 'severityNumber' | 'severityText'> {
  const status = attributes['http.response.status_code'];
  if (typeof status === 'number') judge(attributes, status, codes);
  if (typeof status === 'number' && status >= 500) return { severityNumber: 17, severityText: 'ERROR' };
  return typeof status === 'number' && status >= 400 ? { severityNumber: 13, severityText: 'WARN' } : { severityNumber: 9, severityText: 'INFO' };
}

/** `http://host/path?query` and `/path?query` → path, route and query. */
export function putTarget(attributes: Record<string, AttributeValue>, target: string, routeFor: (path: string) => string): void {
  if (target === '' || target === '-') return;
  const own = /^[a-z][a-z0-9+.-]{0,20}:\/\/[^/?#]{0,300}/i.exec(target);
  const local = own ? target.slice(own[0].length) || '/' : target;
  const mark = local.indexOf('?');
  const path = mark < 0 ? local : local.slice(0, mark);
  attributes['url.path'] = path;
  attributes['http.route'] = routeFor(path);
  if (mark >= 0) attributes['url.query'] = local.slice(mark + 1);
}

/** `demo.example:8443` → address and port. */
export function putHost(attributes: Record<string, AttributeValue>, host: string): void {
  if (host === '' || host === '-') return;
  const match = /^(.{1,255}?):(\d{1,5})$/.exec(host);
  // An IPv6 address without brackets ends in something that looks like a port.
  const ported = match !== null && (!match[1]?.includes(':') || match[1].endsWith(']'));
  attributes['server.address'] = ported ? (match[1] ?? '') : host;
  if (ported) attributes['server.port'] = Number(match[2]);
}

/** A whole number, or undefined where there is none. */
export const wholeNumber = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined);
/** A number with or without a point; undefined where there is none, or it stands for "never happened" (-1). */
export const plainNumber = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined);
/** Milliseconds as seconds. */
export const secondsOf = (milliseconds: number | undefined): number | undefined => (milliseconds === undefined ? undefined : milliseconds / 1_000);
