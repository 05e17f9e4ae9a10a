import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { unixMs } from '#lib/time.ts';
import { clfTimeLength, clfTimeReader } from './clf-time.ts';
import { CombinedReader } from './combined-reader.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { clientReader, putClientBehind } from './proxies.ts';
import { type Codes, judge, putHost } from './request-record.ts';
import { routeReader } from './route.ts';
import { readTail } from './tail-fields.ts';

/**
 * The access log of nginx and Apache: `host ident user [time] "request" status bytes "referer" "agent"`, also without the
 * last two (the common format, marked so), also with a request time and an application code after them. Read by hand, left to
 * right, each byte looked at a fixed number of times: no line, however hostile, makes it slow.
 */
export const combined = defineKind({
  kind: 'combined',
  label: { 'zh-CN': '访问日志（nginx / Apache combined）', en: 'Access log (nginx / Apache combined)' },
  fields: [
    ...formatFields,
    {
      id: 'success_codes',
      label: { 'zh-CN': '表示成功的业务码', en: 'Application codes that mean success' },
      input: 'list',
      required: false,
      help: { 'zh-CN': '行尾 code=… 不在此列时记为错误', en: 'A trailing code=… not listed here makes the request an error' },
    },
    {
      id: 'user_codes',
      label: { 'zh-CN': '属用户一方的业务码', en: "Application codes of the user's own doing" },
      input: 'list',
      required: false,
      help: { 'zh-CN': '不算平台错误，标为用户侧', en: 'No errors of the platform: marked as the user side' },
    },
  ],
  shape: { ...formatShape, success_codes: z.array(z.coerce.string()).optional(), user_codes: z.array(z.coerce.string()).optional() },
  make: (config): Format => {
    const codes: Codes = { success: config.success_codes && new Set(config.success_codes), user: config.user_codes && new Set(config.user_codes) };
    const routeFor = routeReader();
    const parse = createReader(codes, routeFor);
    if (config.trusted_proxies) return { kind: 'combined', parse: behindProxies(parse, config.trusted_proxies) };
    return { kind: 'combined', parse, quick: new CombinedReader(routeFor, codes) };
  },
});

const quote = 34;
const blank = 32;

/** The last field in quotes, where it is a chain of hops and not the user agent. */
function behindProxies(read: (line: string) => ParsedLine, trusted: readonly string[]): (line: string) => ParsedLine {
  const clientOf = clientReader(trusted);
  return (line) => {
    const parsed = read(line);
    const { attributes } = parsed;
    const forwarded = /" "([0-9a-fA-F.:, [\]]{2,1000})"$/.exec(line)?.[1];
    if (forwarded !== undefined && !line.endsWith(`"${attributes['user_agent.original'] ?? ''}"`)) putClientBehind(attributes, clientOf, forwarded);
    return parsed;
  };
}

function createReader(codes: Codes, routeFor: (path: string) => string): (line: string) => ParsedLine {
  const timeAt = clfTimeReader();

  return (line) => {
    const bracket = line.indexOf(' [');
    if (bracket < 0) return malformedLine(line, 'no time in brackets');
    const attributes: Record<string, AttributeValue> = {};
    if (!readClient(line, bracket, attributes)) return malformedLine(line, 'not "host ident user [time]"');
    const time = timeAt(line, bracket + 2);
    const request = bracket + 2 + clfTimeLength + 3;
    if (Number.isNaN(time) || line.charCodeAt(request - 3) !== 93 || line.charCodeAt(request - 2) !== blank || line.charCodeAt(request - 1) !== quote)
      return malformedLine(line, 'the time is not readable');
    const requestEnd = closingQuote(line, request);
    if (requestEnd < 0) return malformedLine(line, 'the request is cut off');
    readRequest(line, { from: request, to: requestEnd }, { attributes, routeFor });
    const status = statusAt(line, requestEnd + 1);
    if (status < 0) return malformedLine(line, 'no status');
    attributes['http.response.status_code'] = status;
    const malformed = readRest(line, requestEnd + 5, attributes);
    judge(attributes, status, codes);
    const level = status >= 500 ? 17 : status >= 400 ? 13 : 9;
    return { time: unixMs(time), severityNumber: level, severityText: level === 17 ? 'ERROR' : level === 13 ? 'WARN' : 'INFO', body: line, attributes, malformed };
  };
}

/** Where the text in quotes ends; a backslash takes the next character with it. -1 when it never does. */
export function closingQuote(line: string, from: number): number {
  let end = line.indexOf('"', from);
  while (end > from && line.charCodeAt(end - 1) === 92) {
    let slash = end - 1;
    while (slash > from && line.charCodeAt(slash - 1) === 92) slash--;
    if ((end - slash) % 2 === 0) break;
    end = line.indexOf('"', end + 1);
  }
  return end;
}

/** `host ident user`, or `vhost host ident user` when the second word is an address; a user name may hold blanks. */
function readClient(line: string, end: number, attributes: Record<string, AttributeValue>): boolean {
  let start = 0;
  let hostEnd = line.indexOf(' ');
  let identEnd = hostEnd < end ? line.indexOf(' ', hostEnd + 1) : -1;
  // Some layouts leave the user out altogether.
  if (hostEnd > 0 && identEnd === end && end - hostEnd === 2 && line.charCodeAt(hostEnd + 1) === 45) {
    attributes['client.address'] = line.slice(0, hostEnd);
    return true;
  }
  if (hostEnd <= 0 || identEnd < 0 || identEnd >= end || identEnd === hostEnd + 1) return false;
  const second = line.charCodeAt(hostEnd + 1);
  if (identEnd - hostEnd > 4 && ((second >= 48 && second <= 57) || second === 58) && /^[0-9a-f.:]+$/i.test(line.slice(hostEnd + 1, identEnd))) {
    putHost(attributes, line.slice(0, hostEnd));
    start = hostEnd + 1;
    hostEnd = identEnd;
    identEnd = line.indexOf(' ', hostEnd + 1);
    if (identEnd < 0 || identEnd >= end) return false;
  }
  attributes['client.address'] = line.slice(start, hostEnd);
  if (end - identEnd !== 2 || line.charCodeAt(end - 1) !== 45) attributes['user.name'] = line.slice(identEnd + 1, end);
  return true;
}

interface Span {
  from: number;
  to: number;
}

/** `METHOD target HTTP/x`; anything else in the quotes (a TLS hello, `-`) leaves the request fields out. */
export function readRequest(line: string, { from, to }: Span, out: { attributes: Record<string, AttributeValue>; routeFor(path: string): string }): void {
  const methodEnd = line.indexOf(' ', from);
  if (methodEnd < 0 || methodEnd >= to || methodEnd === from || methodEnd - from > 20) return;
  for (let index = from; index < methodEnd; index++) {
    const code = line.charCodeAt(index);
    if (!((code >= 65 && code <= 90) || code === 45 || code === 95)) return;
  }
  const last = line.lastIndexOf(' ', to - 1);
  const hasProtocol = last > methodEnd && line.startsWith('HTTP/', last + 1);
  const targetEnd = hasProtocol ? last : to;
  let pathStart = methodEnd + 1;
  if (line.charCodeAt(pathStart) !== 47 && line.startsWith('http', pathStart)) pathStart = afterAuthority(line, pathStart, targetEnd);
  let query = line.indexOf('?', pathStart);
  if (query < 0 || query >= targetEnd) query = targetEnd;
  const path = line.slice(pathStart, query);
  const { attributes } = out;
  attributes['http.request.method'] = line.slice(from, methodEnd);
  attributes['url.path'] = path;
  attributes['http.route'] = out.routeFor(path);
  if (query < targetEnd) attributes['url.query'] = line.slice(query + 1, targetEnd);
  if (hasProtocol) attributes['network.protocol.version'] = line.slice(last + 6, to);
}

/** A proxy is asked for `http://host/path`; the path begins after the host. */
function afterAuthority(line: string, from: number, end: number): number {
  const authority = line.indexOf('://', from);
  if (authority < 0 || authority >= end) return from;
  const slash = line.indexOf('/', authority + 3);
  return slash < 0 || slash >= end ? end : slash;
}

/** The three digits after `" `, or -1. */
function statusAt(line: string, at: number): number {
  if (line.charCodeAt(at) !== blank) return -1;
  const a = line.charCodeAt(at + 1) - 48;
  const b = line.charCodeAt(at + 2) - 48;
  const c = line.charCodeAt(at + 3) - 48;
  return a >= 1 && a <= 9 && b >= 0 && b <= 9 && c >= 0 && c <= 9 ? a * 100 + b * 10 + c : -1;
}

/** Bytes, referer, agent and what follows; says what is wrong, empty when nothing is. */
function readRest(line: string, at: number, attributes: Record<string, AttributeValue>): string {
  if (line.charCodeAt(at) !== blank) return 'the line ends after the status';
  let next = line.indexOf(' ', at + 1);
  if (next < 0) next = line.length;
  if (!readBytes(line, { from: at + 1, to: next }, attributes)) return 'bytes is neither a number nor "-"';
  if (line.charCodeAt(next + 1) !== quote) {
    attributes['log.format'] = 'common';
    return next < line.length ? readTail(line, next, attributes) : '';
  }
  const refererEnd = closingQuote(line, next + 2);
  if (refererEnd < 0) return 'the line is cut off inside the referer';
  if (refererEnd - next !== 3 || line.charCodeAt(next + 2) !== 45) attributes['http.request.header.referer'] = line.slice(next + 2, refererEnd);
  if (line.charCodeAt(refererEnd + 1) !== blank || line.charCodeAt(refererEnd + 2) !== quote) return 'no user agent after the referer';
  const agentEnd = closingQuote(line, refererEnd + 3);
  const end = agentEnd < 0 ? line.length : agentEnd;
  if (end - refererEnd !== 4 || line.charCodeAt(refererEnd + 3) !== 45) attributes['user_agent.original'] = line.slice(refererEnd + 3, end);
  if (agentEnd < 0) return 'the line is cut off inside the user agent';
  return agentEnd + 1 < line.length ? readTail(line, agentEnd + 1, attributes) : '';
}

/** `-` and a masked number leave the size unknown. */
function readBytes(line: string, { from, to }: Span, attributes: Record<string, AttributeValue>): boolean {
  if (to === from + 1 && line.charCodeAt(from) === 45) return true;
  if (to === from || to - from > 19) return false;
  let value = 0;
  let masked = false;
  for (let index = from; index < to; index++) {
    const digit = line.charCodeAt(index) - 48;
    if (digit === -6) masked = true;
    else if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  if (!masked) attributes['http.response.body.size'] = value;
  return true;
}
