import { mkdir } from 'node:fs/promises';
import iconv from 'iconv-lite';
import { describe, expect, it, test } from 'vitest';
import { at, lines, put, start, text } from './test-tailing.ts';

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
