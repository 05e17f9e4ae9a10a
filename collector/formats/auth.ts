import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import type { UnixMs } from '#lib/time.ts';
import { type Format, formatShape, malformedLine, type ParsedLine, zoneField } from './format.ts';
import { type LoginAttempt, readLogin } from './login.ts';
import { readSyslogHeader, type SyslogHeader } from './syslog-header.ts';
import { zoneReader } from './zone.ts';

/** The login log of a host or an application: syslog lines, among which sshd's words for attempts become logins. */
export const auth = defineKind({
  kind: 'auth',
  label: { 'zh-CN': '登录日志（auth.log / secure）', en: 'Login log (auth.log / secure)' },
  fields: [
    zoneField,
    { id: 'year', label: { 'zh-CN': '年份', en: 'Year' }, input: 'number', required: false, help: { 'zh-CN': '旧文件的行里没有年份时指定', en: 'For old files whose lines have no year' } },
  ],
  shape: formatShape,
  make: ({ zone, year }): Format => {
    const toInstant = zoneReader(zone);
    return { kind: 'auth', parse: (line, near) => readAuth(line, near, (at) => readSyslogHeader(line, { year, near: at, toInstant })) };
  },
});

function readAuth(line: string, near: UnixMs, header: (near: UnixMs) => SyslogHeader | undefined): ParsedLine {
  const head = header(near);
  const message = head?.message ?? line;
  const login = readLogin(message);
  // The journal's plain text has no header: an attempt in it still counts, at the time it was received.
  if (!head && !login) return malformedLine(line, 'no syslog header');
  const attributes: Record<string, AttributeValue> = {};
  if (head) {
    attributes['host.name'] = head.host;
    if (head.program !== '') attributes['syslog.appname'] = head.program;
    if (head.pid !== undefined) attributes['process.pid'] = head.pid;
  }
  if (login) putLogin(attributes, login);
  const level = login ? (login.outcome === 'failed' ? 13 : 9) : levelOf(message);
  return { time: head?.time, severityNumber: level, severityText: level === 21 ? 'FATAL' : level === 17 ? 'ERROR' : level === 13 ? 'WARN' : 'INFO', body: message, attributes, malformed: '' };
}

function putLogin(attributes: Record<string, AttributeValue>, login: LoginAttempt): void {
  attributes['login.outcome'] = login.outcome;
  attributes['login.method'] = login.method;
  if (login.reason !== '') attributes['login.reason'] = login.reason;
  attributes['login.count'] = login.count;
  attributes['user.name'] = login.user;
  if (login.address !== undefined) attributes['client.address'] = login.address;
}

const levelOf = (message: string): number => (message.startsWith('error: ') ? 17 : message.startsWith('fatal: ') ? 21 : 9);
