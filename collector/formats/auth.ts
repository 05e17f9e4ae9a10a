import { z } from 'zod';
import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import type { UnixMs } from '#lib/time.ts';
import { type Format, formatShape, malformedLine, type ParsedLine, zoneField } from './format.ts';
import { readIsoTime } from './iso-time.ts';
import { type Fields, jsonFields, messageOf, pairFields, readApplication, readDatabase, readVaultwarden } from './login-application.ts';
import { readDovecot, readPostfix } from './login-mail.ts';
import { readPam } from './login-pam.ts';
import { readSshd } from './login-sshd.ts';
import type { LoginTold } from './login-told.ts';
import { readApacheBasic, readNginxBasic, readVsftpd } from './login-web.ts';
import { severityOf, syslogAttributes, yearField } from './syslog.ts';
import { parseSyslog, type SyslogMessage } from './syslog-message.ts';
import { dateOrders, timeReader } from './time.ts';
import { type ToInstant, zoneReader } from './zone.ts';

/** The login log of a host, a server or an application: what its lines tell of attempts becomes logins, each counted once. */
export const auth = defineKind({
  kind: 'auth',
  label: { 'zh-CN': '登录日志（auth.log / secure）', en: 'Login log (auth.log / secure)' },
  fields: [zoneField, yearField],
  shape: { ...formatShape, date_order: z.enum(dateOrders).default('ymd') },
  make: ({ zone, year, date_order: order }): Format => {
    const toInstant = zoneReader(zone);
    const readTime = timeReader({ order, toInstant });
    return {
      kind: 'auth',
      parse(line, near) {
        const fields = line.startsWith('{') ? jsonFields(line) : /^(?:time|ts|t|level|logger|lvl)=/.test(line) ? pairFields(line) : undefined;
        if (fields) return readFields(line, fields, readTime);
        return readPlain(line, toInstant) ?? readSystem(parseSyslog(line, { year, near, toInstant }));
      },
    };
  },
});

const systemReaders = [readSshd, readPam, readDovecot, readPostfix, readVsftpd, readNginxBasic] as const;

function readSystem(syslog: SyslogMessage): ParsedLine {
  const { message, header, prioritized, time, program } = syslog;
  const told = toldBy(message, program);
  // The journal's plain text has no header: an attempt in it still counts, at the time it was received.
  if (header === 'none' && !prioritized && !told?.attempt) return malformedLine(message, 'no syslog header');
  return finish({ time, ...severityOf(syslog), body: message, attributes: syslogAttributes(syslog), malformed: '' }, told);
}

const repeated = /^message repeated (\d{1,6}) times: \[ (.*)\]$/s;

function toldBy(message: string, program: string): LoginTold | undefined {
  const again = message.startsWith('message repeated ') ? repeated.exec(message) : null;
  if (again) {
    const told = toldOnce(again[2] ?? '', program);
    return told?.attempt ? { ...told, attempt: { ...told.attempt, count: told.attempt.count * Number(again[1]) } } : told;
  }
  return toldOnce(message, program);
}

function toldOnce(message: string, program: string): LoginTold | undefined {
  const fields = jsonFields(message);
  if (fields) return readApplication(fields);
  for (const read of systemReaders) {
    const told = read(message, program);
    if (told) return told;
  }
  return undefined;
}

/** What is written by nobody's syslog: a time, who writes how gravely, and the text. */
const heads: readonly { head: RegExp; read: (text: string, line: string) => LoginTold | undefined }[] = [
  { head: /^\[(?<time>\d{4}-\d{2}-\d{2} [\d:.]{8,18}(?:[+-]\d{4})?)\]\[[\w:]{1,120}\]\[(?<level>[A-Z]{4,8})\] (?<text>.*)$/s, read: readVaultwarden },
  { head: /^(?<time>\d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}) \[(?<level>[a-z]{4,8})\] \d{1,10}#\d{1,10}: (?:\*\d{1,20} )?(?<text>.*)$/s, read: readNginxBasic },
  { head: /^\[\w{3} (?<bsd>\w{3} {1,2}\d{1,2} [\d:]{8})(?:\.\d{1,9})? (?<year>\d{4})\] \[(?:\w{1,40}:)?(?<level>[a-z]{4,8})\] (?<text>.*)$/s, read: (_text, line) => readApacheBasic(line) },
  { head: /^\w{3} (?<bsd>\w{3} {1,2}\d{1,2} [\d:]{8}) (?<year>\d{4}) (?<text>\[pid \d{1,10}\] .*)$/s, read: readVsftpd },
  { head: /^(?<time>\d{4}-\d{2}-\d{2} [\d:]{8},\d{3}) (?<level>[A-Z]{4,7}) {1,4}\[[\w.]{1,120}\] \([^)]{0,120}\) (?<text>type=.*)$/s, read: (text) => readApplication(pairFields(text)) },
  { head: /^(?<time>\d{4}-\d{2}-\d{2} [\d:.]{8,15}) (?:UTC|GMT)(?<text>[ :].*)$/s, read: (_text, line) => readDatabase(line) },
  { head: /^(?<time>\d{4}-\d{2}-\d{2}T[\d:.]{8,18}Z) {1,16}\d{1,20} (?<text>\S.*)$/s, read: readDatabase },
];

function readPlain(line: string, toInstant: ToInstant): ParsedLine | undefined {
  for (const { head, read } of heads) {
    const groups = head.exec(line)?.groups;
    if (!groups) continue;
    const time = groups.time === undefined ? readYearLast(groups.bsd ?? '', groups.year ?? '', toInstant) : readIsoTime(groups.time, toInstant);
    if (time === undefined) return undefined;
    const text = groups.text ?? '';
    return finish({ time, ...levelNamed(groups.level ?? ''), body: text, attributes: {}, malformed: '' }, read(text, line));
  }
  return undefined;
}

function readYearLast(bsd: string, year: string, toInstant: ToInstant): UnixMs | undefined {
  const at = Date.parse(`${bsd} ${year} UTC`);
  return Number.isNaN(at) ? undefined : toInstant(at);
}

const timeNames = ['time', 'timestamp', 't', 'ts', '@timestamp', 'asctime'];

function readFields(line: string, fields: Fields, readTime: (text: string) => UnixMs | undefined): ParsedLine {
  const time = readTime(timeNames.map((name) => fields.get(name)).find((value) => value !== undefined) ?? '');
  const level = levelNamed(fields.get('level') ?? fields.get('levelname') ?? fields.get('lvl') ?? '');
  return finish({ time, ...level, body: messageOf(fields) || line, attributes: {}, malformed: '' }, readApplication(fields));
}

function levelNamed(name: string): Pick<ParsedLine, 'severityNumber' | 'severityText'> {
  const word = name.toUpperCase();
  if (/^(?:FATAL|CRIT|ALERT|EMERG)/.test(word)) return { severityNumber: 21, severityText: 'FATAL' };
  if (/^ERR/.test(word)) return { severityNumber: 17, severityText: 'ERROR' };
  if (/^WARN/.test(word)) return { severityNumber: 13, severityText: 'WARN' };
  if (/^DEBUG/.test(word)) return { severityNumber: 5, severityText: 'DEBUG' };
  return { severityNumber: 9, severityText: 'INFO' };
}

/** A failed attempt is a warning, whatever its writer thought of it. */
function finish(parsed: ParsedLine, told: LoginTold | undefined): ParsedLine {
  if (!told) return parsed;
  putLogin(parsed.attributes, told);
  if (!told.attempt) return parsed;
  return { ...parsed, ...(told.attempt.outcome === 'failed' ? { severityNumber: 13, severityText: 'WARN' } : { severityNumber: 9, severityText: 'INFO' }) };
}

function putLogin(attributes: Record<string, AttributeValue>, { attempt, user, address, reason }: LoginTold): void {
  if (attempt) {
    attributes['login.outcome'] = attempt.outcome;
    attributes['login.method'] = attempt.method;
    if (attempt.reason !== '') attributes['login.reason'] = attempt.reason;
    attributes['login.count'] = attempt.count;
  } else if (reason !== undefined) attributes['login.reason'] = reason;
  if (user !== undefined) attributes['user.name'] = user;
  if (address !== undefined) attributes['client.address'] = address;
}
