import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { readRequest } from './combined.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { readLevel } from './level.ts';
import { withLogin } from './login-record.ts';
import { plainAddress } from './login-told.ts';
import { readNginxBasic } from './login-web.ts';
import { putHost } from './request-record.ts';
import { routeReader } from './route.ts';
import { zoneReader } from './zone.ts';

/** nginx's error log: who asked for what is read from its end; refused basic authentication counts as a login. */
export const nginxError = defineKind({
  kind: 'nginx-error',
  label: { 'zh-CN': 'nginx 错误日志', en: 'nginx error log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      const [, clock = '', level = '', pid, text = ''] = head.exec(line) ?? [];
      const time = clock === '' ? undefined : readIsoTime(clock, toInstant);
      if (time === undefined) return malformedLine(line, 'does not begin with "date time [level] pid#tid:"');
      const attributes: Record<string, AttributeValue> = { 'process.pid': Number(pid) };
      readPlace(text, { attributes, routeFor });
      return withLogin({ time, ...readLevel(level), body: text, attributes, malformed: '' }, readNginxBasic(text));
    };
    return { kind: 'nginx-error', multiline: 'dated', parse };
  },
});

const head = /^(\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}) \[([a-z]{4,8})\] (\d{1,10})#\d{1,10}: (?:\*\d{1,20} )?(.*)$/s;
const place = /, client: ([0-9A-Fa-f.:]{2,45}), server: ([^,\s]{0,255})/g;
const request = /, request: "/g;

/** nginx writes a stranger's name and path as they came, so what stands twice is not sure and left out. */
function readPlace(text: string, out: { attributes: Record<string, AttributeValue>; routeFor(path: string): string }): void {
  const found = [...text.matchAll(place)];
  const first = found[0];
  if (!first || found.length > 1) return;
  out.attributes['client.address'] = plainAddress(first[1] ?? '');
  const server = first[2] ?? '';
  if (server !== '_') putHost(out.attributes, server);
  const asked = [...text.matchAll(request)];
  if (asked.length !== 1) return;
  const from = (asked[0]?.index ?? 0) + ', request: "'.length;
  const to = text.indexOf('"', from);
  if (to > from) readRequest(text, { from, to }, out);
}
