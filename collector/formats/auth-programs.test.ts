import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const now = unixMs(Date.parse('2026-05-17T12:00:00Z'));
const format = buildFormat({ kind: 'auth', zone: 'Asia/Shanghai' });
const parse = (line: string) => {
  if (!format.ok) throw new Error('no such format');
  return format.ready.parse(line, now);
};
/** What a line tells: outcome, reason × count, user, address. */
const told = (line: string) => {
  const { attributes: a } = parse(line);
  return [a['login.outcome'], a['login.reason'], a['login.count'], a['user.name'], a['client.address']];
};
const by = (program: string, message: string) => told(`May 17 10:00:00 host ${program}: ${message}`);
const none = undefined;

describe('programs of a host', () => {
  test.each([
    {
      name: 'sudo',
      program: 'sudo',
      message: 'pam_unix(sudo:auth): authentication failure; logname=li uid=1001 euid=0 tty=/dev/pts/1 ruser=li rhost=  user=li',
      got: ['failed', 'password', 1, 'li', none],
    },
    {
      name: 'sudo, again and again',
      program: 'sudo',
      message: 'pam_unix(sudo:auth): 2 more authentication failures; logname=li uid=1001 euid=0 tty=/dev/pts/1 ruser=li rhost=  user=li',
      got: ['failed', 'password', 2, 'li', none],
    },
    { name: 'su', program: 'su', message: 'pam_unix(su:auth): authentication failure; logname=li uid=1001 euid=0 tty=pts/1 ruser=li rhost=  user=root', got: ['failed', 'password', 1, 'root', none] },
    {
      name: 'login from elsewhere',
      program: 'login',
      message: 'pam_unix(login:auth): authentication failure; logname= uid=0 euid=0 tty=tty1 ruser= rhost=192.0.2.9',
      got: ['failed', 'password', 1, none, '192.0.2.9'],
    },
    { name: 'vsftpd', program: 'vsftpd[8]', message: '[li] FAIL LOGIN: Client "::ffff:192.0.2.9"', got: ['failed', 'password', 1, 'li', '192.0.2.9'] },
    { name: 'vsftpd, let in', program: 'vsftpd[8]', message: '[ftp] OK LOGIN: Client "192.0.2.9", anon password "a@b"', got: ['accepted', none, 1, 'ftp', '192.0.2.9'] },
    {
      name: 'dovecot',
      program: 'dovecot',
      message: 'imap-login: Disconnected (auth failed, 3 attempts in 9 secs): user=<li@example>, method=PLAIN, rip=192.0.2.9, lip=192.0.2.1, TLS, session=<abc>',
      got: ['failed', 'password', 3, 'li@example', '192.0.2.9'],
    },
    {
      name: 'dovecot, let in',
      program: 'dovecot',
      message: 'imap-login: Login: user=<li>, method=PLAIN, rip=2001:db8::9, lip=2001:db8::1, mpid=18, TLS, session=<abc>',
      got: ['accepted', none, 1, 'li', '2001:db8::9'],
    },
    {
      name: 'postfix',
      program: 'postfix/smtpd[1]',
      message: 'warning: unknown[192.0.2.9]: SASL LOGIN authentication failed: authentication failure, sasl_username=li@example',
      got: ['failed', 'password', 1, 'li@example', '192.0.2.9'],
    },
    {
      name: 'postfix without its password server',
      program: 'postfix/smtpd[1]',
      message: 'warning: unknown[192.0.2.9]: SASL PLAIN authentication failed: Connection lost to authentication server',
      got: ['failed', 'upstream', 1, none, '192.0.2.9'],
    },
    {
      name: 'postfix, let in',
      program: 'postfix/submission/smtpd[1]',
      message: '4F2A1: client=mail.example[192.0.2.9], sasl_method=PLAIN, sasl_username=li',
      got: ['accepted', none, 1, 'li', '192.0.2.9'],
    },
  ])('$name', ({ program, message, got }) => {
    expect(by(program, message)).toEqual(got);
  });

  test.each([
    { name: 'sshd, an unknown user', program: 'sshd[1]', message: 'Invalid user li from 192.0.2.9 port 53502', user: 'li', address: '192.0.2.9' },
    { name: 'sshd, PAM', program: 'sshd[1]', message: 'pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.9 user=li', user: 'li', address: '192.0.2.9' },
    { name: 'sshd-session, the end', program: 'sshd-session[1]', message: 'Connection closed by authenticating user li 192.0.2.9 port 45362 [preauth]', user: 'li', address: '192.0.2.9' },
    { name: 'sshd, not allowed', program: 'sshd[1]', message: 'User li from 192.0.2.9 not allowed because not listed in AllowUsers', user: 'li', address: '192.0.2.9' },
    { name: 'dovecot, its worker', program: 'dovecot', message: 'auth-worker(24544): pam(li,192.0.2.9): unknown user', user: 'li', address: '192.0.2.9' },
    { name: 'sudo, its summary', program: 'sudo', message: 'li : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh', user: 'li', address: none },
    { name: 'vsftpd, PAM', program: 'vsftpd', message: 'pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=li rhost=192.0.2.9', user: 'li', address: '192.0.2.9' },
    { name: 'a lock', program: 'sudo', message: 'pam_tally2(sudo:auth): user li (4001) tally 6, deny 5', user: 'li', address: none },
  ])('47. names who and where, but counts nothing twice: $name', ({ program, message, user, address }) => {
    const [outcome, , count, gotUser, gotAddress] = by(program, message);
    expect([outcome, count, gotUser, gotAddress]).toEqual([none, none, user, address]);
  });

  it('46. a message said again and again counts as often, whoever said it', () => {
    expect(by('sudo', 'message repeated 4 times: [ pam_unix(sudo:auth): authentication failure; logname=li uid=1 euid=0 tty=pts/1 ruser=li rhost=  user=li]')).toEqual([
      'failed',
      'password',
      4,
      'li',
      none,
    ]);
    expect(by('sshd[1]', 'message repeated 2 times: [ Invalid user li from 192.0.2.9 port 5]')).toEqual([none, none, none, 'li', '192.0.2.9']);
    expect(by('sshd[1]', 'message repeated 3 times: [ Failed password for invalid user li from 192.0.2.9 port 22 ssh2]')).toEqual(['failed', 'unknown_user', 3, 'li', '192.0.2.9']);
  });
});

describe('web servers', () => {
  const nginx = (text: string) => told(`2026/05/17 10:00:00 [error] 12#12: *7 ${text}, server: invoice.example, request: "GET /admin HTTP/1.1", host: "invoice.example"`);

  it('nginx refuses a password and an unknown user', () => {
    expect(nginx('user "li": password mismatch, client: 192.0.2.9')).toEqual(['failed', 'password', 1, 'li', '192.0.2.9']);
    expect(nginx('user "li" was not found in "/etc/nginx/htpasswd", client: 2001:db8::9')).toEqual(['failed', 'unknown_user', 1, 'li', '2001:db8::9']);
    expect(new Date(parse('2026/05/17 10:00:00 [error] 12#12: *7 x').time ?? 0).toISOString()).toBe('2026-05-17T02:00:00.000Z');
  });

  it('48. a name that holds a client never sets the address', () => {
    expect(nginx('user "client: 203.0.113.1": password mismatch, client: 192.0.2.9')).toEqual(['failed', 'password', 1, 'client: 203.0.113.1', '192.0.2.9']);
    expect(nginx('user "x", client: 203.0.113.1": password mismatch, client: 192.0.2.9')).toEqual(['failed', 'password', 1, 'x", client: 203.0.113.1', '192.0.2.9']);
    expect(nginx('user "x": password mismatch, client: 203.0.113.1, server: y": password mismatch, client: 192.0.2.9')[4]).toBe(none);
  });

  it('48. nor does a request that imitates the words', () => {
    const line = '2026/05/17 10:00:00 [error] 12#12: *7 open() "/srv/user "x": password mismatch, client: 203.0.113.1" failed (2: No such file), client: 192.0.2.9, server: y';
    expect(told(line)).toEqual([none, none, none, none, none]);
  });

  it('Apache refuses a password and an unknown user', () => {
    const apache = (text: string) => told(`[Sun May 17 10:00:00.123456 2026] [auth_basic:error] [pid 9:tid 8] [client 192.0.2.9:4711] ${text}`);
    expect(apache('AH01617: user li: authentication failure for "/admin": Password Mismatch')).toEqual(['failed', 'password', 1, 'li', '192.0.2.9']);
    expect(apache('AH01618: user li not found: /admin')).toEqual(['failed', 'unknown_user', 1, 'li', '192.0.2.9']);
  });

  it('vsftpd keeps a log of its own', () => {
    expect(told('Sun May 17 10:00:00 2026 [pid 3] [li] FAIL LOGIN: Client "192.0.2.9"')).toEqual(['failed', 'password', 1, 'li', '192.0.2.9']);
    expect(told('Sun May 17 10:00:00 2026 [pid 3] [x] FAIL LOGIN: Client "203.0.113.1"] FAIL LOGIN: Client "192.0.2.9"')[4]).toBe(none);
  });
});

describe('48. what a stranger wrote in the place of', () => {
  test.each([
    { name: 'a remote user', line: 'May 17 10:00:00 host ftpd: pam_unix(ftp:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=x rhost=203.0.113.1 user=y rhost=192.0.2.9' },
    { name: 'a password', line: 'May 17 10:00:00 host dovecot: auth: sql(li,192.0.2.9): unknown user (given password: pam(y,203.0.113.1): x)' },
    {
      name: 'a user of the mail server',
      line: 'May 17 10:00:00 host dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<x>, method=PLAIN, rip=203.0.113.1, lip=1.1.1.1>, method=PLAIN, rip=192.0.2.9, lip=192.0.2.1',
    },
    { name: 'a user of the database', line: '2026-05-17 10:00:00.536 UTC [147] x 203.0.113.1 y@invoices 192.0.2.9 FATAL:  password authentication failed for user "x 203.0.113.1 y"' },
  ])('48. $name leaves the address open', ({ line }) => {
    expect(parse(line).attributes).not.toHaveProperty('client.address');
  });

  it('48. a database user does not', () => {
    expect(told("2026-05-17T02:00:00.861934Z 344 [Note] Access denied for user 'x'@'203.0.113.1' (using password: YES)'@'192.0.2.9' (using password: YES)")[4]).toBe('192.0.2.9');
  });
});

describe('applications', () => {
  test.each([
    { words: '验证码错误', reason: 'captcha' },
    { words: '验证码已过期', reason: 'captcha_expired' },
    { words: 'captcha expired', reason: 'captcha_expired' },
    { words: 'captcha mismatch', reason: 'captcha' },
    { words: '密码错误', reason: 'password' },
    { words: 'bad password', reason: 'password' },
    { words: '账号已锁定', reason: 'locked' },
    { words: '用户不存在', reason: 'unknown_user' },
    { words: 'upstream timed out', reason: 'upstream' },
    { words: 'whatever', reason: 'other' },
  ])('say why: "$words" is $reason', ({ words, reason }) => {
    const line = JSON.stringify({ time: '2026-05-17T10:00:00+08:00', level: 'warn', event: 'login.failed', user: '张三', ip: '192.0.2.9', reason: words });
    expect(told(line)).toEqual(['failed', reason, 1, '张三', '192.0.2.9']);
    expect(told(`time="2026-05-17T10:00:00+08:00" level=warn event=login_failed user=li ip=192.0.2.9 reason="${words}"`)).toEqual(['failed', reason, 1, 'li', '192.0.2.9']);
    expect(by('invoice-web[7]', line)).toEqual(['failed', reason, 1, '张三', '192.0.2.9']);
  });

  it('51. a success is seen', () => {
    expect(told('{"ts":1779012000.5,"event":"login","outcome":"success","username":"li","client_ip":"[2001:db8::9]:443"}')).toEqual(['accepted', none, 1, 'li', '2001:db8::9']);
    expect(parse('{"ts":1779012000.5,"event":"login","outcome":"success"}').time).toBe(1_779_012_000_500);
  });

  it('48. a name that holds fields never sets the address', () => {
    expect(told('time="2026-05-17T10:00:00Z" level=warn event=login_failed ip=192.0.2.9 user="x ip=203.0.113.1" reason=password')[4]).toBe('192.0.2.9');
    expect(told('{"time":"2026-05-17T10:00:00Z","event":"login_failed","user":"x\\",\\"ip\\":\\"203.0.113.1","ip":"192.0.2.9"}')[4]).toBe('192.0.2.9');
  });

  it('53. of a chain of hops only the nearest is believed, as no proxy is trusted until one is named', () => {
    expect(told('{"event":"login_failed","ip":"203.0.113.1, 192.0.2.9, 10.0.0.3"}')[4]).toBe('10.0.0.3');
  });

  test.each([
    {
      name: 'Authelia',
      line: `time="2026-05-17T10:00:00+08:00" level=error msg="Unsuccessful 1FA authentication attempt by user 'li'" method=POST remote_ip=192.0.2.9`,
      got: ['failed', 'password', 1, 'li', '192.0.2.9'],
    },
    {
      name: 'Authelia, the second factor',
      line: `{"level":"error","msg":"Unsuccessful TOTP authentication attempt by user 'li'","remote_ip":"192.0.2.9","time":"2026-05-17T10:00:00+08:00"}`,
      got: ['failed', 'second_factor', 1, 'li', '192.0.2.9'],
    },
    {
      name: 'Keycloak',
      line: '2026-05-17 10:00:00,357 WARN  [org.keycloak.events] (executor-thread-1) type=LOGIN_ERROR, realmId=r, userId=null, ipAddress=192.0.2.9, error=user_not_found, username=li',
      got: ['failed', 'unknown_user', 1, 'li', '192.0.2.9'],
    },
    {
      name: 'Nextcloud',
      line: '{"reqId":"a","time":"2026-05-17T02:00:00+00:00","remoteAddr":"192.0.2.9","message":"Login failed: li (Remote IP: 203.0.113.1) (Remote IP: 192.0.2.9)"}',
      got: ['failed', 'password', 1, 'li (Remote IP: 203.0.113.1)', '192.0.2.9'],
    },
    {
      name: 'Vaultwarden',
      line: '[2026-05-17 10:00:00.219][vaultwarden::api::identity][ERROR] Username or password is incorrect. Try again. IP: 192.0.2.9. Username: li@example.',
      got: ['failed', 'password', 1, 'li@example', '192.0.2.9'],
    },
    { name: 'Postgres', line: '2026-05-17 10:00:00.536 UTC [147] 192.0.2.9 li@invoices FATAL:  password authentication failed for user "li"', got: ['failed', 'password', 1, 'li', '192.0.2.9'] },
    { name: 'MySQL', line: "2026-05-17T02:00:00.861934Z 344 [Note] Access denied for user 'li'@'192.0.2.9' (using password: YES)", got: ['failed', 'password', 1, 'li', '192.0.2.9'] },
    {
      name: 'Grafana',
      line: 'logger=context t=2026-05-17T10:00:00.366875297+08:00 level=error msg="Invalid username or password" error="user not found" remote_addr=192.0.2.9',
      got: ['failed', 'unknown_user', 1, none, '192.0.2.9'],
    },
  ])('$name', ({ line, got }) => {
    expect(told(line)).toEqual(got);
    expect(parse(line)).toMatchObject({ malformed: '', severityNumber: 13 });
    expect(new Date(parse(line).time ?? 0).toISOString()).toMatch(/^2026-05-17T(02|10):00:00/);
  });
});

it('19. lines made to be slow to read are not', () => {
  const started = performance.now();
  for (const text of [
    'pam_unix(sudo:auth): authentication failure; logname=',
    'imap-login: Login: user=<',
    'user "',
    '[x] FAIL LOGIN: Client "',
    '2026/05/17 10:00:00 [error] 1#1: user "',
    'time=x msg="',
    '{"event":',
  ])
    for (const filler of [' rhost= user=', '>, rip=1.1.1.1, lip=1.1.1.1', '": password mismatch, client: 1.1.1.1, server: ', '] FAIL LOGIN: Client "', 'a=b ', '\\"', '{"a":']) {
      const line = text + filler.repeat(Math.floor(60_000 / filler.length));
      parse(line);
      by('dovecot', line);
    }
  expect(performance.now() - started).toBeLessThan(10_000);
});
