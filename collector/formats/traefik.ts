import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { flatObject, type NamedFields } from './flat-object.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { nginxParts } from './log-format.ts';
import { compileLayout } from './log-layout.ts';
import { readPairs } from './log-pairs.ts';
import { addressOf } from './login-told.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { requestRecord } from './request-record.ts';
import { routeReader } from './route.ts';
import { timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

/** Traefik's access log, in its common form or as JSON, and its own log (logfmt or JSON) beside it. */
export const traefik = defineKind({
  kind: 'traefik',
  label: { 'zh-CN': 'Traefik 日志', en: 'Traefik log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone }): Format => {
    const readCommon = compileLayout(commonParts, { zone, trusted: undefined });
    const readTime = timeReader({ order: 'ymd', toInstant: zoneReader(zone) });
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      const fields = line.startsWith('{') ? flatObject(line) : /^(?:time|level|msg)=/.test(line) ? readPairs(line) : undefined;
      if (!fields) return line.startsWith('{') ? malformedLine(line, 'not a JSON object') : readCommon(line);
      const plain = readNamedFields(line, fields, { names: usualNames, readTime });
      return fields.has('RequestMethod') ? readAccess(line, fields, { plain, routeFor, readTime }) : withPeer(plain);
    };
    return { kind: 'traefik', parse };
  },
});

/** Traefik writes `-` for the status of a request it never answered. */
const names: Readonly<Record<string, string>> = {
  'http.response.status_code': 'status_if_any',
  'nginx.milliseconds': 'milliseconds',
  'nginx.number': 'traefik.request_count',
  'nginx.router': 'traefik.router',
  'nginx.url': 'traefik.url',
};
const commonParts = [
  ...nginxParts('$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $number "$router" "$url" $milliseconds'),
  { text: 'ms' },
].map((part) => (part.variable === undefined ? part : { ...part, variable: names[part.variable] ?? part.variable }));

const handling = /^Handling (?:UDP stream|TCP connection) from (\S{2,60}) to \S{1,300}$/;

/** A stream or connection that is not HTTP is told of in Traefik's own log alone. */
function withPeer(parsed: ParsedLine): ParsedLine {
  const from = handling.exec(parsed.body)?.[1];
  const address = from === undefined ? undefined : addressOf(from);
  if (address !== undefined) parsed.attributes['client.address'] = address;
  return parsed;
}

interface AccessReaders {
  plain: ParsedLine;
  routeFor(path: string): string;
  readTime(text: string): ParsedLine['time'];
}

function readAccess(line: string, fields: NamedFields, { plain, routeFor, readTime }: AccessReaders): ParsedLine {
  const text = (name: string): string | undefined => (fields.has(name) ? String(fields.get(name)) : undefined);
  const number = (name: string): number | undefined => (typeof fields.get(name) === 'number' ? Number(fields.get(name)) : undefined);
  const nanoseconds = number('Duration');
  const more: Record<string, AttributeValue | undefined> = {
    'traefik.router': text('RouterName'),
    'traefik.service': text('ServiceName'),
    'traefik.url': text('ServiceURL') ?? text('ServiceAddr'),
    'traefik.origin_status': number('OriginStatus'),
    'traefik.retries': number('RetryAttempts'),
    'http.request.body.size': number('RequestContentSize'),
  };
  const request = {
    time: readTime(text('StartUTC') ?? '') ?? plain.time,
    client: text('ClientHost') ?? addressOf(text('ClientAddr') ?? ''),
    user: text('ClientUsername'),
    method: text('RequestMethod'),
    target: text('RequestPath'),
    protocol: text('RequestProtocol'),
    host: text('RequestHost'),
    status: number('DownstreamStatus') || undefined,
    bodySize: number('DownstreamContentSize'),
    seconds: nanoseconds === undefined ? undefined : nanoseconds / 1e9,
    agent: text('request_User-Agent'),
    referer: text('request_Referer'),
  };
  return requestRecord(line, request, { more, routeFor });
}
