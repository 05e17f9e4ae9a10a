import { defineKind } from '#lib/kinds.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { readLevel } from './level.ts';
import { withLogin } from './login-record.ts';
import { addressOf } from './login-told.ts';
import { readApacheBasic } from './login-web.ts';
import { putTarget } from './request-record.ts';
import { routeReader } from './route.ts';
import { zoneReader } from './zone.ts';

/** Apache's error log: `[Sun Dec 04 04:47:44.123 2005] [module:level] …`; refused basic authentication counts as a login. */
export const apacheError = defineKind({
  kind: 'apache-error',
  label: { 'zh-CN': 'Apache 错误日志', en: 'Apache error log' },
  fields: [...formatFields],
  shape: formatShape,
  make: ({ zone }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      const [, name = '', day = '', clock, year, level = '', text = ''] = head.exec(line) ?? [];
      const month = months.indexOf(name) + 1;
      const time = month === 0 ? undefined : readIsoTime(`${year}-${two(month)}-${day.padStart(2, '0')} ${clock}`, toInstant);
      if (time === undefined) return malformedLine(line, 'does not begin with "[day month date time year] [level]"');
      // Where Apache names an error of the system, it does so before the client.
      const client = /^(?:\[[^\]]{1,80}\] ){0,3}(?:\(-?\d{1,9}\)[^[]{1,200})?\[client ([^\]]{1,80})\]/.exec(text)?.[1];
      const address = client === undefined ? undefined : (addressOf(client) ?? client);
      const attributes: ParsedLine['attributes'] = address === undefined ? {} : { 'client.address': address };
      const path = refusedPath.exec(text);
      if (path) putTarget(attributes, path[1] ?? path[2] ?? '', routeFor);
      return withLogin({ time, ...readLevel(level), body: text, attributes, malformed: '' }, readApacheBasic(line));
    };
    return { kind: 'apache-error', parse };
  },
});

/** What was asked for by somebody who was not let in. */
const refusedPath = /(?: not found: (\/\S{0,2000})|: authentication failure for "(\/[^"\s]{0,2000})".{0,200})$/;
const two = (value: number): string => String(value).padStart(2, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const head = /^\[\w{3} (\w{3}) {1,2}(\d{1,2}) (\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?) (\d{4})\] \[(?:\w{0,40}:)?([a-z]{4,8})\d?\] (.*)$/s;
