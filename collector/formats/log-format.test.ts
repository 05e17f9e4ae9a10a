import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { buildFormat } from './index.ts';

const near = unixMs(Date.parse('2026-05-17T12:00:00Z'));
const parse = (line: string, format: Record<string, unknown>) => {
  const built = buildFormat(format);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready.parse(line, near);
};
const nginxLayout = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time s up=$upstream_addr';
const apacheLayout = '%v %h %l %u %t \\"%r\\" %>s %b \\"%{User-Agent}i\\" %D';
const want = {
  'client.address': '192.0.2.7',
  'http.request.method': 'GET',
  'url.path': '/q',
  'url.query': 'a=1',
  'http.response.status_code': 502,
  'http.response.body.size': 12,
  'http.server.request.duration': 0.25,
  outcome: 'error',
};

describe('an access log by the layout of the server', () => {
  test.each([
    {
      kind: 'nginx',
      log_format: nginxLayout,
      line: '192.0.2.7 - - [17/May/2026:10:05:03 +0800] "GET /q?a=1 HTTP/1.1" 502 12 "-" "say \\" hi" 0.250 s up=192.0.2.9:80',
      more: { 'user_agent.original': 'say \\" hi', 'nginx.upstream_addr': '192.0.2.9:80' },
    },
    {
      kind: 'apache',
      log_format: apacheLayout,
      line: 'demo.example 192.0.2.7 - - [17/May/2026:10:05:03 +0800] "GET /q?a=1 HTTP/1.1" 502 12 "curl/8" 250000',
      more: { 'user_agent.original': 'curl/8', 'server.address': 'demo.example' },
    },
  ])('$kind reads its own', ({ kind, log_format, line, more }) => {
    const parsed = parse(line, { kind, log_format });
    expect(parsed).toMatchObject({ time: Date.parse('2026-05-17T02:05:03Z'), severityText: 'ERROR', malformed: '', attributes: { ...want, ...more } });
    expect(parse(line.slice(0, 60), { kind, log_format }).malformed).not.toBe('');
  });

  it('is refused where two fields touch or none is named', () => {
    expect(buildFormat({ kind: 'nginx', log_format: '$status$body_bytes_sent' })).toMatchObject({ ok: false });
    expect(buildFormat({ kind: 'apache', log_format: 'text' })).toMatchObject({ ok: false });
  });
});
