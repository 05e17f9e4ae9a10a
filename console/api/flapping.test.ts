import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { OutcomeKind } from '#collector/check.ts';
import { isFlapping } from './flapping.ts';

const kinds: Record<string, OutcomeKind> = { o: 'pass', s: 'slow', x: 'fail', u: 'unknown', m: 'fail' };
/** Letters oldest first, as people read them; m is a failure in a planned window. */
const checks = (letters: string, vantage = 'local') => [...letters].map((letter) => ({ vantage, outcome: kinds[letter] ?? 'unknown', maintenance: letter === 'm' })).reverse();

test.each([
  { name: 'all well', letters: 'o'.repeat(60), flapping: false },
  { name: 'down and staying down', letters: `${'o'.repeat(40)}${'x'.repeat(20)}`, flapping: false },
  { name: 'one short failure', letters: `${'o'.repeat(30)}x${'o'.repeat(20)}`, flapping: false },
  { name: 'two short failures', letters: `${'o'.repeat(30)}xooox${'o'.repeat(5)}`, flapping: true },
  { name: 'up and down all the time', letters: 'xo'.repeat(30), flapping: true },
  { name: 'calming down, with one change left in sight', letters: `oxoxo${'o'.repeat(17)}`, flapping: true },
  { name: 'come to rest', letters: `oxoxo${'o'.repeat(20)}`, flapping: false },
  { name: 'slow now and then', letters: 'os'.repeat(30), flapping: false },
  { name: 'unknown between', letters: 'ou'.repeat(30), flapping: false },
  { name: 'unknown does not hide it', letters: 'oxuuouxuoxuo', flapping: true },
  { name: 'planned work', letters: 'om'.repeat(30), flapping: false },
  { name: 'new', letters: 'x', flapping: false },
  { name: 'nothing', letters: '', flapping: false },
])('$name: $flapping', ({ letters, flapping }) => {
  expect(isFlapping(checks(letters))).toBe(flapping);
});

describe('vantages', () => {
  it('are told apart: one up and one down is no flapping', () => {
    const both = checks('o'.repeat(30), 'a').flatMap((check, index) => [check, ...checks('x', 'b').map((other) => ({ ...other, index }))]);
    expect(isFlapping(both)).toBe(false);
  });
});

it('fewer than four changes never flap, and four in a row of the last twenty-one always do', () => {
  const letters = fc.array(fc.constantFrom('o', 'x'), { minLength: 1, maxLength: 60 }).map((list) => list.join(''));
  fc.assert(
    fc.property(letters, (text) => {
      const changesIn = (part: string) => [...part].filter((letter, index) => index > 0 && letter !== part[index - 1]).length;
      if (changesIn(text) < 4) expect(isFlapping(checks(text))).toBe(false);
      if (changesIn(text.slice(-21)) >= 4) expect(isFlapping(checks(text))).toBe(true);
      if (changesIn(text.slice(-21)) < 2) expect(isFlapping(checks(text))).toBe(false);
    }),
  );
});
