import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatFields, formatShape } from './format.ts';
import { compileLayout, type Part } from './log-layout.ts';

const layoutText = z.string().min(1).max(4_000);
const problem = (parts: readonly Part[]) => {
  if (!parts.some((part) => part.variable !== undefined)) return [{ path: ['log_format'], message: 'log_format holds no field', hint: 'copy the string from the server configuration' }];
  const glued = parts.find((part, index) => part.variable !== undefined && parts[index + 1]?.variable !== undefined);
  return glued ? [{ path: ['log_format'], message: `nothing stands between "${glued.variable}" and the field after it`, hint: 'put a blank or another character between them' }] : [];
};
const layoutField = { id: 'log_format', label: { 'zh-CN': '日志格式串', en: 'Log format string' }, input: 'text', required: true } as const;

/** An access log by nginx's own `log_format` string. */
export const nginx = defineKind({
  kind: 'nginx',
  label: { 'zh-CN': 'nginx（自定义 log_format）', en: 'nginx (own log_format)' },
  fields: [...formatFields, layoutField],
  shape: { ...formatShape, log_format: layoutText },
  agree: ({ log_format }) => problem(nginxParts(log_format)),
  make: ({ log_format, zone, trusted_proxies: trusted }): Format => ({ kind: 'nginx', parse: compileLayout(nginxParts(log_format), { zone, trusted }) }),
});

/** An access log by Apache's own `LogFormat` string. */
export const apache = defineKind({
  kind: 'apache',
  label: { 'zh-CN': 'Apache（自定义 LogFormat）', en: 'Apache (own LogFormat)' },
  fields: [...formatFields, layoutField],
  shape: { ...formatShape, log_format: layoutText },
  agree: ({ log_format }) => problem(apacheParts(log_format)),
  make: ({ log_format, zone, trusted_proxies: trusted }): Format => ({ kind: 'apache', parse: compileLayout(apacheParts(log_format), { zone, trusted }) }),
});

/** The fixed text and the fields of a layout in their order; fixed texts beside each other are one. */
function cut(layout: string, token: RegExp, name: (match: RegExpExecArray) => readonly Part[]): Part[] {
  const parts: Part[] = [];
  const add = (part: Part): void => {
    const last = parts.at(-1);
    if (part.variable !== undefined || part.text === '' || last === undefined || last.variable !== undefined) {
      if (part.variable !== undefined || part.text !== '') parts.push(part);
    } else parts[parts.length - 1] = { text: last.text + part.text };
  };
  let at = 0;
  for (let match = token.exec(layout); match; match = token.exec(layout)) {
    add({ text: layout.slice(at, match.index) });
    for (const part of name(match)) add(part);
    at = token.lastIndex;
  }
  add({ text: layout.slice(at) });
  return parts;
}

const nginxNames: Readonly<Record<string, string>> = {
  remote_addr: 'client.address',
  remote_user: 'user.name',
  status: 'http.response.status_code',
  body_bytes_sent: 'http.response.body.size',
  bytes_sent: 'http.response.size',
  request_length: 'http.request.size',
  request_time: 'http.server.request.duration',
  http_referer: 'http.request.header.referer',
  http_user_agent: 'user_agent.original',
  http_x_forwarded_for: 'http.request.header.x-forwarded-for',
  request_method: 'http.request.method',
  request_uri: 'target',
  uri: 'target',
  host: 'server.address',
  http_host: 'server.address',
  server_name: 'server.address',
  request: 'request',
  time_local: 'clf',
  time_iso8601: 'time',
  msec: 'time',
};

/** The pieces of an nginx `log_format`. */
export const nginxParts = (layout: string): Part[] =>
  cut(layout, /\$(?:\{(\w{1,80})\}|(\w{1,80}))/g, (match) => {
    const name = match[1] ?? match[2] ?? '';
    return [{ text: '', variable: nginxNames[name] ?? `nginx.${name}` }];
  });

const apacheNames: Readonly<Record<string, string>> = {
  h: 'client.address',
  a: 'client.address',
  u: 'user.name',
  r: 'request',
  s: 'http.response.status_code',
  b: 'http.response.body.size',
  B: 'http.response.body.size',
  O: 'http.response.size',
  I: 'http.request.size',
  T: 'http.server.request.duration',
  D: 'microseconds',
  m: 'http.request.method',
  U: 'target',
  v: 'server.address',
  V: 'server.address',
  '{Referer}i': 'http.request.header.referer',
  '{User-Agent}i': 'user_agent.original',
  '{X-Forwarded-For}i': 'http.request.header.x-forwarded-for',
  '{us}T': 'microseconds',
  '{ms}T': 'milliseconds',
  '{sec}t': 'time',
  '{msec}t': 'time',
  '{usec}t': 'time',
};

const apacheParts = (layout: string): Part[] =>
  cut(layout.replaceAll('\\"', '"'), /%(?:%|[!\d,<>]{0,30}((?:\{[^}]{1,100}\})?\^?[a-zA-Z]))/g, (match) => {
    const name = match[1];
    if (name === undefined) return [{ text: '%' }];
    if (name === 't') return [{ text: '[' }, { text: '', variable: 'clf' }, { text: ']' }];
    return [{ text: '', variable: apacheNames[name] ?? `apache.${name}` }];
  });
