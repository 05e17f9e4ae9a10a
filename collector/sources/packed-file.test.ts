import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodingOf } from '#collector/encoding.ts';
import { unixMs } from '#lib/time.ts';
import { readPacked } from './packed-file.ts';
import { closeHandle, positionOf, remembered, type TailedFile, unread } from './tailed-file.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'fenghuo-packed-'));
  path = join(dir, 'a.log.1.gz');
});
afterEach(() => rm(dir, { recursive: true }));

const now = unixMs(1_800_000_000_000);
const lines = (encoding: string) => Array.from({ length: 20_000 }, (_, n) => `${encoding} ${n} 查验${'.'.repeat(20)}`);

async function open(): Promise<TailedFile> {
  const { dev, ino, size, mtimeMs } = await stat(path);
  return { ...unread({ path, inode: `${dev}:${ino}`, size, mtimeMs, compressed: true, perhapsCopying: false, same: new Set(), unpacksTo: new Set() }, now), unpacked: 0 };
}

async function readOn(file: TailedFile, { pieces, encoding = 'utf-8' }: { pieces: number; encoding?: string }): Promise<{ got: string[]; atEnd: boolean }> {
  const declared = encodingOf(encoding);
  if (!declared) throw new Error('no such encoding');
  const got: string[] = [];
  let atEnd = false;
  for (let piece = 0; piece < pieces && !atEnd; piece++) {
    const slice = await readPacked(file, { declared, joiner: undefined, keepColours: false });
    got.push(...slice.cut.lines);
    atEnd = slice.atEnd;
  }
  return { got, atEnd };
}

describe('a compressed file', () => {
  it.each(['utf-8', 'utf-16le'])('39. is read on after a kill from what was durable, each line once (%s)', async (encoding) => {
    const text = `${encoding === 'utf-8' ? '' : '\uFEFF'}${lines(encoding).join('\n')}\n`;
    await writeFile(path, gzipSync(Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'utf16le')));
    const before = await open();
    const first = await readOn(before, { pieces: 2 });
    expect(first).toMatchObject({ atEnd: false, got: { length: expect.any(Number) } });
    const position = positionOf(before);
    await closeHandle(before);
    const { size } = await stat(path);
    const after = { ...remembered('key', JSON.parse(JSON.stringify(position)), now), size, present: true };
    const rest = await readOn(after, { pieces: 1_000 });
    expect(first.got.length).toBeGreaterThan(1_000);
    expect([...first.got, ...rest.got]).toEqual(lines(encoding));
    expect(positionOf(after).offset).toBe(size);
    await closeHandle(after);
  });

  it('8. holds its last line though no line feed ends it', async () => {
    await writeFile(path, gzipSync('one\ntwo'));
    const file = await open();
    expect(await readOn(file, { pieces: 10 })).toEqual({ got: ['one', 'two'], atEnd: true });
    await closeHandle(file);
  });

  it('19. of noise behind its magic bytes gives nothing but a reason', async () => {
    await writeFile(path, Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(5_000, 'noise')]));
    const file = await open();
    const declared = encodingOf('utf-8');
    if (!declared) throw new Error('no such encoding');
    const { cut, atEnd, trouble } = await readPacked(file, { declared, joiner: undefined, keepColours: false });
    expect({ lines: cut.lines, atEnd }).toEqual({ lines: [], atEnd: true });
    expect(trouble?.message).toMatch(/a\.log\.1\.gz: .*what could be unpacked was read/);
    await closeHandle(file);
  });
});
