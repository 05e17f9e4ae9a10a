import { copyFile, rename, truncate, unlink, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import { at, lines, put, start, text } from './test-tailing.ts';

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
