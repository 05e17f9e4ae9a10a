import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { Sample } from '#collector/sample.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { systemClock } from '#lib/clock.ts';
import { buildKind } from '#lib/kinds.ts';
import { unixMs } from '#lib/time.ts';
import { sourceKinds } from './index.ts';
import { nothingShown, readScrape } from './scrape-target.ts';
import type { RunningSource, Source } from './source.ts';

const build = (more: object) => buildKind<Source, void>(sourceKinds, { id: 'api', kind: 'scrape', service: 'invoice', targets: ['127.0.0.1:1'], ...more }, undefined);
const terms = { labels: { job: 'api', instance: 'a:1' }, honorLabels: false, honorTimestamps: true, mostSamples: 100, mask: (value: string) => value };
const at = unixMs(1_795_000_000_000);
const page = (text: string, when = at) => ({ text, openMetrics: false, at: when });

describe('one page', () => {
  it('gets the labels of its target; what they share becomes exported', () => {
    const { rows } = readScrape(page('up_time{job="b",exported_job="c",__proto__="d"} 1\n'), terms, nothingShown);
    expect(rows[0]?.labels).toEqual(Object.fromEntries([...Object.entries({ job: 'api', instance: 'a:1', exported_exported_job: 'b', exported_job: 'c' }), ['__proto__', 'd']]));
    expect(readScrape(page('x{job="b"} 1\n'), { ...terms, honorLabels: true }, nothingShown).rows[0]?.labels).toEqual({ job: 'b', instance: 'a:1' });
  });

  it('a series that is gone has ended, however it was written; one with times of its own says so itself', () => {
    const first = readScrape(page(`a{x="1",y="2"} 1\nb 2\nc 3 ${at - 1}\n`), terms, nothingShown);
    const second = readScrape(page('a{y="2",x="1"} 4\n', unixMs(at + 1)), terms, first.shown);
    expect(second.rows.map(({ metric, value, stale = false, at: when }) => [metric, value, stale, when])).toEqual([
      ['a', 4, false, at + 1],
      ['b', Number.NaN, true, at + 1],
    ]);
    expect(readScrape(page('a{x="1",y="2"} 5\n'), terms, second.shown).rows.length).toBe(1);
  });

  it('the same series twice counts once, a time nobody could have meant is left out: both are counted', () => {
    const { rows, dropped, scraped } = readScrape(page(`a 1\na 2\nb 1 1\nc 1 ${at + 3_600_000}\nd 1 ${at}\nd 2 ${at - 1}\n`), terms, nothingShown);
    expect(rows.map(({ metric, value }) => `${metric} ${value}`)).toEqual(['a 1', 'd 1', 'd 2']);
    expect([dropped, scraped]).toEqual([3, 6]);
    expect(readScrape(page('b 1 1\n'), { ...terms, honorTimestamps: false }, nothingShown).rows[0]?.at).toBe(at);
  });
});

describe('configuration', () => {
  test.each([
    { more: { targets: ['host'] }, message: '"host" is no target' },
    { more: { targets: ['ftp://a/b'] }, message: 'is no target' },
    { more: { targets: [] }, message: 'Too small' },
    { more: { interval: '500ms' }, message: 'shorter than a second' },
    { more: { interval: '5s', timeout: '6s' }, message: 'longer than the interval' },
    { more: { bearer_token: 'x', basic_auth: { username: 'a', password: 'b' } }, message: 'beside basic_auth' },
    { more: { scrape_interval: '5s' }, message: 'scrape_interval' },
  ])('$message', ({ more, message }) => {
    const built = build(more);
    expect(built.ok ? '' : JSON.stringify(built.issues)).toContain(message.replaceAll('"', '\\"'));
  });
});

describe('a target', () => {
  let dir: string;
  let spool: Spool;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let running: RunningSource | undefined;
  const server = createServer((request, response) => answer(request, response));
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fenghuo-scrape-'));
    spool = await openSpool({ dir, maxBytes: 100_000_000, clock: systemClock });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  });
  afterEach(async () => {
    await running?.stop();
    await new Promise((closed) => server.close(closed));
    await spool.close();
    await rm(dir, { recursive: true });
  });
  const host = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  function start(more: object = {}): RunningSource {
    const built = build({ targets: [host()], interval: '1h', ...more });
    if (!built.ok) throw new Error(JSON.stringify(built.issues));
    running = built.ready.start({ spool, clock: systemClock, onError: (error) => expect.fail(String(error)) });
    return running;
  }
  /** Looks now, and gives the rows of that look. */
  async function look(source: RunningSource): Promise<readonly Sample[]> {
    source.nudge();
    const taken = await vi.waitFor(async () => (await spool.take(true)) ?? Promise.reject(new Error('nothing yet')), { timeout: 5_000, interval: 10 });
    await spool.acknowledge(taken);
    return taken.batch.kind === 'samples' ? taken.batch.rows : [];
  }
  const values = (rows: readonly Sample[]) => Object.fromEntries(rows.map(({ metric, value, stale }) => [metric, stale ? 'stale' : value]));

  it('is up with what it shows, and when it is away its series have ended', async () => {
    answer = (request, response) => {
      expect(request.headers).toMatchObject({ accept: expect.stringContaining('application/openmetrics-text;version=1.0.0'), authorization: 'Bearer s3cret' });
      response.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0', 'content-encoding': 'gzip' });
      response.end(gzipSync('a_total 1\n# EOF\n'));
    };
    const source = start({ bearer_token: 's3cret', labels: { env: 'test' } });
    const rows = await look(source);
    expect(values(rows)).toEqual({ a_total: 1, up: 1, scrape_samples_scraped: 1, scrape_duration_seconds: expect.any(Number) });
    expect(rows.every(({ labels }) => labels.job === 'api' && labels.instance === host() && labels.service === 'invoice' && labels.env === 'test')).toBe(true);
    expect(source.health()).toMatchObject({ open: 1, lines: 1, events: 1, dropped: 0, malformed: 0, lagMs: 0, lastError: null });
    answer = (_, response) => response.writeHead(503).end('no');
    expect(values(await look(source))).toMatchObject({ a_total: 'stale', up: 0, scrape_samples_scraped: 0 });
    expect(values(await look(source))).toEqual({ up: 0, scrape_samples_scraped: 0, scrape_duration_seconds: expect.any(Number) });
    expect(source.health()).toMatchObject({ open: 0, lastError: `${host()}: HTTP 503` });
  });

  test.each<{ name: string; more?: object; reply: (response: ServerResponse) => void; reason: RegExp }>([
    { name: 'one bad line', reply: (response) => response.end('a 1\nb x\n'), reason: /line 2: "x" is no value: "b x"/ },
    { name: 'too many bytes', more: { body_size_limit: 1_000 }, reply: (response) => response.end('#'.repeat(1_001)), reason: /more than 1000 bytes/ },
    {
      name: 'too many bytes unpacked',
      more: { body_size_limit: 1_000 },
      reply: (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('#'.repeat(100_000))),
      reason: /more than 1000 bytes/,
    },
    { name: 'too many samples', more: { sample_limit: 1 }, reply: (response) => response.end('a 1\nb 2\n'), reason: /more than 1 samples/ },
    { name: 'gzip that is none', reply: (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('a 1\n'), reason: /cannot be unpacked/ },
    { name: 'not UTF-8', reply: (response) => response.end(Buffer.from([97, 255])), reason: /not UTF-8/ },
    { name: 'a redirect', reply: (response) => response.writeHead(302, { location: '/' }).end(), reason: /HTTP 302/ },
    { name: 'half an answer', reply: (response) => response.writeHead(200, { 'content-length': 100 }).write('a 1\n', () => response.destroy()), reason: /body|socket|closed|TCP|byte/ },
    { name: 'no answer in time', more: { interval: '1s', timeout: '50ms' }, reply: () => {}, reason: /no whole answer within 50ms/ },
  ])('$name: the scrape fails as a whole and says why', async ({ more, reply, reason }) => {
    answer = (_, response) => reply(response);
    const source = start(more);
    expect(values(await look(source))).toMatchObject({ up: 0, scrape_samples_scraped: 0 });
    expect(source.health().lastError).toMatch(reason);
  });

  it('an address that hands out credentials is not asked', async () => {
    const source = start({ targets: ['169.254.169.254:80'] });
    expect(values(await look(source))).toMatchObject({ up: 0 });
    expect(source.health().lastError).toContain('169.254.169.254 is a metadata or link-local address');
  });
});
