import iconv from 'iconv-lite';
import { describe, expect, it, test } from 'vitest';
import { type Encoding, encodingByMark, encodingOf } from './encoding.ts';
import { cutLines, longestLine } from './lines.ts';

const encoding = (name: string): Encoding => {
  const found = encodingOf(name);
  if (!found) throw new Error(`no encoding ${name}`);
  return found;
};

/** Feeds the bytes piece by piece as a tail would see them grow, and gathers the lines. */
function feed(bytes: Buffer, sizes: readonly number[], name = 'utf-8') {
  const lines: string[] = [];
  const total = { longLines: 0, undecodable: 0 };
  let rest = Buffer.alloc(0);
  let skipping = false;
  const take = (piece: Buffer, end: boolean): void => {
    const held = Buffer.concat([rest, piece]);
    const cut = cutLines(held, { encoding: encoding(name), skipping, end });
    lines.push(...cut.lines);
    rest = held.subarray(cut.used);
    skipping = cut.skipping;
    total.longLines += cut.longLines;
    total.undecodable += cut.undecodable;
  };
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] ?? 1;
    take(bytes.subarray(at, at + size), false);
    at += size;
  }
  take(Buffer.alloc(0), true);
  return { lines, ...total };
}

const words = ['用户 张三 登录失败', '查验 𠀀 字', 'plain ascii', 'a|b\\c'];

describe('cutting bytes into lines', () => {
  test.each([1, 2, 3, 5, 7, 1_000])('14. a character split by a write of %i bytes stays whole', (size) => {
    const text = `${words.join('\n')}\n`;
    expect(feed(Buffer.from(text), [size])).toEqual({ lines: words, longLines: 0, undecodable: 0 });
    expect(feed(iconv.encode(text, 'gb18030'), [size], 'gb18030').lines).toEqual(words);
    expect(feed(Buffer.from(text, 'utf16le'), [size], 'utf-16le').lines).toEqual(words);
    expect(feed(iconv.encode(text, 'utf-16be', { addBOM: false }), [size], 'utf-16be').lines).toEqual(words);
  });

  it('15. leaves the carriage return out', () => {
    expect(feed(Buffer.from('a\r\nb\r\n\r\nc\r'), [2]).lines).toEqual(['a', 'b', '', 'c']);
  });

  it('17. leaves NUL bytes out', () => {
    expect(feed(Buffer.from(`\0\0\0a\n\0\0\nb\0c\n`), [4]).lines).toEqual(['a', '', 'bc']);
  });

  it('13. holds an unfinished line back until its line feed, or the end', () => {
    const cut = cutLines(Buffer.from('one\ntwo'), { encoding: encoding('utf-8'), skipping: false, end: false });
    expect(cut).toMatchObject({ lines: ['one'], used: 4 });
    expect(cutLines(Buffer.from('two'), { encoding: encoding('utf-8'), skipping: false, end: true })).toMatchObject({ lines: ['two'], used: 3 });
  });

  test.each([1_000, 70_000, 400_000])('18. cuts and counts a line over the limit, and the next one is intact (pieces of %i)', (size) => {
    const long = 'x'.repeat(200_000);
    const { lines, longLines } = feed(Buffer.from(`before\n${long}\nafter\n`), [size]);
    expect(lines.map((line) => line.length)).toEqual([6, longestLine, 5]);
    expect(lines[2]).toBe('after');
    expect(longLines).toBe(1);
  });

  it('18. the same in UTF-16', () => {
    const { lines, longLines } = feed(Buffer.from(`${'龙'.repeat(150_000)}\nafter\n`, 'utf16le'), [50_001], 'utf-16le');
    expect(lines.map((line) => line.length)).toEqual([longestLine, 5]);
    expect(longLines).toBe(1);
  });

  it('25. text in another encoding than declared is kept with U+FFFD and counted', () => {
    const { lines, undecodable } = feed(iconv.encode('用户登录\nok\n', 'gbk'), [3]);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe('ok');
    expect(undecodable).toBe(1);
  });

  it('26. a trail byte 0x5C or 0x7C inside a character is no backslash and no pipe', () => {
    const text = '誠\\陒|俓';
    expect(feed(iconv.encode(`${text}\n`, 'gbk'), [1], 'gbk').lines).toEqual([text]);
  });
});

test.each(['gb18030', 'GBK', 'gb2312', 'cp936', 'windows-936'])('23, 24. %s reads Chinese, four-byte characters too', (name) => {
  expect(encoding(name).decode(iconv.encode('发票㐀𠀀', 'gb18030'))).toBe('发票㐀𠀀');
});

test.each(['utf-7', 'nonsense', 'base64', 'utf-32'])('%s is not an encoding a log can have', (name) => {
  expect(encodingOf(name)).toBeUndefined();
});

test.each([
  { name: 'UTF-8', bytes: [0xef, 0xbb, 0xbf, 0x61], found: { name: 'utf-8', length: 3 } },
  { name: 'UTF-16LE', bytes: [0xff, 0xfe, 0x61, 0], found: { name: 'utf-16le', length: 2 } },
  { name: 'UTF-16BE', bytes: [0xfe, 0xff, 0, 0x61], found: { name: 'utf-16be', length: 2 } },
  { name: 'nothing', bytes: [0x61, 0x62], found: undefined },
])('27. the mark of $name is found', ({ bytes, found }) => {
  const mark = encodingByMark(Buffer.from(bytes));
  expect(mark && { name: mark.encoding.name, length: mark.length }).toEqual(found);
});
