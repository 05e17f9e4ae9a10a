import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { afterAll, describe, expect, it, test } from 'vitest';
import { unixMs } from '#lib/time.ts';
import { logsParse } from './parse.ts';
import type { LogSummary } from './summary.ts';

const data = new URL('../../shared/data/logs/', import.meta.url).pathname;
const hasData = existsSync(`${data}truths.json`);
if (!hasData) console.error(`skipped: the real logs are not at ${data}`);
const truths = hasData ? JSON.parse(readFileSync(`${data}truths.json`, 'utf8')) : {};

const dir = mkdtempSync(join(tmpdir(), 'fenghuo-parse-'));
afterAll(() => rmSync(dir, { recursive: true }));
const put = (name: string, content: string | Buffer): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await logsParse(argv, { out: (text) => void out.push(text), err: (text) => void err.push(text), now: () => unixMs(Date.parse('2026-05-17T12:00:00Z')) });
  const events = () =>
    out
      .join('')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { code, out: out.join(''), err: err.join(''), events };
}
const summary = async (...argv: string[]): Promise<LogSummary> => JSON.parse((await run(...argv, '--summary', '--json')).out);

const good = '192.0.2.7 - - [17/May/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "-"';

describe.skipIf(!hasData)('the real logs', () => {
  it('of the Apache site give exactly what was counted without us', async () => {
    const truth = truths['elastic-apache-access/apache_logs'];
    const got = await summary('--format', 'combined', `${data}elastic-apache-access/apache_logs`);
    expect(got).toMatchObject({
      lines: 10_000,
      blank: 0,
      events: 9_999,
      malformed: 1,
      malformedLines: [8_899],
      status: truth.status,
      methods: truth.methods,
      clients: truth.distinct_client_ips,
      first: '2015-05-17T10:05:00.000Z',
      last: '2015-05-20T21:05:59.000Z',
    });
  });

  it('of the attacked host give exactly what was counted without us', async () => {
    const truth = truths['elastic-auth/auth.log'];
    const got = await summary('--format', 'auth', '--year', '2017', `${data}elastic-auth/auth.log`);
    expect(got).toMatchObject({ lines: 7_121, events: 7_121, malformed: 0, first: '2017-03-27T13:06:56.000Z', last: '2017-04-20T14:14:29.000Z' });
    expect(got.login).toMatchObject({ failedLines: 717, failedEvents: 1_042, accepted: 226, sources: 105, users: truth.distinct_users_failed_auth });
    expect(got.login.topSources.slice(0, 4)).toEqual(truth.top5_ips_failed_auth.slice(0, 4));
  });

  it('of the attacked host fail as often each day as was counted without us', async () => {
    const { events } = await run('--format', 'auth', '--year', '2017', `${data}elastic-auth/auth.log`);
    const perDay: Record<string, number> = {};
    for (const { time, attributes } of events()) {
      if (attributes['login.outcome'] !== 'failed') continue;
      const [, day = '', month] = new Date(time).toUTCString().split(' ');
      const key = `${month} ${String(Number(day)).padStart(2)}`;
      perDay[key] = (perDay[key] ?? 0) + attributes['login.count'];
    }
    expect(perDay).toEqual(truths['elastic-auth/auth.log'].failed_auth_events_per_day);
  });

  test.each([
    { file: 'crowdsec/http-dos-bypass-cache/http_dos_bypass_cache.log' },
    { file: 'crowdsec/http-dos-random-uri/http_dos_random_uri.log' },
    { file: 'crowdsec/apache-http-probing/apache-http-probing.log' },
    { file: 'lnav/logfile_access_log.0' },
    { file: 'lnav/logfile_bad_access_log.0' },
  ])('$file', async ({ file }) => {
    const truth = truths[file];
    const got = await summary('--format', 'combined', data + file);
    expect(got).toMatchObject({ lines: truth.total, events: truth.parsed, malformed: truth.malformed, status: truth.status, clients: truth.distinct_client_ips });
    expect(Date.parse(got.first ?? '')).toBe(Date.parse(truth.first));
    expect(Date.parse(got.last ?? '')).toBe(Date.parse(truth.last));
  });

  it('of every other kind are read to the end without an accident', async () => {
    for (const file of Object.keys(truths._basic)) {
      for (const format of ['combined', 'auth']) {
        const { code, out } = await run('--format', format, '--summary', '--json', data + file);
        expect({ file, code, lines: JSON.parse(out).lines > 0 }).toEqual({ file, code: 0, lines: true });
      }
    }
  });

  it('27. in UTF-16LE are read by their mark', async () => {
    const { events, err } = await run('--format', 'auth', `${data}vector-file-encodings/utf-16le.log`);
    expect(events()).toEqual([]);
    expect(err).toMatch(/malformed lines left out/);
    expect(err).not.toMatch(/encoding/);
  });
});

describe('fenghuo logs parse', () => {
  it('prints one event a line', async () => {
    const file = put('access.log', `${good}\n\n${good.replace('200', '503')} rt=0.25\nnonsense\n`);
    const { code, events, err } = await run('--format', 'combined', '--service', 'invoice', file);
    expect(code).toBe(0);
    expect(events()).toMatchObject([
      { line: 1, time: '2026-05-17T10:05:03.000Z', severity: 'info', service: 'invoice', body: good, attributes: { 'http.response.status_code': 200 } },
      { line: 3, severity: 'error', attributes: { 'http.server.request.duration': 0.25 } },
    ]);
    expect(err).toBe('1 malformed lines left out: 4\n');
  });

  it('sums up with every field there', async () => {
    const file = put('sum.log', `${good} rt=0.1\n${good} rt=0.2\n\n${good} rt=0.4\nnonsense`);
    expect(await summary('--format', 'combined', file)).toEqual({
      lines: 5,
      blank: 1,
      events: 3,
      malformed: 1,
      malformedLines: [5],
      first: '2026-05-17T10:05:03.000Z',
      last: '2026-05-17T10:05:03.000Z',
      severity: { info: 3 },
      status: { 200: 3 },
      methods: { GET: 3 },
      clients: 1,
      login: { failedLines: 0, failedEvents: 0, accepted: 0, sources: 0, users: 0, byReason: {}, topSources: [] },
      durationSeconds: { n: 3, p50: 0.2, p95: 0.4, max: 0.4 },
    });
  });

  it('sums up in words without --json', async () => {
    expect((await run('--format', 'combined', '--summary', put('words.log', `${good}\n`))).out).toMatch(/^lines {5}1 \(0 blank, 0 malformed\)\nevents {4}1\n/);
  });

  it('8. unpacks a compressed file, every member of it', async () => {
    const file = put('packed.log', Buffer.concat([gzipSync(`${good}\n`), gzipSync(`${good}\n${good}\n`)]));
    expect(await summary('--format', 'combined', file)).toMatchObject({ lines: 3, events: 3 });
    expect((await run('--format', 'combined', put('torn.log', gzipSync(good.repeat(100)).subarray(0, 60)))).code).toBe(3);
  });

  it('names the file when there is more than one', async () => {
    const { events } = await run('--format', 'combined', put('a.log', `${good}\n`), put('b.log', `${good}\n`));
    expect(events()).toMatchObject([
      { line: 1, file: join(dir, 'a.log') },
      { line: 1, file: join(dir, 'b.log') },
    ]);
  });

  it('23. reads Chinese user names from a GB18030 file', async () => {
    const file = put('gb.log', iconv.encode('May 17 10:00:00 host invoice-login: Failed captcha for 张三𠀀 from 192.0.2.1 port 1\n', 'gb18030'));
    const { events } = await run('--format', 'auth', '--encoding', 'gb2312', file);
    expect(events()[0].attributes).toMatchObject({ 'user.name': '张三𠀀', 'client.address': '192.0.2.1' });
  });

  it('25. warns when bytes are not what was declared, and keeps the lines', async () => {
    const file = put('undeclared.log', iconv.encode('May 17 10:00:00 host app: 用户登录\n', 'gb18030'));
    const { code, events, err } = await run('--format', 'auth', file);
    expect({ code, events: events().length }).toEqual({ code: 0, events: 1 });
    expect(err).toMatch(/1 lines hold bytes that are not utf-8; is --encoding right\?/);
  });

  it('29. takes the zone and the year it is given', async () => {
    const file = put('zone.log', 'Jan  1 00:30:00 host app: x\n');
    expect((await run('--format', 'auth', '--zone', 'Asia/Shanghai', '--year', '2020', file)).events()[0].time).toBe('2019-12-31T16:30:00.000Z');
    expect((await run('--format', 'auth', '--now', '2026-12-31T23:59:00Z', file)).events()[0].time).toBe('2027-01-01T00:30:00.000Z');
  });

  it('19. goes through 5 MB of random bytes', async () => {
    let state = 42;
    const noise = Buffer.alloc(5_000_000);
    for (let index = 0; index < noise.length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      noise[index] = state >>> 24;
    }
    const file = put('noise.log', noise);
    for (const format of ['combined', 'auth']) {
      for (const encoding of ['utf-8', 'gb18030', 'utf-16le']) {
        const { code, out } = await run('--format', format, '--encoding', encoding, '--summary', '--json', file);
        expect(code).toBe(0);
        const got = JSON.parse(out) as LogSummary;
        expect(got.malformed + got.blank + got.events).toBe(got.lines);
        expect(got.malformedLines.length).toBeLessThanOrEqual(20);
      }
    }
  });

  test.each([
    { name: 'no file', argv: ['--format', 'combined'], says: /no FILE given/ },
    { name: 'no format', argv: ['x'], says: /--format/ },
    { name: 'an unknown format', argv: ['--format', 'iis', 'x'], says: /--format "iis" is none of combined, .*auth/ },
    { name: 'an unknown zone', argv: ['--format', 'auth', '--zone', 'Mars/Olympus', 'x'], says: /--zone: not a known time zone/ },
    { name: 'an unknown encoding', argv: ['--format', 'auth', '--encoding', 'klingon', 'x'], says: /--encoding: "klingon"/ },
    { name: 'a bad year', argv: ['--format', 'auth', '--year', 'soon', 'x'], says: /--year/ },
    { name: 'a bad time', argv: ['--format', 'auth', '--now', 'soon', 'x'], says: /--now: "soon"/ },
    { name: 'an unknown option', argv: ['--format', 'auth', '--frob', 'x'], says: /frob/ },
  ])('answers 2 to $name and says how to write it', async ({ argv, says }) => {
    const { code, out, err } = await run(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
    expect(err).toMatch(/usage: fenghuo logs parse/);
  });

  it('answers 3 when a file cannot be read, and still reads the others', async () => {
    const { code, events, err } = await run('--format', 'combined', join(dir, 'absent.log'), put('there.log', `${good}\n`));
    expect({ code, events: events().length }).toEqual({ code: 3, events: 1 });
    expect(err).toMatch(/absent\.log: does not exist/);
    expect((await run('--format', 'combined', dir)).code).toBe(3);
  });
});
