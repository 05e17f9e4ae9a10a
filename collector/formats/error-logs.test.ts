import { expect, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const parse = (kind: string, line: string) => {
  const built = buildFormat({ kind });
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready.parse(line, unixMs(0));
};
const nginx = '2026/05/17 10:05:03 [error] 31#31: *46';
const basic = { 'error.side': 'user', 'login.outcome': 'failed', 'login.method': 'basic', 'login.count': 1 };

test.each([
  {
    name: 'who asked for what',
    line: `${nginx} open() "/var/www/q" failed (2: No such file or directory), client: 192.0.2.7, server: demo.example, request: "GET /q?a=1 HTTP/1.1", host: "else"`,
    attributes: {
      'process.pid': 31,
      'client.address': '192.0.2.7',
      'server.address': 'demo.example',
      'http.request.method': 'GET',
      'url.path': '/q',
      'http.route': '/q',
      'url.query': 'a=1',
      'network.protocol.version': '1.1',
    },
  },
  {
    name: 'a refused login',
    line: `${nginx} user "zhang": password mismatch, client: 192.0.2.7, server: demo.example, request: "GET / HTTP/1.1"`,
    attributes: {
      'process.pid': 31,
      'client.address': '192.0.2.7',
      'server.address': 'demo.example',
      'http.request.method': 'GET',
      'url.path': '/',
      'http.route': '/',
      'network.protocol.version': '1.1',
      ...basic,
      'login.reason': 'password',
      'user.name': 'zhang',
    },
  },
  {
    name: 'no client where a path imitates one',
    line: `${nginx} open() "/x, client: 203.0.113.9, server: a" failed, client: 192.0.2.7, server: demo.example, request: "GET /x HTTP/1.1"`,
    attributes: { 'process.pid': 31 },
  },
])('nginx-error reads $name', ({ line, attributes }) => {
  expect(parse('nginx-error', line)).toMatchObject({ time: Date.parse('2026-05-17T10:05:03Z'), malformed: '' });
  expect(parse('nginx-error', line).attributes).toEqual(attributes);
});

test('apache-error finds the client behind an error of the system, and counts a refused login', () => {
  const head = '[Sun May 17 10:05:03.5 2026] [ssl:info] [pid 1:tid 1]';
  expect(parse('apache-error', `${head} (70014)End of file found: [client 192.0.2.7:1] AH02006: stopped`).attributes).toEqual({ 'client.address': '192.0.2.7' });
  expect(parse('apache-error', '[Sun May 17 10:05:03.5 2026] [auth_basic:error] [pid 1] [client 192.0.2.7:1] AH01618: user zhang not found: /q').attributes).toMatchObject({
    ...basic,
    'login.reason': 'unknown_user',
    'user.name': 'zhang',
    'url.path': '/q',
    'client.address': '192.0.2.7',
  });
});

test('traefik names the peer of a stream that is not HTTP', () => {
  const parsed = parse('traefik', 'time="2026-05-17T10:05:03Z" level=debug msg="Handling TCP connection from 192.0.2.7:35501 to 10.0.0.3:21116"');
  expect(parsed).toMatchObject({ severityText: 'DEBUG', malformed: '', attributes: { 'client.address': '192.0.2.7' } });
});
