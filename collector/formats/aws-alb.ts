import { defineKind } from '#lib/kinds.ts';
import { closingQuote } from './combined.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { addressOf } from './login-told.ts';
import { plainNumber, requestRecord, wholeNumber } from './request-record.ts';
import { routeReader } from './route.ts';
import { zoneReader } from './zone.ts';

/** The access log of an AWS application load balancer: values between blanks, texts in quotes, always UTC. */
export const awsAlb = defineKind({
  kind: 'aws-alb',
  label: { 'zh-CN': 'AWS 应用负载均衡日志', en: 'AWS application load balancer log' },
  fields: formatFields,
  shape: formatShape,
  make: ({ zone }): Format => {
    const toInstant = zoneReader(zone);
    const routeFor = routeReader();
    const parse = (line: string): ParsedLine => {
      const values = readValues(line);
      const [type, ended = '', balancer, client = '', target, ...rest] = values;
      const [request, work, response, status, targetStatus, received, sent, asked = '', agent] = rest;
      const time = readIsoTime(values[21] ?? '', toInstant) ?? readIsoTime(ended, toInstant);
      const address = addressOf(client);
      if (values.length < 13 || time === undefined || address === undefined) return malformedLine(line, 'not "type time balancer client target …"');
      const [method, url, protocol] = asked.split(' ');
      const host = /^[a-z]{1,10}:\/\/([^/?]{1,300})/.exec(url ?? '')?.[1];
      const parts = [request, work, response].map(plainNumber);
      // -1 says that a part never happened.
      const seconds = parts.every((part) => part !== undefined) ? parts.reduce((sum, part) => sum + part, 0) : undefined;
      const more = {
        'network.protocol.name': type,
        'aws.alb.name': balancer,
        'aws.alb.target': target,
        'aws.alb.target_status': wholeNumber(targetStatus),
        'http.request.size': wholeNumber(received),
        'http.response.size': wholeNumber(sent),
        'aws.alb.actions': values[22],
        'aws.alb.error': values[24],
      };
      return requestRecord(
        line,
        { time, client: address, method: method === '-' ? undefined : method, target: url, protocol, host, status: wholeNumber(status), seconds: rounded(seconds), agent },
        { more, routeFor },
      );
    };
    return { kind: 'aws-alb', parse };
  },
});

/** Sums of decimal parts carry digits nobody measured. */
const rounded = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : Math.round(seconds * 1e6) / 1e6);

function readValues(line: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < line.length && values.length < 64; ) {
    const quoted = line.charCodeAt(at) === 34;
    const from = quoted ? at + 1 : at;
    const found = quoted ? closingQuote(line, from) : line.indexOf(' ', from);
    const end = found < 0 ? line.length : found;
    values.push(line.slice(from, end));
    at = end + (quoted ? 2 : 1);
  }
  return values;
}
