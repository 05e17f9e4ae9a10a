import { appendFile, copyFile, mkdir, mkdtemp, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { encodingOf } from '#collector/encoding.ts';
import { openSpool, type Spool } from '#collector/spool.ts';
import { type VirtualClock, virtualClock } from '#lib/clock.ts';
import { startLoop } from '#lib/loop.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { FileTail, type FileTailConfig } from './file-tail.ts';
import type { SourceHealth } from './source.ts';

let dir: string;
const spools: Spool[] = [];
const stops: (() => Promise<void>)[] = [];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-tail-'));
  await mkdir(join(dir, 'log'));
});
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
  await Promise.all(spools.splice(0).map((spool) => spool.close()));
  await rm(dir, { recursive: true });
});

const at = (name: string): string => join(dir, 'log', name);
const put = (name: string, content: string | Buffer): Promise<void> => appendFile(at(name), content);
/** Lines long enough that a kilobyte of them is soon there. */
const lines = (from: number, to: number, word = 'line'): string[] => Array.from({ length: to - from + 1 }, (_, index) => `${word} ${from + index} ${'.'.repeat(30)}`);
const text = (from: number, to: number, word?: string): string => `${lines(from, to, word).join('\n')}\n`;

interface Tailing {
  clock: VirtualClock;
  /** Polls until a second has passed, so that what was read is in the spool, and answers the new lines. */
  read(): Promise<string[]>;
  poll(ms?: number): Promise<void>;
  health(): SourceHealth;
  errors: string[];
}

const clockStart = Date.now();

/** A collector over the same folder; starting a second one without ending the first is a kill -9. */
async function start(config: Partial<FileTailConfig> & { patterns?: string[]; encodingName?: string } = {}, clock = virtualClock(unixMs(clockStart))): Promise<Tailing> {
  const spool = await openSpool({ dir: join(dir, 'spool'), maxBytes: 100_000_000, clock });
  spools.push(spool);
  const errors: string[] = [];
  const encoding = encodingOf(config.encodingName ?? 'utf-8');
  if (!encoding) throw new Error('no such encoding');
  const tail = new FileTail(
    { id: 'access', service: 'invoice', paths: (config.patterns ?? ['*.log']).map(at), format: { kind: 'combined' }, encoding, startAt: 'beginning', idleMs: 5_000, ...config },
    { spool, clock, onError: (error) => errors.push(String(error)) },
  );
  const poll = async (ms = 250): Promise<void> => {
    await clock.advance(durationMs(ms));
    await tail.round(clock.now());
  };
  let received = 0;
  /** Everything read so far, once the spool has it. */
  const drain = async (): Promise<string[]> => {
    const got: string[] = [];
    await expect
      .poll(
        async () => {
          for (let taken = await spool.take(false); taken; taken = await spool.take(false)) {
            if (taken.batch.kind === 'lines') got.push(...taken.batch.lines);
            if (taken.batch.kind === 'logs') got.push(...taken.batch.rows.map(({ body }) => body));
            await spool.acknowledge(taken);
          }
          const { events, malformed } = running.health();
          if (received + got.length < events + malformed) await poll();
          return received + got.length - events - malformed;
        },
        { interval: 5, timeout: 10_000 },
      )
      .toBeGreaterThanOrEqual(0);
    received += got.length;
    return got;
  };
  const idle = startLoop({ name: 'unused', everyMs: durationMs(1e9), clock, run: () => Promise.resolve({ backlog: 0 }), onError: () => {} });
  const running = tail.running(idle);
  stops.push(running.stop);
  return {
    clock,
    poll,
    async read() {
      for (let round = 0; round < 6; round++) await poll();
      return drain();
    },
    health: () => running.health(),
    errors,
  };
}

describe('rotation and identity', () => {
  test.each([{ patterns: ['a.log'] }, { patterns: ['a.log*'] }])('1, 7. renamed and created anew while running: every line once, old before new ($patterns)', async ({ patterns }) => {
    const tail = await start({ patterns });
    await put('a.log', text(1, 50));
    expect(await tail.read()).toEqual(lines(1, 50));
    await put('a.log', text(51, 60));
    await rename(at('a.log'), at('a.log.1'));
    await put('a.log.1', text(61, 62));
    await put('a.log', text(63, 70));
    expect(await tail.read()).toEqual(lines(51, 70));
    await put('a.log', text(71, 72));
    expect(await tail.read()).toEqual(lines(71, 72));
  });

  test.each([{ patterns: ['a.log'] }, { patterns: ['a.log*'] }])('2. renamed and created anew while stopped: the old one is finished before the new one starts ($patterns)', async ({ patterns }) => {
    const before = await start({ patterns });
    await put('a.log', text(1, 50));
    expect(await before.read()).toEqual(lines(1, 50));
    await put('a.log', text(51, 60));
    await rename(at('a.log'), at('a.log.1'));
    await put('a.log', text(61, 70));
    const after = await start({ patterns });
    expect(await after.read()).toEqual(lines(51, 70));
    expect(await after.read()).toEqual([]);
  });

  it('1. a chain of rotations keeps every line once', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    const got: string[] = [];
    for (let generation = 0; generation < 5; generation++) {
      await put('a.log', text(generation * 20 + 1, generation * 20 + 20));
      if (generation % 2 === 0) got.push(...(await tail.read()));
      for (let old = generation; old > 0; old--) await rename(at(`a.log.${old}`), at(`a.log.${old + 1}`));
      await rename(at('a.log'), at('a.log.1'));
    }
    got.push(...(await tail.read()), ...(await tail.read()));
    expect(got).toEqual(lines(1, 100));
  });

  it('3. copied and truncated while running: lines after the truncation are read, the copy not again, and it is counted', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 50));
    expect(await tail.read()).toEqual(lines(1, 50));
    await put('a.log', text(51, 60));
    await copyFile(at('a.log'), at('a.log.1'));
    await truncate(at('a.log'));
    await put('a.log', text(61, 63));
    expect((await tail.read()).sort()).toEqual(lines(51, 63).sort());
    await put('a.log', text(64, 65));
    expect(await tail.read()).toEqual(lines(64, 65));
    expect(tail.health().truncated).toBe(1);
  });

  it('3, 7. a copy seen before its original is truncated is not read twice', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 50));
    expect(await tail.read()).toEqual(lines(1, 50));
    await put('a.log', text(51, 55));
    await copyFile(at('a.log'), at('a.log.1'));
    expect(await tail.read()).toEqual(lines(51, 55));
    await truncate(at('a.log'));
    await put('a.log', text(56, 57));
    expect(await tail.read()).toEqual(lines(56, 57));
    expect(await tail.read()).toEqual([]);
  });

  it('3, 7. a copy still growing when seen is not read twice, whatever is read of its original meanwhile', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 60));
    expect(await tail.read()).toEqual(lines(1, 60));
    await put('a.log.1', text(1, 70));
    await put('a.log', text(61, 100));
    expect(await tail.read()).toEqual(lines(61, 100));
    await put('a.log.1', text(71, 100));
    await tail.poll();
    await truncate(at('a.log'));
    await put('a.log', text(101, 110));
    expect(await tail.read()).toEqual(lines(101, 110));
    expect(await tail.read()).toEqual([]);
  });

  it('3, 7. what only the copy holds is read from it, however long the file was before an earlier truncation', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 300));
    expect(await tail.read()).toEqual(lines(1, 300));
    await truncate(at('a.log'));
    await put('a.log', text(301, 350));
    expect(await tail.read()).toEqual(lines(301, 350));
    await put('a.log.1', text(301, 350));
    await tail.poll();
    await put('a.log', text(351, 360));
    await put('a.log.1', text(351, 360));
    await truncate(at('a.log'));
    await put('a.log', text(361, 370));
    expect((await tail.read()).sort()).toEqual(lines(351, 370));
  });

  it('3, 39. a copy still growing when the reader was killed is not read twice', async () => {
    const before = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 60));
    await put('a.log.1', text(1, 40));
    expect(await before.read()).toEqual(lines(1, 60));
    await put('a.log', text(61, 62));
    expect(await before.read()).toEqual(lines(61, 62));
    const after = await start({ patterns: ['a.log*'] });
    await put('a.log.1', text(41, 62));
    expect(await after.read()).toEqual([]);
    await truncate(at('a.log'));
    await put('a.log', text(63, 64));
    expect(await after.read()).toEqual(lines(63, 64));
  });

  it('3, 7. a copy that pauses while it grows, of a file read to its end, is not taken for another file', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 60));
    expect(await tail.read()).toEqual(lines(1, 60));
    await put('a.log.1', text(1, 20));
    expect(await tail.read()).toEqual([]);
    await put('a.log.1', text(21, 60));
    expect(await tail.read()).toEqual([]);
  });

  it('8. an archive that is empty when first seen, and pauses while it grows, is read as what it is', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    const packed = gzipSync(text(1, 500));
    for (const piece of [Buffer.alloc(0), packed.subarray(0, 60), packed.subarray(60)]) {
      await put('a.log.1.gz', piece);
      expect(await tail.read()).toEqual([]);
    }
    for (let round = 0; round < 20; round++) await tail.poll();
    expect(await tail.read()).toEqual(lines(1, 500));
    expect(tail.errors).toEqual([]);
  });

  it('3. without the copy the truncation is at least counted', async () => {
    const tail = await start();
    await put('a.log', text(1, 50));
    await tail.read();
    await truncate(at('a.log'));
    await put('a.log', text(51, 52));
    expect(await tail.read()).toEqual(lines(51, 52));
    expect(tail.health().truncated).toBe(1);
  });

  it('4. truncated and refilled beyond the old place while stopped: read from the beginning', async () => {
    await put('a.log', text(1, 10));
    expect(await (await start()).read()).toEqual(lines(1, 10));
    await truncate(at('a.log'));
    await put('a.log', text(1, 60, 'other'));
    expect(await (await start()).read()).toEqual(lines(1, 60, 'other'));
  });

  it('4. also when both begin with the same header', async () => {
    const header = `# ${'header '.repeat(200)}\n`;
    await put('a.log', header + text(1, 10));
    await (await start()).read();
    await truncate(at('a.log'));
    await put('a.log', header + text(1, 60, 'other'));
    expect((await (await start()).read()).slice(1)).toEqual(lines(1, 60, 'other'));
  });

  it('5. deleted and created anew, perhaps under the same inode: read from the beginning', async () => {
    const tail = await start();
    for (let generation = 0; generation < 5; generation++) {
      await put('a.log', text(1, 10, `generation${generation}`));
      expect(await tail.read()).toEqual(lines(1, 10, `generation${generation}`));
      await unlink(at('a.log'));
    }
  });

  it('6. two files with the same first line are both read in full', async () => {
    const tail = await start();
    await put('a.log', `header\n${text(1, 3)}`);
    expect(await tail.read()).toEqual(['header', ...lines(1, 3)]);
    await put('b.log', 'header\n');
    expect(await tail.read()).toEqual(['header']);
    await put('b.log', text(4, 6));
    expect(await tail.read()).toEqual(lines(4, 6));
  });

  it('8. a generation compressed later is not read again', async () => {
    const tail = await start({ patterns: ['a.log*'] });
    await put('a.log', text(1, 50));
    await tail.read();
    await rename(at('a.log'), at('a.log.1'));
    await tail.read();
    await writeFile(at('a.log.1.gz'), gzipSync(text(1, 50)));
    await unlink(at('a.log.1'));
    expect(await tail.read()).toEqual([]);
  });

  it('10. deleted while open: read to the end, then let go', async () => {
    const tail = await start();
    await put('a.log', text(1, 10));
    await tail.read();
    await put('a.log', `${text(11, 20)}unfinished`);
    await unlink(at('a.log'));
    expect(await tail.read()).toEqual(lines(11, 20));
    await tail.poll(6_000);
    expect(await tail.read()).toEqual(['unfinished']);
    await tail.poll(6_000);
    expect(tail.health()).toMatchObject({ open: 0 });
  });

  it('12. among thousands of files every line is read and a new one is found', async () => {
    await Promise.all(Array.from({ length: 2_000 }, (_, n) => writeFile(at(`${n}.log`), `first of ${n}\n`)));
    const tail = await start();
    const got = new Set<string>();
    for (let round = 0; round < 20 && got.size < 2_000; round++) for (const line of await tail.read()) got.add(line);
    expect(got.size).toBe(2_000);
    await put('77.log', 'second of 77\n');
    expect(await tail.read()).toEqual(['second of 77']);
    const after = await start();
    await put('1999.log', 'second of 1999\n');
    const more: string[] = [];
    for (let round = 0; round < 20 && more.length === 0; round++) more.push(...(await after.read()));
    expect(more).toEqual(['second of 1999']);
  }, 60_000);

  it('starts at the end when told so, but reads what appears later from its beginning', async () => {
    await put('a.log', text(1, 10));
    const tail = await start({ startAt: 'end' });
    expect(await tail.read()).toEqual([]);
    await put('a.log', text(11, 12));
    await put('b.log', text(1, 2));
    expect((await tail.read()).sort()).toEqual([...lines(11, 12), ...lines(1, 2)].sort());
    expect(await (await start({ startAt: 'end' })).read()).toEqual([]);
  });
});

describe('lines', () => {
  it('13. an unfinished last line waits for its end, or for a while', async () => {
    const tail = await start();
    await put('a.log', 'one\ntw');
    expect(await tail.read()).toEqual(['one']);
    await put('a.log', 'o\nthr');
    expect(await tail.read()).toEqual(['two']);
    await tail.poll(5_000);
    expect(await tail.read()).toEqual(['thr']);
    await put('a.log', 'ee\nfour\n');
    expect(await tail.read()).toEqual(['ee', 'four']);
  });

  test.each(['utf-8', 'gb18030', 'utf-16le'])('14. a write split inside a character of %s leaves no replacement character', async (encodingName) => {
    const tail = await start({ encodingName });
    const bytes = iconv.encode('查验 张三𠀀\n第二行\n', encodingName);
    const got: string[] = [];
    for (const byte of bytes) {
      await put('a.log', Buffer.of(byte));
      await tail.poll();
    }
    got.push(...(await tail.read()));
    expect(got).toEqual(['查验 张三𠀀', '第二行']);
    expect(tail.health().undecodable).toBe(0);
  });

  it('15, 16, 17. carriage returns, blank lines and NUL bytes', async () => {
    const tail = await start();
    await put('a.log', 'a\r\n\r\n \r\n\0\0\0\nb\r\n');
    expect(await tail.read()).toEqual(['a', 'b']);
    expect(tail.health()).toMatchObject({ lines: 5, blank: 3 });
    await put('a.log', 'c\n');
    expect(await tail.read()).toEqual(['c']);
  });

  it('18. a line over the limit is cut and counted, the next one intact, also across a restart', async () => {
    const tail = await start();
    await put('a.log', `one\n${'x'.repeat(300_000)}`);
    expect((await tail.read()).map((line) => line.length)).toEqual([3, 65_536]);
    const after = await start();
    await put('a.log', `${'y'.repeat(300_000)}\ntwo\n`);
    expect(await after.read()).toEqual(['two']);
    expect(tail.health().longLines).toBe(1);
  });

  it('19. binary garbage is kept, counted and stops nothing', async () => {
    const tail = await start();
    const noise = Buffer.alloc(1_000_000);
    for (let index = 0, state = 1; index < noise.length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      noise[index] = state >>> 24;
    }
    await put('a.log', Buffer.concat([noise, Buffer.from('\n'), Buffer.from(text(1, 2))]));
    const got = [...(await tail.read()), ...(await tail.read())];
    expect(got.slice(-2)).toEqual(lines(1, 2));
    expect(tail.health().malformed).toBe(got.length);
    expect(tail.health().lastError).toMatch(/check the source's encoding/);
  });

  it('27. a byte order mark is no part of the first line, and outranks the declared encoding', async () => {
    const tail = await start();
    await put('a.log', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('甲\n')]));
    await put('b.log', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('乙\n', 'utf16le')]));
    expect((await tail.read()).sort()).toEqual(['乙', '甲']);
    const after = await start();
    await put('b.log', Buffer.from('丙\n', 'utf16le'));
    expect(await after.read()).toEqual(['丙']);
  });

  it('masks personal data before anything is kept', async () => {
    const tail = await start();
    await put('a.log', 'login of 13800138000\n');
    expect(await tail.read()).toEqual(['login of 138****8000']);
    expect(tail.health().masked).toBe(1);
  });
});

describe('delivery', () => {
  it('43. what was read but not yet kept is read again after a kill, and nothing that was kept', async () => {
    const before = await start();
    await put('a.log', text(1, 10));
    await before.read();
    await put('a.log', text(11, 20));
    await before.poll();
    const after = await start();
    expect(await after.read()).toEqual(lines(11, 20));
    expect(await (await start()).read()).toEqual([]);
  });

  it('hands on the first lines after a quiet second at once, and the rest each second', async () => {
    const tail = await start({ patterns: ['a.log'] });
    await tail.poll(2_000);
    await put('a.log', text(1, 3));
    await tail.poll();
    expect(tail.health()).toMatchObject({ lines: 3, linesPerMinute: 3, lagMs: 0, open: 1 });
    expect(await tail.read()).toEqual(lines(1, 3));
  });

  it('reports a file that cannot be read once, not each time', async () => {
    await mkdir(at('a.log'));
    const tail = await start({ patterns: ['a.log', 'b.log/x'] });
    await put('b.log', 'x');
    await tail.read();
    expect(tail.errors.length).toBeLessThanOrEqual(1);
  });
});
