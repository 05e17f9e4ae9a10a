import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const parse = (line: string, { now = '2026-05-17T12:00:00Z', ...options }: { now?: string; zone?: string; year?: number } = {}) => {
  const built = buildFormat({ kind: 'auth', ...options });
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready.parse(line, unixMs(Date.parse(now)));
};
const time = (line: string, options: Parameters<typeof parse>[1]) => {
  const at = parse(`${line} host sshd[1]: x`, options).time;
  return at === undefined ? undefined : new Date(at).toISOString();
};
const login = (message: string, program = 'sshd[1]') => {
  const { 'host.name': _host, 'syslog.appname': _app, 'process.pid': _pid, ...rest } = parse(`May 17 10:00:00 host ${program}: ${message}`).attributes;
  return rest;
};

describe('the time of a syslog line', () => {
  test.each([
    { name: '28. Dec 31 arriving on Jan 1 is last year', line: 'Dec 31 23:59:59', options: { now: '2027-01-01T00:00:05Z' }, at: '2026-12-31T23:59:59.000Z' },
    { name: '28. Jan 1 arriving on Dec 31 is next year', line: 'Jan  1 00:00:03', options: { now: '2026-12-31T23:59:58Z' }, at: '2027-01-01T00:00:03.000Z' },
    { name: '28. a month far ahead was last year', line: 'Nov  3 09:00:00', options: { now: '2026-05-17T00:00:00Z' }, at: '2025-11-03T09:00:00.000Z' },
    { name: '28. a year set by hand holds', line: 'Mar 27 13:06:56', options: { year: 2017 }, at: '2017-03-27T13:06:56.000Z' },
    { name: '29. the zone of the source', line: 'May 17 10:00:00', options: { zone: 'Asia/Shanghai' }, at: '2026-05-17T02:00:00.000Z' },
    { name: '31. Feb 29 is in the last leap year', line: 'Feb 29 12:00:00', options: { now: '2026-05-17T00:00:00Z' }, at: '2024-02-29T12:00:00.000Z' },
    { name: '32. one digit after two blanks', line: 'Nov  3 09:23:38', options: { now: '2026-11-04T00:00:00Z' }, at: '2026-11-03T09:23:38.000Z' },
    { name: '32. one digit after one blank', line: 'Nov 3 09:23:38', options: { now: '2026-11-04T00:00:00Z' }, at: '2026-11-03T09:23:38.000Z' },
    { name: '32. two digits with a zero', line: 'Nov 03 09:23:38', options: { now: '2026-11-04T00:00:00Z' }, at: '2026-11-03T09:23:38.000Z' },
    { name: '33. with milliseconds', line: 'May 17 10:00:00.250', options: {}, at: '2026-05-17T10:00:00.250Z' },
    { name: '33. with microseconds and a zone, as newer daemons write', line: '2026-05-17T10:00:00.123456+08:00', options: {}, at: '2026-05-17T02:00:00.123Z' },
    { name: 'with a year', line: 'Mar  7 2008 19:06:53', options: {}, at: '2008-03-07T19:06:53.000Z' },
    { name: 'behind a priority', line: '<86>May 17 10:00:00', options: {}, at: '2026-05-17T10:00:00.000Z' },
    { name: 'of a day that does not exist', line: 'Feb 30 10:00:00', options: {}, at: undefined },
    { name: 'in another language', line: 'août 19 11:08:37', options: {}, at: undefined },
  ])('$name', ({ line, options, at }) => {
    expect(time(line, options)).toBe(at);
  });
});

describe('login attempts', () => {
  test.each([
    { name: 'a wrong password', message: 'Failed password for root from 192.0.2.9 port 56338 ssh2', method: 'password', reason: 'password', user: 'root', address: '192.0.2.9', count: 1 },
    {
      name: 'an unknown user',
      message: 'Failed password for invalid user admin from 192.0.2.9 port 1 ssh2',
      method: 'password',
      reason: 'unknown_user',
      user: 'admin',
      address: '192.0.2.9',
      count: 1,
    },
    { name: 'an empty unknown user', message: 'Failed password for invalid user  from 192.0.2.9 port 1 ssh2', method: 'password', reason: 'unknown_user', user: '', address: '192.0.2.9', count: 1 },
    { name: 'an empty user', message: 'Failed none for  from 192.0.2.9 port 1 ssh2', method: 'none', reason: 'none', user: '', address: '192.0.2.9', count: 1 },
    {
      name: '46. a repeated message',
      message: 'message repeated 5 times: [ Failed password for root from 192.0.2.9 port 56338 ssh2]',
      method: 'password',
      reason: 'password',
      user: 'root',
      address: '192.0.2.9',
      count: 5,
    },
    { name: '49. IPv6', message: 'Failed password for root from 2001:db8::1 port 22 ssh2', method: 'password', reason: 'password', user: 'root', address: '2001:db8::1', count: 1 },
    {
      name: '49. an IPv4 address written as IPv6',
      message: 'Failed password for root from ::ffff:192.0.2.9 port 22 ssh2',
      method: 'password',
      reason: 'password',
      user: 'root',
      address: '192.0.2.9',
      count: 1,
    },
    { name: '49. a host name', message: 'Failed password for root from host.example port 22 ssh2', method: 'password', reason: 'password', user: 'root', address: 'host.example', count: 1 },
    {
      name: '50. a refused key',
      message: 'Failed publickey for ubuntu from 192.0.2.9 port 5 ssh2: RSA SHA256:aC2UQe4piBfaFwr2ne0PItnl9AcHqZOYrWjDmqpOzvE',
      method: 'publickey',
      reason: 'publickey',
      user: 'ubuntu',
      address: '192.0.2.9',
      count: 1,
    },
    {
      name: '50. a password asked for by PAM',
      message: 'Failed keyboard-interactive/pam for bob from 192.0.2.9 port 5 ssh2',
      method: 'keyboard-interactive/pam',
      reason: 'password',
      user: 'bob',
      address: '192.0.2.9',
      count: 1,
    },
    {
      name: '48. a user name with blanks',
      message: 'Failed password for invalid user a b c from 192.0.2.9 port 5 ssh2',
      method: 'password',
      reason: 'unknown_user',
      user: 'a b c',
      address: '192.0.2.9',
      count: 1,
    },
    {
      name: '48. a user name that looks like an origin',
      message: 'Failed password for invalid user x from 203.0.113.1 port 22 ssh2 from 192.0.2.9 port 5 ssh2',
      method: 'password',
      reason: 'unknown_user',
      user: 'x from 203.0.113.1 port 22 ssh2',
      address: '192.0.2.9',
      count: 1,
    },
    {
      name: '48. a user name with a fake client',
      message: 'Failed password for invalid user "client: 1.2.3.4" from 192.0.2.9 port 5 ssh2',
      method: 'password',
      reason: 'unknown_user',
      user: '"client: 1.2.3.4"',
      address: '192.0.2.9',
      count: 1,
    },
    {
      name: '48. a user name that looks like an origin with a key',
      message: 'Failed publickey for invalid user x from 203.0.113.1 port 1 ssh2: RSA SHA256:abc from 192.0.2.9 port 5 ssh2: RSA SHA256:def',
      method: 'publickey',
      reason: 'unknown_user',
      user: 'x from 203.0.113.1 port 1 ssh2: RSA SHA256:abc',
      address: '192.0.2.9',
      count: 1,
    },
    {
      name: '48. a certificate whose id looks like an origin',
      message: 'Failed publickey for x from 192.0.2.9 port 5 ssh2: RSA-CERT SHA256:abc ID y from 203.0.113.1 port 1 ssh2: RSA SHA256:z',
      method: 'publickey',
      reason: 'publickey',
      user: 'x from 192.0.2.9 port 5 ssh2: RSA-CERT SHA256:abc ID y',
      address: undefined,
      count: 1,
    },
  ])('$name', ({ message, method, reason, user, address, count }) => {
    expect(login(message)).toEqual({
      'error.side': 'user',
      'login.outcome': 'failed',
      'login.method': method,
      'login.reason': reason,
      'login.count': count,
      'user.name': user,
      ...(address !== undefined && { 'client.address': address }),
    });
  });

  it('51. a success after failures is seen', () => {
    expect(login('Accepted publickey for ubuntu from 192.0.2.9 port 50 ssh2: RSA SHA256:x')).toEqual({
      'login.outcome': 'accepted',
      'login.method': 'publickey',
      'login.count': 1,
      'user.name': 'ubuntu',
      'client.address': '192.0.2.9',
    });
  });

  test.each([
    'Invalid user pascal from 192.0.2.9 port 53502',
    'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9 user=root',
    'PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9  user=root',
    'error: maximum authentication attempts exceeded for root from 192.0.2.9 port 1 ssh2 [preauth]',
    'Connection closed by invalid user root 192.0.2.9 port 45362 [preauth]',
    'message repeated 2 times: [ Invalid user x from 192.0.2.9 port 5]',
  ])('47. "%s" tells of an attempt already counted', (message) => {
    expect(login(message)).not.toHaveProperty('login.outcome');
  });

  test.each([
    { method: 'password', reason: 'password' },
    { method: 'captcha', reason: 'captcha' },
    { method: 'captcha-expired', reason: 'captcha_expired' },
    { method: 'locked', reason: 'locked' },
    { method: 'upstream', reason: 'upstream' },
    { method: 'Weird!Thing', reason: 'other' },
  ])("an application's own method $method means $reason", ({ method, reason }) => {
    expect(login(`Failed ${method} for 13800000000 from 192.0.2.9 port 443`, 'invoice-login')).toMatchObject({
      'login.method': method,
      'login.reason': reason,
      'user.name': '13800000000',
      'client.address': '192.0.2.9',
    });
  });

  it('a broken captcha stays the reason when the user is unknown as well', () => {
    expect(login('Failed captcha for invalid user x from 192.0.2.9 port 443', 'invoice-login')).toMatchObject({ 'login.reason': 'captcha' });
  });

  it("54. under the daemon's new name, and in the journal's text without a header", () => {
    expect(login('Failed password for root from 192.0.2.9 port 1 ssh2', 'sshd-session[9]')).toMatchObject({ 'login.outcome': 'failed' });
    expect(parse('Failed password for root from 192.0.2.9 port 1 ssh2')).toMatchObject({ malformed: '', time: undefined, attributes: { 'login.outcome': 'failed' } });
  });
});

it('a line without program is still an event, one without header is malformed', () => {
  expect(parse('Nov  3 09:23:38 veridian lookup for opt failed')).toMatchObject({ malformed: '', body: 'lookup for opt failed', attributes: { 'host.name': 'veridian' } });
  expect(parse('lookup for opt failed')).toMatchObject({ malformed: 'no syslog header' });
});

it('19. a line made to be slow to read is not', () => {
  const hostile = `May 17 10:00:00 host sshd[1]: Failed password for ${' from 1.2.3.4 port'.repeat(3_000)}`;
  expect(parse(hostile).malformed).toBe('');
});
