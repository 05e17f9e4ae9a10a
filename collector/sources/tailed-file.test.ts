import { appendFile, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodingOf } from '#collector/encoding.ts';
import { unixMs } from '#lib/time.ts';
import { closeHandle, readSlice, sliceBuffer, type TailedFile, unread } from './tailed-file.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-tailed-'));
});
afterEach(() => rm(dir, { recursive: true }));

const declared = encodingOf('utf-8');
const lines = (word: string, count: number): string => Array.from({ length: count }, (_, number) => `${word} ${number}\n`).join('');

async function follow(path: string): Promise<{ file: TailedFile; read: (how?: { end: boolean }) => Promise<string[]> }> {
  const { dev, ino, size, mtimeMs } = await stat(path);
  const file = unread({ path, inode: `${dev}:${ino}`, size, mtimeMs, compressed: false, perhapsCopying: false, same: new Set(), unpacksTo: new Set() }, unixMs(0));
  if (!declared) throw new Error('no such encoding');
  return {
    file,
    read: async ({ end } = { end: false }) => (await readSlice(file, { declared, end, quiet: true, joiner: undefined, keepColours: false, buffer: sliceBuffer() })).cut.lines as string[],
  };
}

it('a file emptied and filled beyond where we were since it was looked at is not read on in the middle', async () => {
  const path = join(dir, 'a.log');
  await writeFile(path, lines('old', 100));
  const { file, read } = await follow(path);
  expect(await read()).toHaveLength(100);
  const { offset } = file;
  await truncate(path, 0);
  await appendFile(path, lines('another', 500));
  expect(await read()).toEqual([]);
  expect(file.offset).toBe(offset);
  await closeHandle(file);
});

it('a line begun since the file was looked at is not taken for one nobody will finish', async () => {
  const path = join(dir, 'a.log');
  await writeFile(path, `${lines('old', 3)}left`);
  const { file, read } = await follow(path);
  await appendFile(path, ' alone\nbeg');
  expect(await read({ end: true })).toEqual(['old 0', 'old 1', 'old 2', 'left alone']);
  await appendFile(path, 'un\n');
  expect(await read({ end: true })).toEqual(['begun']);
  await closeHandle(file);
});

it('a file that is gone is known to grow by reading it', async () => {
  const path = join(dir, 'a.log');
  await writeFile(path, lines('old', 3));
  const { file, read } = await follow(path);
  await read();
  file.present = false;
  await appendFile(path, 'beg');
  expect(await read({ end: true })).toEqual([]);
  await appendFile(path, 'un');
  expect(await read({ end: true })).toEqual([]);
  expect(await read({ end: true })).toEqual(['begun']);
  await closeHandle(file);
});

it('a file that only grew is read on', async () => {
  const path = join(dir, 'a.log');
  await writeFile(path, lines('old', 3));
  const { file, read } = await follow(path);
  await read();
  await appendFile(path, 'new\n');
  expect(await read()).toEqual(['new']);
  await closeHandle(file);
});
