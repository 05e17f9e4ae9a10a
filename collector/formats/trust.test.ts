import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';
import { clientReader } from './proxies.ts';

const near = unixMs(Date.parse('2026-05-17T12:00:00Z'));
const parse = (line: string, config: Record<string, unknown>) => {
  const built = buildFormat(config);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready.parse(line, near);
};

describe('who asked, of a chain of hops', () => {
  test.each([
    { trusted: undefined, chain: '203.0.113.1, 192.0.2.9, 10.0.0.3', client: '10.0.0.3' },
    { trusted: ['10.0.0.0/8'], chain: '203.0.113.1, 192.0.2.9, 10.0.0.3', client: '192.0.2.9' },
    { trusted: ['10.0.0.0/8', '192.0.2.9'], chain: '203.0.113.1, 192.0.2.9, 10.0.0.3', client: '203.0.113.1' },
    { trusted: ['10.0.0.0/8'], chain: '10.0.0.1, 10.0.0.3', client: '10.0.0.1' },
    { trusted: ['10.0.0.0/8'], chain: 'unknown, 10.0.0.3', client: '10.0.0.3' },
    { trusted: ['fd00::/8'], chain: '2001:db8::7, [fd00::1]:54321', client: '2001:db8::7' },
    { trusted: ['10.0.0.0/8'], chain: '::ffff:192.0.2.9, ::ffff:10.0.0.3', client: '192.0.2.9' },
    { trusted: ['10.0.0.0/8'], chain: 'nobody', client: undefined },
  ])('$chain behind $trusted is $client', ({ trusted, chain, client }) => expect(clientReader(trusted)(chain)).toBe(client));

  it('is read by access logs and logins alike', () => {
    const trusted = { trusted_proxies: ['10.0.0.0/8'] };
    const line = '10.0.0.3 - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "curl" "203.0.113.1, 192.0.2.9"';
    const log_format = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
    const behind = { 'client.address': '192.0.2.9', 'network.peer.address': '10.0.0.3' };
    expect(parse(line, { kind: 'combined', ...trusted }).attributes).toMatchObject(behind);
    expect(parse(line, { kind: 'nginx', log_format, ...trusted }).attributes).toMatchObject(behind);
    expect(parse(line, { kind: 'combined' }).attributes['client.address']).toBe('10.0.0.3');
    expect(parse('{"event":"login_failed","ip":"203.0.113.1, 192.0.2.9, 10.0.0.3"}', { kind: 'auth', ...trusted }).attributes['client.address']).toBe('192.0.2.9');
  });

  it('a user agent that looks like a chain is none', () => {
    const line = '10.0.0.3 - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "203.0.113.1"';
    expect(parse(line, { kind: 'combined', trusted_proxies: ['10.0.0.0/8'] }).attributes['client.address']).toBe('10.0.0.3');
  });

  it('a network that is none is refused', () => expect(buildFormat({ kind: 'combined', trusted_proxies: ['10.0.0.0/33'] })).toMatchObject({ ok: false }));
});

describe('fields a line names itself', () => {
  const line = '{"time":"2026-05-17T10:05:03Z","msg":"captcha wrong","login.outcome":"failed","client.address":"203.0.113.9","who":"zhang","ip":"192.0.2.7","result":"denied"}';

  it('are claims until the operator says which one counts', () => {
    const { attributes } = parse(line, { kind: 'json' });
    expect(attributes).toMatchObject({ 'claimed.login.outcome': 'failed', 'claimed.client.address': '203.0.113.9', ip: '192.0.2.7' });
    expect(attributes['login.outcome']).toBeUndefined();
    expect(parse('time=2026-05-17T10:05:03Z login.outcome=failed', { kind: 'logfmt' }).attributes).toEqual({ 'claimed.login.outcome': 'failed' });
  });

  it('become a login by the attributes the source names', () => {
    const parsed = parse(line, { kind: 'json', attributes: { 'login.outcome': 'result', 'client.address': 'ip', 'user.name': 'who' } });
    expect(parsed).toMatchObject({
      severityText: 'WARN',
      attributes: {
        'login.outcome': 'failed',
        'login.count': 1,
        'login.method': 'password',
        'login.reason': 'captcha',
        'client.address': '192.0.2.7',
        'user.name': 'zhang',
        'claimed.client.address': '203.0.113.9',
      },
    });
  });

  it('become a request, with the unit of its time', () => {
    const attributes = { 'url.path': 'target', 'http.response.status_code': 'status', 'http.server.request.duration': { field: 'ms', unit: 'ms' } };
    const parsed = parse('2026-05-17T10:05:03Z /q/12345678?a=1 503 250', { kind: 'regex', pattern: '(?P<time>\\S+) (?P<target>\\S+) (?P<status>\\d+) (?P<ms>\\d+)', attributes });
    expect(parsed).toMatchObject({
      severityText: 'ERROR',
      attributes: { 'url.path': '/q/12345678', 'http.route': '/q/{id}', 'url.query': 'a=1', 'http.response.status_code': 503, 'http.server.request.duration': 0.25, outcome: 'error' },
    });
    expect(parsed.attributes.ms).toBeUndefined();
  });
});

describe('a time layout', () => {
  const read = (text: string, time_layout: string, more: Record<string, unknown> = {}) => parse(text, { kind: 'regex', pattern: '^(?P<time>.*)$', time_layout, ...more }).time;
  test.each([
    { layout: 'YYYYMMDD-H:m:s:S', text: '20260517-1:2:35:78', at: '2026-05-17T01:02:35.078Z' },
    { layout: 'MM.DD HH:mm:ss', text: '10.30 16:49:06', at: '2025-10-30T16:49:06Z' },
    { layout: 'MMDD HH:mm:ss.SSS', text: '0517 10:05:03.250999', at: '2026-05-17T10:05:03.250Z' },
    { layout: "D MMM YYYY 'at' hh:mm A Z", text: '7 May 2026 at 12:05 PM +0800', at: '2026-05-07T04:05:00Z' },
  ])('$layout reads $text', ({ layout, text, at }) => expect(read(text, layout)).toBe(Date.parse(at)));

  it('refuses what is no date, and is refused without a day', () => {
    expect(read('20260231-1:2:3:4', 'YYYYMMDD-H:m:s:S')).toBeUndefined();
    expect(read('17.05.26 10:05', 'DD.MM.YY HH:mm', { zone: 'Asia/Shanghai' })).toBe(Date.parse('2026-05-17T02:05:00Z'));
    expect(buildFormat({ kind: 'regex', pattern: '(?P<time>.*)', time_layout: 'HH:mm' })).toMatchObject({ ok: false });
  });
});
