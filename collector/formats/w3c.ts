import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import type { Heading } from './heading.ts';
import { readIsoTime } from './iso-time.ts';
import { plainNumber, type Request, requestRecord, secondsOf, wholeNumber } from './request-record.ts';
import { routeReader } from './route.ts';
import { zoneReader } from './zone.ts';

/** The W3C extended log format, which IIS writes: `#Fields:` names the columns and may change in mid-file. */
export const w3c = defineKind({
  kind: 'w3c',
  label: { 'zh-CN': 'W3C 扩展日志（IIS）', en: 'W3C extended log (IIS)' },
  fields: [
    ...formatFields,
    {
      id: 'fields',
      label: { 'zh-CN': '列名', en: 'Columns' },
      input: 'text',
      required: false,
      help: {
        'zh-CN': '文件里没有 #Fields 行时使用，例如 date time c-ip cs-method cs-uri-stem sc-status',
        en: 'Used before any #Fields line, for example date time c-ip cs-method cs-uri-stem sc-status',
      },
    },
  ],
  shape: { ...formatShape, fields: z.string().min(1).max(4_000).optional() },
  make: ({ zone, fields }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    const parse = (event: string): ParsedLine => {
      const { columns, date, row } = readHeaded(event, fields);
      if (columns === '') return malformedLine(row, 'no #Fields line stands before it');
      const names = columns.split(' ');
      const values = readRow(row);
      if (values.length !== names.length) return malformedLine(row, `${values.length} values for ${names.length} fields`);
      const columnsOf = new Map(names.map((name, index) => [name.toLowerCase(), values[index] ?? '']));
      const clock = columnsOf.get('time') ?? '';
      const time = readIsoTime(`${columnsOf.get('date') ?? date} ${clock}`, toInstant);
      if (time === undefined) return malformedLine(row, 'the time is not readable');
      return columnsRecord(row, columnsOf, { time, routeFor });
    };
    return { kind: 'w3c', heading, parse };
  },
});

const sign = 35;
const sheet = '\t';

/** What holds for the rows below: the day of `#Date:` and the names of `#Fields:`. */
const heading: Heading = {
  after(line, before) {
    if (line.charCodeAt(0) !== sign) return undefined;
    const [date = '', columns = ''] = before.slice(1).split(sheet);
    const match = /^#(Fields|Date|Start-Date): *(.{0,8000})$/.exec(line);
    if (match?.[1] === 'Fields') return `#${date}${sheet}${(match[2] ?? '').trim().split(/\s+/).join(' ')}`;
    const day = /^\d{4}-\d{2}-\d{2}/.exec(match?.[2] ?? '')?.[0];
    return day === undefined ? before : `#${day}${sheet}${columns}`;
  },
};

function readHeaded(event: string, fallback: string | undefined): { columns: string; date: string; row: string } {
  const feed = event.charCodeAt(0) === sign ? event.indexOf('\n') : -1;
  const [date = '', columns = ''] = feed < 0 ? [] : event.slice(1, feed).split(sheet);
  return { columns: columns || (fallback ?? '').trim().split(/\s+/).join(' '), date, row: event.slice(feed + 1) };
}

/** Values between blanks or tabs; one in quotes may hold them, a quote inside is doubled. */
function readRow(row: string): string[] {
  const values: string[] = [];
  const value = /"((?:[^"]|"")*)"(?=[ \t]|$)|[^ \t]+/gy;
  let at = 0;
  while (at < row.length) {
    const code = row.charCodeAt(at);
    if (code === 32 || code === 9) {
      at++;
      continue;
    }
    value.lastIndex = at;
    const match = value.exec(row);
    if (!match) break;
    values.push(match[1] === undefined ? match[0] : match[1].replaceAll('""', '"'));
    at = value.lastIndex;
  }
  return values;
}

/** Columns in which IIS writes `+` for a blank; in a path or query it means what it says. */
const texts: ReadonlySet<string> = new Set(['cs(user-agent)', 'cs(referer)', 'cs(referrer)', 'cs(cookie)', 'cs-username']);

const known: Readonly<Record<string, keyof Request>> = {
  'c-ip': 'client',
  'cs-username': 'user',
  'cs-method': 'method',
  'cs-version': 'protocol',
  'cs-host': 'host',
  'cs(host)': 'host',
  'cs(user-agent)': 'agent',
  'cs(referer)': 'referer',
  'cs(referrer)': 'referer',
};
const numbers: Readonly<Record<string, string>> = { 'sc-bytes': 'http.response.size', 'cs-bytes': 'http.request.size', 's-port': 'server.port', 'c-port': 'client.port', bytes: 'http.response.size' };
const used: ReadonlySet<string> = new Set(['date', 'time', 'cs-uri-stem', 'cs-uri-query', 'cs-uri', 'sc-status', 'time-taken']);

/** One request by its columns, whichever file they stood in; `-` means empty. */
export function columnsRecord(line: string, columns: ReadonlyMap<string, string>, { time, routeFor }: { time: Request['time']; routeFor(path: string): string }): ParsedLine {
  const request: Request = { time };
  const more: Record<string, AttributeValue | undefined> = {};
  for (const [name, raw] of columns) {
    if (raw === '-' || raw === '' || used.has(name)) continue;
    const value = texts.has(name) ? raw.replaceAll('+', ' ') : raw;
    const own = known[name];
    const number = numbers[name];
    if (own !== undefined) Object.assign(request, { [own]: value });
    else if (number !== undefined) more[number] = wholeNumber(value);
    else more[name === 's-ip' ? 'network.local.address' : `w3c.${name}`] = value;
  }
  const get = (name: string): string => columns.get(name) ?? '';
  const [stem, query] = [get('cs-uri-stem') || get('cs-uri'), get('cs-uri-query')];
  request.target = query === '' || query === '-' ? stem : `${stem}?${query}`;
  request.status = wholeNumber(get('sc-status'));
  request.seconds = secondsTaken(get('time-taken'));
  return requestRecord(line, request, { more, routeFor });
}

/** IIS counts milliseconds in whole numbers, the standard seconds with a fraction. */
const secondsTaken = (text: string): number | undefined => (text.includes('.') ? plainNumber(text) : secondsOf(wholeNumber(text)));
