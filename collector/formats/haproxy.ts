import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import type { UnixMs } from '#lib/time.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { addressOf } from './login-told.ts';
import { plainNumber, requestRecord, secondsOf, wholeNumber } from './request-record.ts';
import { routeReader } from './route.ts';
import { severityOf, syslogAttributes } from './syslog.ts';
import { parseSyslog } from './syslog-message.ts';
import { type ToInstant, zoneReader } from './zone.ts';

/** HAProxy's HTTP and TCP logs, behind a syslog header or without one, and the errors it writes of connections. */
export const haproxy = defineKind({
  kind: 'haproxy',
  label: { 'zh-CN': 'HAProxy 日志', en: 'HAProxy log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone, year }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    return {
      kind: 'haproxy',
      parse(line, near) {
        const bare = head.test(line);
        const syslog = bare ? undefined : parseSyslog(line, { year, near, toInstant });
        const text = syslog?.message ?? line;
        const read = readConnection(text, { toInstant, routeFor });
        if (!syslog || syslog.header === 'none') return read ?? malformedLine(line, 'neither a connection of HAProxy nor a syslog message');
        if (!read && head.test(text)) return malformedLine(line, 'a connection that is cut off');
        if (!read) return { time: syslog.time, ...severityOf(syslog), body: text, attributes: syslogAttributes(syslog), malformed: '' };
        Object.assign(read.attributes, syslogAttributes(syslog));
        return read;
      },
    };
  },
});

const head = /^(\S{2,60}):(\d{1,5}) \[(\d{2})\/(\w{3})\/(\d{4}):(\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?\] (\S{1,200}) /;
/** Timers of HTTP; the last one has a `+` when it was written before the end. Braces and quotes a client sent are written as `#7B`. */
const http =
  /^(\S{1,200})\/(\S{1,200}) (-?\d{1,12})\/(-?\d{1,12})\/(-?\d{1,12})\/(-?\d{1,12})\/(\+?-?\d{1,12}) (-1|\d{3}) (\+?\d{1,15}) \S{1,500} \S{1,500} ([\w-]{4}) (\d{1,9})\/(\d{1,9})\/(\d{1,9})\/(\d{1,9})\/(\+?\d{1,9}) (\d{1,9})\/(\d{1,9})(?: \{([^{}]{0,4000})\})?(?: \{([^{}]{0,4000})\})? "(.{0,8000})"?$/s;
const tcp = /^(\S{1,200})\/(\S{1,200}) (-?\d{1,12})\/(-?\d{1,12})\/(\+?-?\d{1,12}) (\+?\d{1,15}) ([\w-]{2}) (\d{1,9})\/(\d{1,9})\/(\d{1,9})\/(\d{1,9})\/(\+?\d{1,9}) (\d{1,9})\/(\d{1,9})/;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

interface Readers {
  toInstant: ToInstant;
  routeFor(path: string): string;
}

function readConnection(text: string, { toInstant, routeFor }: Readers): ParsedLine | undefined {
  const start = head.exec(text);
  if (!start) return undefined;
  const [whole, client = '', port, day, month = '', year, clock, fraction = '0', frontend = ''] = start;
  const at = Date.parse(`${year}-${String(months.indexOf(month) + 1).padStart(2, '0')}-${day}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  if (Number.isNaN(at)) return undefined;
  const common = { text, time: toInstant(at), client: addressOf(client) ?? client, more: { 'client.port': Number(port), 'haproxy.frontend': frontend.replace(/[~:]$/, '') } };
  const rest = text.slice(whole.length);
  const request = http.exec(rest);
  if (request) return readHttp(request, common, routeFor);
  const stream = tcp.exec(rest);
  if (stream) return readTcp(stream, common, routeFor);
  // `frontend/bind: why`: the connection came to nothing.
  if (!frontend.endsWith(':')) return undefined;
  return { time: common.time, severityNumber: 13, severityText: 'WARN', body: text, attributes: { 'client.address': common.client, ...common.more, 'error.type': 'connection' }, malformed: '' };
}

interface Common {
  text: string;
  time: UnixMs;
  client: string;
  more: Record<string, AttributeValue>;
}

/** Who ended a session before its time, where it is our side's doing: the first letter of the termination state. */
const endings: Readonly<Record<string, string>> = { S: 'upstream_aborted', s: 'upstream_timeout', R: 'resource', I: 'internal', D: 'upstream_down' };

function readHttp(match: RegExpExecArray, { text, time, client, more }: Common, routeFor: Readers['routeFor']): ParsedLine {
  const [, backend, server, request, queue, connect, response, total, status, bytes, state = '', , , , , retries, serverQueue, backendQueue, sent, received, line = ''] = match;
  const words = /^([A-Z_-]{1,20}) (\S{1,8000})(?: HTTP\/(\S{1,8}))?/.exec(line.replace(/"$/, ''));
  const fields = {
    ...more,
    ...sessionFields({ backend, server, state, retries }),
    'http.response.size': wholeNumber(bytes?.replace('+', '')),
    'haproxy.request.duration': timer(request),
    'haproxy.queue.duration': timer(queue),
    'haproxy.connect.duration': timer(connect),
    'haproxy.response.duration': timer(response),
    'haproxy.queue.server': Number(serverQueue),
    'haproxy.queue.backend': Number(backendQueue),
    'haproxy.captured.request': sent,
    'haproxy.captured.response': received,
  };
  const seconds = timer(total);
  return ended(requestRecord(text, { time, client, method: words?.[1], target: words?.[2], protocol: words?.[3], status: wholeNumber(status), seconds }, { more: fields, routeFor }), state);
}

function readTcp(match: RegExpExecArray, { text, time, client, more }: Common, routeFor: Readers['routeFor']): ParsedLine {
  const [, backend, server, queue, connect, total, bytes, state = '', , , , , retries] = match;
  const fields = {
    ...more,
    ...sessionFields({ backend, server, state, retries }),
    'haproxy.bytes': wholeNumber(bytes?.replace('+', '')),
    'haproxy.queue.duration': timer(queue),
    'haproxy.connect.duration': timer(connect),
    'haproxy.session.duration': timer(total),
  };
  const record = requestRecord(text, { time, client }, { more: fields, routeFor });
  record.attributes.outcome = 'ok';
  return ended(record, state);
}

const timer = (text: string | undefined): number | undefined => secondsOf(plainNumber(text?.replace('+', '')));

const sessionFields = ({ backend, server, state, retries }: Record<'backend' | 'server' | 'state' | 'retries', string | undefined>): Record<string, AttributeValue | undefined> => ({
  'haproxy.backend': backend,
  'haproxy.server': server === '<NOSRV>' ? undefined : server,
  'haproxy.termination_state': state,
  'haproxy.retries': wholeNumber(retries?.replace('+', '')),
});

/** A session the server side broke off is an error, even where the status was sent before. */
function ended(record: ParsedLine, state: string): ParsedLine {
  const ending = endings[state.charAt(0)];
  if (ending === undefined) return record;
  record.attributes.outcome = 'error';
  record.attributes['error.type'] ??= ending;
  return { ...record, severityNumber: 17, severityText: 'ERROR' };
}
