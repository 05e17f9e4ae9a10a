import { defineKind } from '#lib/kinds.ts';
import { flatObject } from './flat-object.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readLevel } from './level.ts';
import { readNamedFields, usualNames } from './named-fields.ts';
import { requestRecord, secondsOf } from './request-record.ts';
import { routeReader } from './route.ts';
import { timeReader } from './time.ts';
import { zoneReader } from './zone.ts';

/** Caddy's JSON log: access lines by what they say of a request, the others as they are. */
export const caddy = defineKind({
  kind: 'caddy',
  label: { 'zh-CN': 'Caddy 日志', en: 'Caddy log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone }): Format => {
    const readTime = timeReader({ order: 'ymd', toInstant: zoneReader(zone) });
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      const fields = flatObject(line);
      if (!fields) return malformedLine(line, 'not a JSON object');
      const plain = readNamedFields(line, fields, { names: usualNames, readTime });
      if (!fields.has('request.method') || !fields.has('status')) return plain;
      const text = (name: string): string | undefined => (fields.has(name) ? String(fields.get(name)) : undefined);
      const number = (name: string): number | undefined => (typeof fields.get(name) === 'number' ? Number(fields.get(name)) : undefined);
      const header = (name: string): string | undefined => firstOf(text(`request.headers.${name}`));
      // Whom Caddy calls the client was decided by its own list of trusted proxies.
      const client = text('request.client_ip') ?? text('request.remote_ip') ?? text('request.remote_addr')?.replace(/:\d{1,5}$/, '');
      const record = requestRecord(
        line,
        {
          time: plain.time,
          client,
          peer: text('request.remote_ip'),
          user: text('user_id'),
          method: text('request.method'),
          target: text('request.uri'),
          protocol: text('request.proto'),
          host: text('request.host'),
          status: number('status') === 0 ? undefined : number('status'),
          seconds: number('duration') ?? durationText(text('duration') ?? ''),
          bodySize: number('size'),
          agent: header('User-Agent'),
          referer: header('Referer'),
        },
        { more: { 'http.request.body.size': number('bytes_read'), 'caddy.logger': text('logger'), 'caddy.message': text('msg') }, routeFor },
      );
      const level = readLevel(text('level') ?? '');
      const severity = level.severityNumber > record.severityNumber ? level : {};
      return { ...record, ...severity, malformed: plain.malformed };
    };
    return { kind: 'caddy', parse };
  },
});

/** Header values are lists; a list of one is what was sent. */
function firstOf(list: string | undefined): string | undefined {
  if (!list?.startsWith('[')) return list;
  try {
    const [value] = JSON.parse(list) as unknown[];
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3 };

/** `1.25ms`, as Caddy writes it when told to; in seconds. */
function durationText(text: string): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,12})?)(ns|us|[µμ]s|ms|s)$/.exec(text);
  const scale = units[match?.[2] ?? ''];
  return scale === undefined ? undefined : secondsOf(Number(match?.[1]) * scale);
}
