import type { AttributeValue } from '#collector/log.ts';
import { defineKind } from '#lib/kinds.ts';
import { type Format, formatShape, malformedLine, type ParsedLine, zoneField } from './format.ts';
import { type LoginAttempt, readLogin } from './login.ts';
import { severityOf, syslogAttributes, yearField } from './syslog.ts';
import { parseSyslog, type SyslogMessage } from './syslog-message.ts';
import { zoneReader } from './zone.ts';

/** The login log of a host or an application: syslog lines, among which sshd's words for attempts become logins. */
export const auth = defineKind({
  kind: 'auth',
  label: { 'zh-CN': '登录日志（auth.log / secure）', en: 'Login log (auth.log / secure)' },
  fields: [zoneField, yearField],
  shape: formatShape,
  make: ({ zone, year }): Format => {
    const toInstant = zoneReader(zone);
    return { kind: 'auth', parse: (line, near) => readAuth(parseSyslog(line, { year, near, toInstant })) };
  },
});

function readAuth(syslog: SyslogMessage): ParsedLine {
  const { message, header, prioritized, time } = syslog;
  const login = readLogin(message);
  // The journal's plain text has no header: an attempt in it still counts, at the time it was received.
  if (header === 'none' && !prioritized && !login) return malformedLine(message, 'no syslog header');
  const attributes = syslogAttributes(syslog);
  if (login) putLogin(attributes, login);
  const level = login ? levelOf(login) : severityOf(syslog);
  return { time, ...level, body: message, attributes, malformed: '' };
}

const levelOf = ({ outcome }: LoginAttempt) => (outcome === 'failed' ? { severityNumber: 13, severityText: 'WARN' } : { severityNumber: 9, severityText: 'INFO' });

function putLogin(attributes: Record<string, AttributeValue>, login: LoginAttempt): void {
  attributes['login.outcome'] = login.outcome;
  attributes['login.method'] = login.method;
  if (login.reason !== '') attributes['login.reason'] = login.reason;
  attributes['login.count'] = login.count;
  attributes['user.name'] = login.user;
  if (login.address !== undefined) attributes['client.address'] = login.address;
}
