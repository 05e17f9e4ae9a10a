import { appendFile, chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { encodingOf } from '#collector/encoding.ts';
import type { LogRecord } from '#collector/log.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { virtualClock } from '#lib/clock.ts';
import { startLoop } from '#lib/loop.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { FileTail, type FileTailConfig } from './file-tail.ts';
import type { SourceHealth } from './source.ts';

let dir: string;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-events-'));
  await mkdir(join(dir, 'log'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(dir, { recursive: true });
});

const at = (name: string): string => join(dir, 'log', name);
const put = (name: string, content: string | Buffer): Promise<void> => appendFile(at(name), content);

interface Tailing {
  poll(ms?: number): Promise<void>;
  /** Goes on for a second and a half and answers the new events. */
  read(): Promise<LogRecord[]>;
  bodies(): Promise<string[]>;
  health(): SourceHealth;
  errors: string[];
}

const clockStart = Date.now();

async function start({ encoding = 'utf-8', ...config }: Partial<Omit<FileTailConfig, 'encoding' | 'paths'>> & { encoding?: string; patterns?: string[] } = {}): Promise<Tailing> {
  const clock = virtualClock(unixMs(clockStart));
  const spool: Spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 100_000_000, clock });
  closing.push(() => spool.close());
  const bytes = encodingOf(encoding);
  if (!bytes) throw new Error('no such encoding');
  const { patterns = ['*.log'], ...rest } = config;
  const errors: string[] = [];
  const tail = new FileTail(
    { id: 'app', service: 'invoice', paths: patterns.map(at), format: { kind: 'syslog' }, encoding: bytes, startAt: 'beginning', idleMs: 5_000, ...rest },
    { spool, clock, onError: (error) => errors.push(String(error)) },
  );
  const running = tail.running(startLoop({ name: 'unused', everyMs: durationMs(1e9), clock, run: () => Promise.resolve({ backlog: 0 }), onError: () => {} }));
  closing.push(running.stop);
  const poll = async (ms = 250): Promise<void> => {
    await clock.advance(durationMs(ms));
    await tail.round(clock.now());
  };
  let received = 0;
  const read = async (): Promise<LogRecord[]> => {
    for (let round = 0; round < 6; round++) await poll();
    const got: LogRecord[] = [];
    await expect
      .poll(
        async () => {
          for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
            if (taken.batch.kind === 'lines' || taken.batch.kind === 'logs') got.push(...taken.batch.rows);
            await spool.acknowledge(taken);
          }
          const { events, malformed } = running.health();
          if (received + got.length < events + malformed) await poll();
          return received + got.length - events - malformed;
        },
        { interval: 5, timeout: 60_000 },
      )
      .toBeGreaterThanOrEqual(0);
    received += got.length;
    return got;
  };
  return { poll, read, bodies: async () => (await read()).map(({ body }) => body), health: () => running.health(), errors };
}

const line = (text: string): string => `Nov 24 10:00:00 host app: ${text}\n`;

describe('files', () => {
  const plain = { format: { kind: 'syslog', multiline: 'none' } };
  const some = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `number ${from + n} ${'.'.repeat(40)}`);
  const text = (from: number, to: number): string => some(from, to).map(line).join('');
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  /** Until a compressed file is known not to grow, and its original to be read to the end. */
  const readLong = async (tail: Tailing): Promise<string[]> => {
    const got: string[] = [];
    for (let round = 0; round < 3; round++) {
      got.push(...(await tail.bodies()));
      await tail.poll(3_000);
    }
    return got;
  };

  it('8. archives that are asked for are read once, every member of them, also across restarts', async () => {
    await put('a.log.2.gz', Buffer.concat([gzipSync(text(1, 100)), gzipSync(text(101, 9_000))]));
    const before = await start({ ...plain, patterns: ['a.log*'] });
    expect(await readLong(before)).toEqual(some(1, 9_000));
    await stop();
    await rename(at('a.log.2.gz'), at('a.log.3.gz'));
    const after = await start({ ...plain, patterns: ['a.log*'] });
    expect(await readLong(after)).toEqual([]);
  });

  it.each([
    { name: 'a long file', first: 200, read: 200 },
    { name: 'a short one', first: 3, read: 3 },
  ])('8. a generation compressed while nobody looked is read from where it was left: $name', async ({ first }) => {
    await put('a.log', text(1, first));
    const before = await start({ ...plain, patterns: ['a.log*'] });
    expect(await before.bodies()).toEqual(some(1, first));
    await stop();
    await put('a.log.1.gz', gzipSync(text(1, first + 50)));
    await unlink(at('a.log'));
    await put('a.log', text(1_000, 1_010));
    const after = await start({ ...plain, patterns: ['a.log*'] });
    expect((await readLong(after)).sort()).toEqual([...some(first + 1, first + 50), ...some(1_000, 1_010)].sort());
    expect(await readLong(after)).toEqual([]);
  });

  it('8. one that only begins alike is read whole', async () => {
    const header = line('header '.repeat(200));
    await put('a.log', header + text(1, 50));
    const before = await start({ ...plain, patterns: ['a.log*'] });
    await before.bodies();
    await stop();
    await put('a.log.1.gz', gzipSync(header + text(500, 600)));
    await unlink(at('a.log'));
    const after = await start({ ...plain, patterns: ['a.log*'] });
    expect((await readLong(after)).slice(1)).toEqual(some(500, 600));
  });

  it('8. a broken archive is read as far as it goes, and said once', async () => {
    const whole = gzipSync(text(1, 2_000));
    await put('a.log.1.gz', whole.subarray(0, Math.floor(whole.length / 2)));
    const tail = await start({ ...plain, patterns: ['a.log*'] });
    const got = await readLong(tail);
    expect(got.length).toBeGreaterThan(100);
    expect(got.slice(0, -1)).toEqual(some(1, got.length - 1));
    expect(await readLong(tail)).toEqual([]);
    expect(tail.errors).toEqual([expect.stringMatching(/a\.log\.1\.gz: .*; what could be unpacked was read/)]);
  });

  it('9. a symbolic link moved to a new target: the old one is read to its end, the new one from its beginning', async () => {
    await put('today.1', line('a1'));
    await symlink(at('today.1'), at('current.log'));
    const tail = await start({ patterns: ['current.log'], format: { kind: 'syslog', multiline: 'none' } });
    expect(await tail.bodies()).toEqual(['a1']);
    await put('today.1', line('a2'));
    await put('today.2', line('b1'));
    await unlink(at('current.log'));
    await symlink(at('today.2'), at('current.log'));
    expect(await tail.bodies()).toEqual(['a2', 'b1']);
    await put('today.2', line('b2'));
    expect(await tail.bodies()).toEqual(['b2']);
  });

  it('11. a file that could not be read is picked up once it can, and the error is said once', async () => {
    const asRoot = process.getuid?.() === 0;
    // Root reads everything, but nobody follows a link that leads to itself.
    if (asRoot) await symlink(at('a.log'), at('a.log'));
    else {
      await put('a.log', line('x'));
      await chmod(at('a.log'), 0);
    }
    const tail = await start({ format: { kind: 'syslog', multiline: 'none' }, patterns: ['a.log'] });
    expect(await tail.bodies()).toEqual([]);
    await tail.read();
    expect(tail.errors).toHaveLength(1);
    expect(tail.health().lastError).toMatch(asRoot ? /ELOOP/ : /EACCES/);
    if (asRoot) {
      await unlink(at('a.log'));
      await put('a.log', line('x'));
    } else await chmod(at('a.log'), 0o644);
    expect([...(await tail.bodies()), ...(await tail.bodies())]).toEqual(['x']);
    expect(tail.health().lastError).toBeNull();
  });

  it('12. among 10,000 files the busy ones are read while the others are still being found', async () => {
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => writeFile(at(`${n}.log`), line(`of ${n}`))));
    const tail = await start({ format: { kind: 'syslog', multiline: 'none' } });
    await tail.poll();
    await put('0.log', line('fresh'));
    const got = new Set<string>(await tail.bodies());
    expect(got).toContain('fresh');
    for (let round = 0; round < 60 && got.size < 10_001; round++) for (const body of await tail.bodies()) got.add(body);
    expect(got.size).toBe(10_001);
    await put('9876.log', line('late'));
    const late: string[] = [];
    for (let round = 0; round < 40 && late.length === 0; round++) late.push(...(await tail.bodies()));
    expect(late).toEqual(['late']);
  }, 120_000);
});

describe('text', () => {
  const coloured = line('\u001B[31mred\u001B[0m and \u001B[1;32;40mgreen\u001B[K');

  test.each([
    { keepColours: false, body: 'red and green' },
    { keepColours: true, body: '\u001B[31mred\u001B[0m and \u001B[1;32;40mgreen\u001B[K' },
  ])('20. terminal colours are taken out, or kept where the source says so ($keepColours)', async ({ keepColours, body }) => {
    const tail = await start({ keepColours, format: { kind: 'syslog', multiline: 'none' } });
    await put('a.log', coloured);
    expect(await tail.bodies()).toEqual([body]);
  });

  it('25. undeclared GBK is kept, warned of once and stops nothing', async () => {
    const tail = await start({ format: { kind: 'syslog', multiline: 'none' } });
    await put('a.log', iconv.encode(line('用户登录失败'), 'gbk'));
    await put('a.log', line('next'));
    const bodies = await tail.bodies();
    expect(bodies).toHaveLength(2);
    expect(bodies[0]).toContain('\uFFFD');
    expect(bodies[1]).toBe('next');
    expect(tail.health()).toMatchObject({ undecodable: 1, lastError: expect.stringMatching(/not utf-8; check the source's encoding/) });
    await put('a.log', iconv.encode(line('再来'), 'gbk'));
    await tail.read();
    expect(tail.errors).toHaveLength(1);
  });
});

describe('events of several lines', () => {
  const trace = ['2026-11-24 10:00:00 ERROR query failed', 'java.lang.IllegalStateException: no', '\tat com.example.Query.run(Query.java:42)', 'Caused by: java.io.IOException: reset', '\t... 2 more'];
  /** Read by a format that understands none of it, so that the body is all there was. */
  const traces = { format: { kind: 'combined', multiline: 'traces' } };
  const info = '2026-11-24 10:00:01 INFO fine';

  test.each(['utf-8', 'utf-16le', 'gb18030'])('21. a trace written in pieces (%s) is one event, and the last one of a file is not waited for for ever', async (encoding) => {
    const tail = await start({ ...traces, encoding });
    await put('a.log', iconv.encode(`${trace.slice(0, 2).join('\n')}\n`, encoding));
    await tail.poll();
    await put('a.log', iconv.encode(`${trace.slice(2).join('\n')}\n${info}\n${trace.join('\n')}\n`, encoding));
    await tail.poll();
    expect(await tail.bodies()).toEqual([trace.join('\n'), info, trace.join('\n')]);
    expect(tail.health()).toMatchObject({ lines: 11, malformed: 3 });
  });

  it('21. a trace cut by a kill is read whole afterwards, once', async () => {
    const before = await start(traces);
    await put('a.log', `${info}\n${trace.slice(0, 3).join('\n')}\n`);
    await before.poll();
    await before.poll(500);
    for (const close of closing.splice(0).reverse()) await close();
    await put('a.log', `${trace.slice(3).join('\n')}\n`);
    const after = await start(traces);
    // What the first one kept comes out of the spool as well, before what is read now is in it.
    const bodies: string[] = [];
    await expect
      .poll(async () => {
        bodies.push(...(await after.bodies()));
        return bodies.length;
      })
      .toBeGreaterThan(1);
    bodies.push(...(await after.bodies()));
    expect(bodies.filter((body) => body !== info)).toEqual([trace.join('\n')]);
  });

  it('21. a trace without end is handed on in pieces, so that it takes no more memory than a line may', async () => {
    const tail = await start(traces);
    await put('a.log', `${trace[0]}\n${`\tat ${'x'.repeat(200)}\n`.repeat(5_000)}`);
    const bodies = [...(await tail.bodies()), ...(await tail.bodies())];
    expect(bodies.length).toBeGreaterThan(10);
    expect(Math.max(...bodies.map((body) => body.length))).toBeLessThanOrEqual(65_536);
    expect(bodies.join('\n').split('\n')).toHaveLength(5_001);
  });

  it('22. lines a container runtime cut are put together, each stream for itself, with the time it gave them', async () => {
    const tail = await start({ format: { kind: 'auth', container: 'cri' } });
    const time = '2026-11-24T10:00:00.25+08:00';
    await put('a.log', `${time} stdout P Failed password for li \n${time} stderr F Failed password for wang from 192.0.2.8 port 1 ssh2\n`);
    await tail.poll();
    await put('a.log', `${time} stdout F from 192.0.2.9 port 22 ssh2\n`);
    const rows = await tail.read();
    expect(rows.map(({ attributes }) => [attributes['user.name'], attributes['client.address'], attributes['log.iostream']])).toEqual([
      ['li', '192.0.2.9', 'stdout'],
      ['wang', '192.0.2.8', 'stderr'],
    ]);
    expect(rows[0]?.timestamp).toBe(Date.parse('2026-11-24T02:00:00.250Z'));
  });
});
