import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const near = unixMs(Date.parse('2026-05-17T12:00:00Z'));
const ready = (options: Record<string, unknown> = {}) => {
  const built = buildFormat({ kind: 'combined', ...options });
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready;
};
const parse = (line: string, options?: Record<string, unknown>) => ready(options).parse(line, near);
const start = '192.0.2.7 - - [17/May/2026:10:05:03 +0800] ';

describe('an access log line', () => {
  it('becomes an event with OpenTelemetry names', () => {
    const line = `${start}"GET /invoice/12345678901/view?code=9&x=1 HTTP/1.1" 200 203023 "http://demo.example/" "Mozilla/5.0 (X11)" rt=0.123`;
    expect(parse(line)).toEqual({
      time: Date.parse('2026-05-17T02:05:03Z'),
      severityNumber: 9,
      severityText: 'INFO',
      body: line,
      malformed: '',
      attributes: {
        'client.address': '192.0.2.7',
        'http.request.method': 'GET',
        'url.path': '/invoice/12345678901/view',
        'url.query': 'code=9&x=1',
        'http.route': '/invoice/{id}/view',
        'network.protocol.version': '1.1',
        'http.response.status_code': 200,
        'http.response.body.size': 203023,
        'http.request.header.referer': 'http://demo.example/',
        'user_agent.original': 'Mozilla/5.0 (X11)',
        'http.server.request.duration': 0.123,
        outcome: 'ok',
      },
    });
  });

  test.each([
    { tail: ' 0.123', seconds: 0.123 },
    { tail: ' rt=0.123', seconds: 0.123 },
    { tail: ' rt=2', seconds: 2 },
    { tail: ' "0.123"', seconds: 0.123 },
    { tail: ' rt="0.5"', seconds: 0.5 },
    { tail: ' request_time=0.25', seconds: 0.25 },
    { tail: ' "203.0.113.9, 10.0.0.1" 0.040 0.039', seconds: 0.04 },
    { tail: ' 240 "test@demo" "http://10.0.0.3:80" 0ms', seconds: undefined },
    { tail: ' -', seconds: undefined },
    { tail: '', seconds: undefined },
    { tail: ' ', seconds: undefined },
  ])('with "$tail" behind the agent took $seconds s', ({ tail, seconds }) => {
    const parsed = parse(`${start}"GET / HTTP/1.1" 200 5 "-" "-"${tail}`);
    expect(parsed.malformed).toBe('');
    expect(parsed.attributes['http.server.request.duration']).toBe(seconds);
    expect(parsed.attributes['client.address']).toBe('192.0.2.7');
  });

  it('in the common format is well-formed and marked so', () => {
    const { malformed, attributes } = parse(`${start}"GET / HTTP/1.0" 304 -`);
    expect(malformed).toBe('');
    expect(attributes).toMatchObject({ 'log.format': 'common', 'http.response.status_code': 304 });
    expect(attributes).not.toHaveProperty('http.response.body.size');
  });

  it('keeps escaped quotes inside the agent and reads what follows', () => {
    const { attributes, malformed } = parse(String.raw`${start}"GET / HTTP/1.1" 200 5 "-" "a \"quoted\" agent \\" rt=0.001`);
    expect(malformed).toBe('');
    expect(attributes['user_agent.original']).toBe(String.raw`a \"quoted\" agent \\`);
    expect(attributes['http.server.request.duration']).toBe(0.001);
  });

  test.each([
    { request: '-', why: 'a connection that asked nothing' },
    { request: String.raw`\x16\x03\x01\x02\x00`, why: 'a TLS hello on a plain port' },
    { request: 'get / HTTP/1.1', why: 'a method in small letters' },
    { request: '', why: 'nothing at all' },
  ])('whose request is $why has a status but no method', ({ request }) => {
    const { malformed, attributes } = parse(`${start}"${request}" 400 0 "-" "-"`);
    expect(malformed).toBe('');
    expect(attributes['http.response.status_code']).toBe(400);
    expect(attributes).not.toHaveProperty('http.request.method');
  });

  test.each([
    { request: 'GET /a b/c HTTP/1.1', path: '/a b/c', query: undefined },
    { request: 'GET http://demo.example:81/x?y HTTP/1.1', path: '/x', query: 'y' },
    { request: 'GET http://demo.example HTTP/1.1', path: '', query: undefined },
    { request: 'OPTIONS * HTTP/1.0', path: '*', query: undefined },
    { request: 'GET /old', path: '/old', query: undefined },
    { request: 'GET /?q=/a?b HTTP/2.0', path: '/', query: 'q=/a?b' },
  ])('for "$request" asks for $path', ({ request, path, query }) => {
    const { attributes } = parse(`${start}"${request}" 200 0 "-" "-"`);
    expect(attributes['url.path']).toBe(path);
    expect(attributes['url.query']).toBe(query);
  });

  test.each([
    { line: '192.0.2.7 [17/May/2026:10:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"', reason: 'not "host ident user [time]"' },
    { line: 'hello', reason: 'no time in brackets' },
    { line: '192.0.2.7 - - [17/Foo/2026:10:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"', reason: 'the time is not readable' },
    { line: '192.0.2.7 - - [31/Feb/2026:10:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"', reason: 'the time is not readable' },
    { line: '192.0.2.7 - - [17/May/2026:25:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"', reason: 'the time is not readable' },
    { line: `${start}"GET / HT`, reason: 'the request is cut off' },
    { line: `${start}"GET / HTTP/1.1"`, reason: 'no status' },
    { line: `${start}"GET / HTTP/1.1" 2x0 5`, reason: 'no status' },
    { line: `${start}"GET / HTTP/1.1" 200`, reason: 'the line ends after the status' },
    { line: `${start}"GET / HTTP/1.1" 200 five "-" "-"`, reason: 'bytes is neither a number nor "-"' },
    { line: `${start}"GET / HTTP/1.1" 200 5 "-`, reason: 'the line is cut off inside the referer' },
    { line: `${start}"GET / HTTP/1.1" 200 5 "-" "Mozilla`, reason: 'the line is cut off inside the user agent' },
    { line: `${start}"GET / HTTP/1.1" 200 5 "-"`, reason: 'no user agent after the referer' },
    { line: `${start}"GET / HTTP/1.1" 200 5 "-" "-"garbage`, reason: 'something is glued to a closing quote' },
    { line: '', reason: 'no time in brackets' },
  ])('is malformed when $reason', ({ line, reason }) => {
    expect(parse(line).malformed).toBe(reason);
  });

  it('that is cut off keeps the status and size that could still be read', () => {
    expect(parse(`${start}"GET /x HTTP/1.1" 503 235 "-" "Mozilla/5.0 (compatible`).attributes).toMatchObject({
      'http.response.status_code': 503,
      'http.response.body.size': 235,
      outcome: 'error',
      'error.type': '503',
    });
  });

  it('names the virtual host when the log puts it first', () => {
    expect(parse('demo.example 192.0.2.7 - alice [17/May/2026:10:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"').attributes).toMatchObject({
      'server.address': 'demo.example',
      'client.address': '192.0.2.7',
      'user.name': 'alice',
    });
  });

  it('may hold a user name with blanks', () => {
    expect(parse('192.0.2.7 - Alice B [17/May/2026:10:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"').attributes).toMatchObject({ 'client.address': '192.0.2.7', 'user.name': 'Alice B' });
  });

  it('49. is from an IPv6 client as it is written', () => {
    expect(parse('2001:db8::7 - - [17/May/2026:10:05:03 +0800] "GET / HTTP/1.1" 200 5 "-" "-"').attributes['client.address']).toBe('2001:db8::7');
  });

  it('53. never takes a forwarded address as the client', () => {
    expect(parse(`${start}"GET / HTTP/1.1" 200 5 "-" "-" "1.2.3.4"`).attributes['client.address']).toBe('192.0.2.7');
  });

  it('52. with 401 is an event, not a failed login', () => {
    expect(parse(`${start}"GET / HTTP/1.1" 401 5 "-" "-"`).attributes).not.toHaveProperty('login.outcome');
  });

  it('is an error when the status says so, or an application code that is not listed as success', () => {
    const line = `${start}"POST /query HTTP/1.1" 200 5 "-" "-" rt=0.2 code=E09`;
    expect(parse(line).attributes).toMatchObject({ outcome: 'ok', 'app.code': 'E09' });
    expect(parse(line, { success_codes: ['001'] }).attributes).toMatchObject({ outcome: 'error', 'error.type': 'business' });
    expect(parse(line.replace('E09', '001'), { success_codes: ['001'] }).attributes).toMatchObject({ outcome: 'ok' });
    expect(parse(line.replace(' 200 ', ' 502 '), { success_codes: ['001'] }).attributes).toMatchObject({ outcome: 'error', 'error.type': '502' });
  });

  it('19. of random bytes never throws', () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const good = `${start}"GET /invoice/1?a=b HTTP/1.1" 200 5 "-" "Mozilla" rt=0.1 code=1`;
    for (let round = 0; round < 20_000; round++) {
      const at = Math.floor(random() * good.length);
      const broken = good.slice(0, at) + String.fromCharCode(Math.floor(random() * 300)) + good.slice(at + Math.floor(random() * 9));
      expect(() => parse(broken.slice(0, Math.floor(random() * 200)))).not.toThrow();
    }
  });
});
