import { z } from 'zod';
import { defineKind } from '#lib/kinds.ts';
import type { UnixMs } from '#lib/time.ts';
import { type Format, formatFields, formatShape, malformedLine, type ParsedLine } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { type Fields, jsonFields, messageOf, pairFields, readApplication, readDatabase, readVaultwarden } from './login-application.ts';
import { readDovecot, readPostfix } from './login-mail.ts';
import { readPam } from './login-pam.ts';
import { withLogin } from './login-record.ts';
import { readSshd } from './login-sshd.ts';
import type { LoginTold } from './login-told.ts';
import { readApacheBasic, readNginxBasic, readVsftpd } from './login-web.ts';
import { type ClientOf, clientReader } from './proxies.ts';
import { severityOf, syslogAttributes } from './syslog.ts';
import { parseSyslog, type SyslogMessage } from './syslog-message.ts';
import { dateOrderField, dateOrders, timeReader } from './time.ts';
import { type ToInstant, zoneReader } from './zone.ts';

/** The login log of a host, a server or an application: what its lines tell of attempts becomes logins, each counted once. */
export const auth = defineKind({
  kind: 'auth',
  label: { 'zh-CN': '登录日志（auth.log / secure）', en: 'Login log (auth.log / secure)' },
  fields: [...formatFields, dateOrderField],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd') },
  make: ({ zone, year, date_order: order, trusted_proxies: trusted }): Format => {
    const toInstant = zoneReader(zone);
    const readTime = timeReader({ order, toInstant });
    const clientOf = clientReader(trusted);
    return {
      kind: 'auth',
      parse(line, near) {
        const fields = line.startsWith('{') ? jsonFields(line) : /^(?:time|ts|t|level|logger|lvl)=/.test(line) ? pairFields(line) : undefined;
        if (fields) return readFields(line, fields, { readTime, clientOf });
        return readPlain(line, { toInstant, clientOf }) ?? readSystem(parseSyslog(line, { year, near, toInstant }), clientOf);
      },
    };
  },
});

const systemReaders = [readSshd, readPam, readDovecot, readPostfix, readVsftpd, readNginxBasic] as const;

function readSystem(syslog: SyslogMessage, clientOf: ClientOf): ParsedLine {
  const { message, header, prioritized, time } = syslog;
  const told = toldBy(syslog, clientOf);
  // The journal's plain text has no header: an attempt in it still counts, at the time it was received.
  if (header === 'none' && !prioritized && !told?.attempt) return malformedLine(message, 'no syslog header');
  return withLogin({ time, ...severityOf(syslog), body: message, attributes: syslogAttributes(syslog), malformed: '' }, told);
}

const repeated = /^message repeated (\d{1,6}) times: \[ (.*)\]$/s;

function toldBy({ message, program }: SyslogMessage, clientOf: ClientOf): LoginTold | undefined {
  const again = message.startsWith('message repeated ') ? repeated.exec(message) : null;
  if (again) {
    const told = toldOnce(again[2] ?? '', program, clientOf);
    return told?.attempt ? { ...told, attempt: { ...told.attempt, count: told.attempt.count * Number(again[1]) } } : told;
  }
  return toldOnce(message, program, clientOf);
}

function toldOnce(message: string, program: string, clientOf: ClientOf): LoginTold | undefined {
  const fields = jsonFields(message);
  if (fields) return readApplication(fields, clientOf);
  for (const read of systemReaders) {
    const told = read(message, program);
    if (told) return told;
  }
  return undefined;
}

/** What is written by nobody's syslog: a time, who writes how gravely, and the text. */
const heads: readonly { head: RegExp; read: (text: string, line: string, clientOf: ClientOf) => LoginTold | undefined }[] = [
  { head: /^\[(?<time>\d{4}-\d{2}-\d{2} [\d:.]{8,18}(?:[+-]\d{4})?)\]\[[\w:]{1,120}\]\[(?<level>[A-Z]{4,8})\] (?<text>.*)$/s, read: readVaultwarden },
  { head: /^(?<time>\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}) \[(?<level>[a-z]{4,8})\] \d{1,10}#\d{1,10}: (?:\*\d{1,20} )?(?<text>.*)$/s, read: readNginxBasic },
  { head: /^\[\w{3} (?<bsd>\w{3} {1,2}\d{1,2} [\d:]{8})(?:\.\d{1,9})? (?<year>\d{4})\] \[(?:\w{1,40}:)?(?<level>[a-z]{4,8})\] (?<text>.*)$/s, read: (_text, line) => readApacheBasic(line) },
  { head: /^\w{3} (?<bsd>\w{3} {1,2}\d{1,2} [\d:]{8}) (?<year>\d{4}) (?<text>\[pid \d{1,10}\] .*)$/s, read: readVsftpd },
  {
    head: /^(?<time>\d{4}-\d{2}-\d{2} [\d:]{8},\d{3}) (?<level>[A-Z]{4,7}) {1,4}\[[\w.]{1,120}\] \([^)]{0,120}\) (?<text>type=.*)$/s,
    read: (text, _line, clientOf) => readApplication(pairFields(text), clientOf),
  },
  { head: /^(?<time>\d{4}-\d{2}-\d{2} [\d:.]{8,15}) (?:UTC|GMT)(?<text>[ :].*)$/s, read: (_text, line) => readDatabase(line) },
  { head: /^(?<time>\d{4}-\d{2}-\d{2}T[\d:.]{8,18}Z) {1,16}\d{1,20} (?<text>\S.*)$/s, read: readDatabase },
];

function readPlain(line: string, { toInstant, clientOf }: { toInstant: ToInstant; clientOf: ClientOf }): ParsedLine | undefined {
  for (const { head, read } of heads) {
    const groups = head.exec(line)?.groups;
    if (!groups) continue;
    const time = groups.time === undefined ? readYearLast(groups.bsd ?? '', groups.year ?? '', toInstant) : readIsoTime(groups.time, toInstant);
    if (time === undefined) return undefined;
    const text = groups.text ?? '';
    return withLogin({ time, ...levelNamed(groups.level ?? ''), body: text, attributes: {}, malformed: '' }, read(text, line, clientOf));
  }
  return undefined;
}

function readYearLast(bsd: string, year: string, toInstant: ToInstant): UnixMs | undefined {
  const at = Date.parse(`${bsd} ${year} UTC`);
  return Number.isNaN(at) ? undefined : toInstant(at);
}

const timeNames = ['time', 'timestamp', 't', 'ts', '@timestamp', 'asctime'];

function readFields(line: string, fields: Fields, { readTime, clientOf }: { readTime(text: string): UnixMs | undefined; clientOf: ClientOf }): ParsedLine {
  const time = readTime(timeNames.map((name) => fields.get(name)).find((value) => value !== undefined) ?? '');
  const level = levelNamed(fields.get('level') ?? fields.get('levelname') ?? fields.get('lvl') ?? '');
  const attributes: ParsedLine['attributes'] = {};
  for (const [name, keys] of Object.entries(asked)) {
    const value = keys.map((key) => fields.get(key)).find((held) => held !== undefined && held !== '');
    if (value !== undefined) attributes[name] = value;
  }
  return withLogin({ time, ...level, body: messageOf(fields) || line, attributes, malformed: '' }, readApplication(fields, clientOf));
}

/** What applications call the page and the browser of an attempt. */
const asked = { 'url.path': ['url.path', 'path_info', 'path'], 'user_agent.original': ['user_agent.original', 'user_agent', 'userAgent'] } as const;

function levelNamed(name: string): Pick<ParsedLine, 'severityNumber' | 'severityText'> {
  const word = name.toUpperCase();
  if (/^(?:FATAL|CRIT|ALERT|EMERG)/.test(word)) return { severityNumber: 21, severityText: 'FATAL' };
  if (/^ERR/.test(word)) return { severityNumber: 17, severityText: 'ERROR' };
  if (/^WARN/.test(word)) return { severityNumber: 13, severityText: 'WARN' };
  if (/^DEBUG/.test(word)) return { severityNumber: 5, severityText: 'DEBUG' };
  return { severityNumber: 9, severityText: 'INFO' };
}
