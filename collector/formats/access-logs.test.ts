import { describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { withHeadings } from './heading.ts';
import { buildFormat } from './index.ts';
import { withLineFeeds } from './line-break.ts';

const near = unixMs(Date.parse('2026-05-17T12:00:00Z'));
const formatOf = (config: Record<string, unknown>) => {
  const built = buildFormat(config);
  if (!built.ok) throw new Error(JSON.stringify(built.issues));
  return built.ready;
};

/** What every server is asked to say of the same request, in its own words. */
const request = {
  'client.address': '192.0.2.7',
  'http.request.method': 'GET',
  'url.path': '/q/12345678',
  'http.route': '/q/{id}',
  'url.query': 'a=1',
  'http.response.status_code': 502,
  'http.server.request.duration': 0.25,
  outcome: 'error',
  'error.type': '502',
};
const agent = { 'user_agent.original': 'Mozilla/5.0 (X11; Linux)' };

const lines: readonly { kind: string; line: string; at?: string; cutAt?: number; more?: Record<string, unknown> }[] = [
  {
    kind: 'haproxy',
    line: '192.0.2.7:14853 [17/May/2026:10:05:03.127] web~ app/one 10/0/2/238/250 502 739 - - SH-- 1/2/3/4/+0 5/6 {demo.example} {} "GET /q/12345678?a=1 HTTP/1.1"',
    at: '10:05:03.127Z',
    more: {
      'haproxy.frontend': 'web',
      'haproxy.backend': 'app',
      'haproxy.server': 'one',
      'haproxy.termination_state': 'SH--',
      'haproxy.response.duration': 0.238,
      'haproxy.queue.server': 5,
      'http.response.size': 739,
      'network.protocol.version': '1.1',
    },
  },
  {
    kind: 'haproxy',
    line: 'May 17 10:05:04 lb haproxy[7]: 192.0.2.7:14853 [17/May/2026:10:05:03.127] web app/<NOSRV> 10/0/2/238/250 502 739 - - SC-- 1/2/3/4/0 5/6 "GET /q/12345678?a=1 HTTP/1.1"',
    at: '10:05:03.127Z',
    cutAt: 90,
    more: { 'host.name': 'lb', 'process.pid': 7 },
  },
  {
    kind: 'traefik',
    line: '192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET /q/12345678?a=1 HTTP/2.0" 502 414 "-" "Mozilla/5.0 (X11; Linux)" 500 "app@docker" "http://10.0.0.3:80" 250ms',
    more: { ...agent, 'traefik.router': 'app@docker', 'http.response.body.size': 414 },
  },
  {
    kind: 'traefik',
    line: '{"ClientHost":"192.0.2.7","DownstreamStatus":502,"DownstreamContentSize":414,"Duration":250000000,"RequestMethod":"GET","RequestPath":"/q/12345678?a=1","RequestProtocol":"HTTP/2.0","RequestHost":"demo.example","RouterName":"app@docker","StartUTC":"2026-05-17T10:05:03.5Z","request_User-Agent":"Mozilla/5.0 (X11; Linux)","level":"info","msg":"","time":"2026-05-17T10:05:04Z"}',
    at: '10:05:03.500Z',
    more: { ...agent, 'server.address': 'demo.example' },
  },
  {
    kind: 'caddy',
    line: '{"level":"error","ts":1779012303.25,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.9","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET","host":"demo.example:8443","uri":"/q/12345678?a=1","headers":{"User-Agent":["Mozilla/5.0 (X11; Linux)"],"Cookie":["REDACTED"]}},"duration":0.25,"size":12,"status":502,"resp_headers":{}}',
    at: '10:05:03.250Z',
    more: { ...agent, 'network.peer.address': '10.0.0.9', 'server.address': 'demo.example', 'server.port': 8443, 'http.response.body.size': 12 },
  },
  {
    kind: 'envoy',
    line: '[2026-05-17T10:05:03.000Z] "GET /q/12345678?a=1 HTTP/2" 502 UF 0 91 250 - "192.0.2.7" "Mozilla/5.0 (X11; Linux)" "id-1" "demo.example" "10.0.2.1:80"',
    more: { ...agent, 'envoy.response_flags': 'UF', 'http.response.body.size': 91 },
  },
  {
    kind: 'envoy',
    line: '[2026-05-17T10:05:03.000Z] "GET /q/12345678?a=1 HTTP/2" 502 UF upstream_reset "reset" 0 91 250 - "192.0.2.7" "Mozilla/5.0 (X11; Linux)" "id-1" "demo.example" "10.0.2.1:80"',
    more: { 'envoy.response_code_details': 'upstream_reset' },
  },
  {
    kind: 'envoy',
    line: '{"start_time":"2026-05-17T10:05:03Z","method":"GET",":authority":"demo.example","x-envoy-origin-path":"/q/12345678?a=1","protocol":"HTTP/2","response_code":502,"duration":250,"bytes_sent":91,"downstream_remote_address":"192.0.2.7:59292","x-forwarded-for":"203.0.113.9","user-agent":"Mozilla/5.0 (X11; Linux)"}',
    more: agent,
  },
  {
    kind: 'aws-alb',
    line: 'https 2026-05-17T10:05:03.500000Z app/one/1 192.0.2.7:44740 10.0.0.1:80 0.001 0.248 0.001 502 502 34 366 "GET https://demo.example:443/q/12345678?a=1 HTTP/1.1" "Mozilla/5.0 (X11; Linux)" - - arn:x "Root=1" "demo.example" "arn:y" 0 2026-05-17T10:05:03.000000Z "forward" "-" "-" "10.0.0.1:80" "502"',
    more: { ...agent, 'server.address': 'demo.example', 'server.port': 443, 'http.response.size': 366 },
  },
  {
    kind: 'iis-event',
    line: '<Event xmlns="x"><System><EventID>6200</EventID></System><EventData><Data Name="date">2026-05-17</Data><Data Name="time">10:05:03</Data><Data Name="c-ip">192.0.2.7</Data><Data Name="cs-method">GET</Data><Data Name="cs-uri-stem">/q/12345678</Data><Data Name="cs-uri-query">a=1</Data><Data Name="sc-status">502</Data><Data Name="time-taken">250</Data><Data Name="csUser-Agent">Mozilla/5.0+(X11;+Linux)</Data></EventData></Event>',
    more: agent,
  },
  {
    kind: 'openstack',
    line: 'nova-api.log 2026-05-17 10:05:03.250 25746 INFO nova.wsgi [req-1 user project - - -] 192.0.2.7 "GET /q/12345678?a=1 HTTP/1.1" status: 502 len: 1893 time: 0.25',
    at: '10:05:03.250Z',
    more: { 'log.file.name': 'nova-api.log', 'openstack.request_id': 'req-1', 'http.response.body.size': 1893 },
  },
];

describe('an access log, whichever server wrote it', () => {
  test.each(lines)('$kind reads $line', ({ kind, line, at = '10:05:03Z', cutAt = 40, more = {} }) => {
    const parsed = formatOf({ kind }).parse(line, near);
    expect(parsed).toMatchObject({ time: Date.parse(`2026-05-17T${at}`), malformed: '', attributes: { ...request, ...more } });
    expect(formatOf({ kind }).parse(line.slice(0, cutAt), near).malformed).not.toBe('');
    expect(formatOf({ kind }).parse('else', near).malformed).not.toBe('');
  });

  it('haproxy tells a TCP session the server broke off from one that ended well, and an error of a connection', () => {
    const read = (line: string) => formatOf({ kind: 'haproxy' }).parse(line, near);
    const well = read('192.0.2.7:1 [17/May/2026:10:05:03.127] db pg/one 1/2/5007 212 -- 1/1/1/1/0 0/0');
    expect(well).toMatchObject({ malformed: '', severityText: 'INFO', attributes: { outcome: 'ok', 'haproxy.session.duration': 5.007, 'haproxy.bytes': 212 } });
    expect(read('192.0.2.7:1 [17/May/2026:10:05:03.127] db pg/one 1/2/+5007 212 sD 1/1/1/1/0 0/0')).toMatchObject({
      severityText: 'ERROR',
      attributes: { outcome: 'error', 'error.type': 'upstream_timeout' },
    });
    expect(read('192.0.2.7:1 [17/May/2026:10:05:03.127] web/1: SSL handshake failure')).toMatchObject({
      severityText: 'WARN',
      attributes: { 'client.address': '192.0.2.7', 'error.type': 'connection' },
    });
    expect(read('May 17 10:05:04 lb haproxy[7]: Proxy web started.')).toMatchObject({ malformed: '', body: 'Proxy web started.' });
  });
});

describe('the W3C format', () => {
  const format = formatOf({ kind: 'w3c' });
  const read = (text: string) => {
    if (!format.heading) throw new Error('w3c has headings');
    return withHeadings(text.split('\n'), { rule: format.heading, before: '' }).events.map((event) => format.parse(withLineFeeds(event), near));
  };

  it('takes its columns from #Fields, which may change in mid-file', () => {
    const rows = read(
      '#Software: IIS\n#Date: 2026-05-17 10:00:00\n#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status time-taken cs(User-Agent)\n2026-05-17 10:05:03 192.0.2.7 GET /q/12345678 a=1 502 250 Mozilla/5.0+(X11;+Linux)\n#Fields: time c-ip sc-status\n10:05:04 192.0.2.8 200',
    );
    expect(rows).toMatchObject([
      { time: Date.parse('2026-05-17T10:05:03Z'), malformed: '', attributes: { ...request, ...agent } },
      { time: Date.parse('2026-05-17T10:05:04Z'), malformed: '', attributes: { 'client.address': '192.0.2.8', 'http.response.status_code': 200, outcome: 'ok' } },
    ]);
    expect(rows[0]?.body).toBe('2026-05-17 10:05:03 192.0.2.7 GET /q/12345678 a=1 502 250 Mozilla/5.0+(X11;+Linux)');
  });

  it('leaves an empty value out and reads texts in quotes', () => {
    const [row] = read('#Fields: date time c-ip cs-username cs(Referer) cs(User-Agent)\n2026-05-17 10:05:03 192.0.2.7 - - "say ""hi"" +1"');
    expect(row?.attributes).toEqual({ 'client.address': '192.0.2.7', 'user_agent.original': 'say "hi"  1' });
  });

  it('needs columns: from the file, or named by the source', () => {
    const row = '2026-05-17 10:05:03 192.0.2.7 200';
    expect(format.parse(row, near).malformed).toContain('#Fields');
    expect(formatOf({ kind: 'w3c', fields: 'date time c-ip sc-status' }).parse(row, near)).toMatchObject({ malformed: '', attributes: { 'client.address': '192.0.2.7' } });
    expect(read(`#Fields: date time c-ip\n${row}`)[0]?.malformed).toBe('4 values for 3 fields');
  });
});
