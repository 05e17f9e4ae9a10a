import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { masks, minePatterns, type Shape, searchFor } from './patterns.ts';

const masked = (text: string): string => masks.reduce((all, [pattern, as]) => all.replace(new RegExp(pattern, 'g'), as), text);
const shape = (text: string, more: Partial<Shape> = {}): Shape => ({
  text: masked(text),
  fixed: false,
  count: 1,
  before: 0,
  level: 'info',
  services: ['invoice'],
  firstAt: 10,
  counts: [1],
  example: text,
  ...more,
});
const half = { shareBefore: 0.5, exhaustive: true };
const templates = (...texts: string[]) =>
  minePatterns(
    texts.map((text) => shape(text)),
    half,
  ).map(({ template, count }) => `${count} ${template}`);

describe('masks', () => {
  test.each([
    ['took 12.5 ms of 3', 'took <n> ms of <n>'],
    ['192.0.2.7:5432 and 2001:db8:0:1:2:3:4:5', '<ip> and <ip>'],
    ['2026-05-17T10:05:03.123Z x [17/May/2026:10:05:03 +0800]', '<time> x [<time>]'],
    ['id 7f2c1d9e-1111-4222-8333-444455556666 hash 0a1b2c3d4e5f60718293a4b5', 'id <id> hash <id>'],
    ['taxpayer 9111**********001X', 'taxpayer <id>'],
    ['facade of the decade', 'facade of the decade'],
  ])('%s → %s', (text, want) => expect(masked(text)).toBe(want));
});

describe('patterns', () => {
  it('join messages that differ in a word or two, and keep others apart', () => {
    expect(templates('captcha wrong for user zhang from 192.0.2.1', 'captcha wrong for user li from 192.0.2.9', 'upstream timed out after 3000 ms')).toEqual([
      '2 captcha wrong for user <*> from <ip>',
      '1 upstream timed out after <n> ms',
    ]);
  });

  it('read Chinese, which has no blanks, at its punctuation', () => {
    expect(templates('发票查验失败：用户张三，耗时 120 ms', '发票查验失败：用户李四，耗时 95 ms', '验证码已过期')).toEqual(['2 发票查验失败：<*>，耗时 <n> ms', '1 验证码已过期']);
  });

  it('never join what is a kind by itself', () => {
    const found = minePatterns([shape('GET /q/{id} → 200', { fixed: true, text: 'GET /q/{id} → 200' }), shape('GET /q/{id} → 500', { fixed: true, text: 'GET /q/{id} → 500' })], half);
    expect(found.map(({ template }) => template)).toEqual(['GET /q/{id} → 200', 'GET /q/{id} → 500']);
  });

  it('add up counts, keep the gravest level, the first time and an example', () => {
    const found = minePatterns(
      [shape('job a done', { count: 3, counts: [1, 2], firstAt: 20, services: ['one'] }), shape('job b done', { count: 2, counts: [2, 0], level: 'error', firstAt: 5, services: ['two'] })],
      half,
    );
    expect(found).toMatchObject([{ template: 'job <*> done', count: 5, counts: [3, 2], level: 'error', firstAt: 5, services: ['one', 'two'], example: 'job a done' }]);
  });

  test.each([
    { name: 'never seen before is new', count: 1, before: 0, mark: 'new' },
    { name: 'a sample must see more of it', count: 1, before: 0, exhaustive: false, mark: null },
    { name: 'five of a sample are enough', count: 5, before: 0, exhaustive: false, mark: 'new' },
    { name: 'three times as often is surging', count: 40, before: 10, mark: 'surging' },
    { name: 'twice as often is not', count: 30, before: 10, mark: null },
    { name: 'a few are not, however rare before', count: 8, before: 1, mark: null },
    { name: 'a short time after counts by its length', count: 40, before: 30, shareBefore: 0.95, mark: 'surging' },
  ])('$name', ({ count, before, exhaustive = true, shareBefore = 0.5, mark }) => expect(minePatterns([shape('x y', { count, before })], { shareBefore, exhaustive })[0]?.mark).toBe(mark));

  it('lose no line and stay bounded, whatever the messages', () => {
    const word = fc.constantFrom('a', 'b', '<n>', '用户', '', 'long word', ':');
    fc.assert(
      fc.property(
        fc.array(
          fc.array(word, { maxLength: 8 }).map((words) => words.join(' ')),
          { maxLength: 60 },
        ),
        (texts) => {
          const found = minePatterns(
            texts.map((text) => shape(text)),
            half,
          );
          expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(texts.length);
          expect(found.length).toBeLessThanOrEqual(texts.length);
        },
      ),
    );
    const many = Array.from({ length: 6_000 }, (_, index) => shape('', { text: `${index.toString(36).replaceAll(/\d/g, 'q')}x${'y '.repeat(index % 50)}` }));
    const found = minePatterns(many, half);
    expect(found.length).toBeLessThanOrEqual(2_001);
    expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(6_000);
  });
});

test('a template is found again by its longest pieces', () => {
  expect(searchFor('captcha wrong for user <*> from <ip>')).toBe('"captcha wrong for user" "from"');
  expect(searchFor('<*>')).toBe('');
});
