import { defineKind } from '#lib/kinds.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { routeReader } from './route.ts';
import { columnsRecord } from './w3c.ts';
import { zoneReader } from './zone.ts';

/** A request as IIS writes it to the Windows event log: one event in XML a line. */
export const iisEvent = defineKind({
  kind: 'iis-event',
  label: { 'zh-CN': 'IIS（Windows 事件 XML）', en: 'IIS (Windows events as XML)' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      if (!line.startsWith('<Event')) return malformedLine(line, 'not an event in XML');
      const columns = new Map<string, string>();
      for (const [, name = '', value = ''] of line.matchAll(entry)) columns.set(lowered(name), unescaped(value));
      const time = readIsoTime(`${columns.get('date')} ${columns.get('time')}`, toInstant);
      if (time === undefined || !columns.has('c-ip')) return malformedLine(line, 'no request of IIS in the event');
      const record = columnsRecord(line, columns, { time, routeFor });
      return { ...record, body: `${columns.get('cs-method') ?? ''} ${columns.get('cs-uri-stem') ?? ''} ${columns.get('sc-status') ?? ''}` };
    };
    return { kind: 'iis-event', parse };
  },
});

const entry = /<Data Name=["']([^"']{1,60})["']>([^<]{0,8000})<\/Data>/g;
/** The event log calls the columns of headers `csUser-Agent`, `csReferer`. */
const lowered = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^cs(user-agent|referer|cookie|host)$/, 'cs($1)')
    .replace(/^cs-(user-agent|referer|cookie)$/, 'cs($1)');

const entities: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'", '&amp;': '&' };
const unescaped = (text: string): string => text.replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
