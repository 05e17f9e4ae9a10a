import { expect, it } from 'vitest';
import { readUtf8 } from './utf8.ts';

it.each([
  ['Chinese text', Buffer.from('站点: 演示\n'), { ok: true, text: '站点: 演示\n' }],
  ['text after a byte order mark', Buffer.from('\ufeffa'), { ok: true, text: 'a' }],
  ['nothing', Buffer.alloc(0), { ok: true, text: '' }],
  ['GB 18030 on the second line', Buffer.concat([Buffer.from('a: 1\nb: '), Buffer.from([0xd1, 0xdd])]), { ok: false, line: 2 }],
  ['a NUL', Buffer.from('a\u0000'), { ok: false, line: 1 }],
])('%s', (...[, bytes, expected]) => {
  expect(readUtf8(bytes)).toEqual(expected);
});
