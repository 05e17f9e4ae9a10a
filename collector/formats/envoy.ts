import { defineKind } from '#lib/kinds.ts';
import { flatObject, type NamedFields } from './flat-object.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { addressOf } from './login-told.ts';
import { type ClientOf, clientReader } from './proxies.ts';
import { requestRecord, secondsOf, wholeNumber } from './request-record.ts';
import { routeReader } from './route.ts';
import { type ToInstant, zoneReader } from './zone.ts';

interface Readers {
  toInstant: ToInstant;
  routeFor(path: string): string;
  clientOf: ClientOf;
}

/** Envoy's access log, in its default text or as the JSON that gateways built on it write. */
export const envoy = defineKind({
  kind: 'envoy',
  label: { 'zh-CN': 'Envoy 访问日志', en: 'Envoy access log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone, trusted_proxies: trusted }): Format => {
    const readers: Readers = { toInstant: zoneReader(zone), routeFor: routeReader(), clientOf: clientReader(trusted) };
    const parse = (line: string): ParsedLine => {
      const fields = line.startsWith('{') ? flatObject(line) : undefined;
      return (fields ? readJson(line, fields, readers) : readText(line, readers)) ?? malformedLine(line, 'not a request of Envoy');
    };
    return { kind: 'envoy', parse };
  },
});

const text =
  /^\[(\S{19,40})\] "([A-Z_-]{1,20}|-) (\S{1,8000}) (\S{1,20})" (\d{1,3}) (\S{1,100}) (?:(\S{1,100}) (?:"([^"]{0,2000})" )?)??(\d{1,15}) (\d{1,15}) (\d{1,12}) (-|\d{1,12}) "([^"]{0,2000})" "([^"]{0,8000})" "([^"]{0,200})" "([^"]{0,300})" "([^"]{0,300})"/;

function readText(line: string, { toInstant, routeFor, clientOf }: Readers): ParsedLine | undefined {
  const match = text.exec(line);
  if (!match) return undefined;
  const [, clock = '', method, target, protocol, status, flags, details, , received, sent, duration, , forwarded = '', agent, id, host, upstream] = match;
  const time = readIsoTime(clock, toInstant);
  if (time === undefined) return undefined;
  const client = clientOf(forwarded);
  const more = { ...flagFields(flags, details), 'http.request.body.size': wholeNumber(received), 'http.request.id': id, 'envoy.upstream': upstream };
  return requestRecord(
    line,
    { time, client, method, target, protocol, host, status: realStatus(wholeNumber(status)), seconds: secondsOf(wholeNumber(duration)), bodySize: wholeNumber(sent), agent },
    { more, routeFor },
  );
}

function readJson(line: string, fields: NamedFields, { toInstant, routeFor, clientOf }: Readers): ParsedLine | undefined {
  const get = (...names: string[]): string | undefined => {
    const value = names.map((name) => fields.get(name)).find((held) => held !== undefined);
    return value === undefined ? undefined : String(value);
  };
  const time = readIsoTime(get('start_time', 'timestamp', '@timestamp') ?? '', toInstant);
  const method = get('method', ':method');
  if (method === undefined) return undefined;
  const peer = addressOf(get('downstream_remote_address', 'downstream_direct_remote_address') ?? '');
  const forwarded = get('x_forwarded_for', 'x-forwarded-for');
  // Envoy adds the peer to the chain it forwards; where it did not, the peer is the nearest hop.
  const chain = [forwarded === '-' ? undefined : forwarded, peer].filter((hop) => hop !== undefined).join(',');
  const more = {
    ...flagFields(get('response_flags'), get('response_code_details')),
    'http.request.body.size': wholeNumber(get('bytes_received')),
    'http.request.id': get('request_id', 'x-request-id'),
    'envoy.route': get('route_name'),
    'envoy.upstream': get('upstream_host'),
  };
  const request = {
    time,
    client: clientOf(chain),
    peer,
    method,
    target: get('x-envoy-origin-path', 'path', ':path'),
    protocol: get('protocol'),
    host: get(':authority', 'authority'),
    status: realStatus(wholeNumber(get('response_code'))),
    seconds: secondsOf(wholeNumber(get('duration'))),
    bodySize: wholeNumber(get('bytes_sent')),
    agent: get('user-agent', 'user_agent'),
  };
  return { ...requestRecord(line, request, { more, routeFor }), malformed: time === undefined ? 'the time is not readable' : '' };
}

const flagFields = (flags: string | undefined, details: string | undefined) => ({ 'envoy.response_flags': flags, 'envoy.response_code_details': details });
/** 0 says that no answer was sent at all. */
const realStatus = (status: number | undefined): number | undefined => (status === 0 ? undefined : status);
