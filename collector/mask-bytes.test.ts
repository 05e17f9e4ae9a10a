import { expect, it } from 'vitest';
import { maskText } from './mask.ts';
import { maskBytes } from './mask-bytes.ts';

const words = [
  '13800138000',
  '8613800138000',
  '91110108MA01ABCD2X',
  '24112000000123456789',
  'Bearer abcdefghij.klmnopqrst',
  'bearer%20abcdefghijklmnopq',
  'password=secret1',
  'access_token=abc',
  'pwd=',
  'rt=0.123',
  'AppleWebKit',
  'bearer of bad news',
  'a1b2c3d4e5f6',
  '171717',
  '-',
  '/',
  '"',
  ' ',
  '.',
  '\n',
  '\n',
];

it('masks what texts are masked of, wherever it lies', () => {
  let seed = 7;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let masked = 0;
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: next(14) }, () => `${words[next(words.length)]}${[' ', '', '&', '\n'][next(4)]}`).join('');
    const bytes = Buffer.from(text);
    const count = maskBytes(bytes);
    expect({ text: bytes.toString(), count }).toEqual(maskText(text));
    masked += count;
  }
  expect(masked).toBeGreaterThan(1_000);
});
