import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type DiffLine, diffLines } from './text-diff.ts';

const marks = { same: ' ', added: '+', removed: '-', gap: '…' };
const shown = (lines: readonly DiffLine[]): string[] => lines.map(({ kind, text }) => `${marks[kind]}${text}`);

describe('what differs between two texts', () => {
  test.each([
    { name: 'nothing', before: 'a\nb\n', after: 'a\nb\n', lines: [] },
    { name: 'a new file', before: '', after: 'a\nb\n', lines: ['+a', '+b'] },
    { name: 'a file gone', before: 'a\nb', after: '', lines: ['-a', '-b'] },
    { name: 'one line', before: 'a\nb\nc\n', after: 'a\nB\nc\n', lines: [' a', '-b', '+B', ' c'] },
    { name: 'a line between', before: 'a\nc\n', after: 'a\nb\nc\n', lines: [' a', '+b', ' c'] },
    { name: 'a missing last line feed is no difference', before: 'a\nb', after: 'a\nb\n', lines: [] },
    { name: 'line ends of Windows are no difference', before: 'a\r\nb\r\n', after: 'a\nb\n', lines: [] },
  ])('$name', ({ before, after, lines }) => {
    expect(shown(diffLines(before, after))).toEqual(lines);
  });

  it('leaves out what lies far from a change, with the numbers of both sides', () => {
    const before = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
    const after = before.flatMap((line, index) => (index === 9 ? ['new', line] : index === 19 ? [] : [line]));
    const lines = diffLines(before.join('\n'), after.join('\n'), 1);
    expect(shown(lines)).toEqual([' line 9', '+new', ' line 10', '…', ' line 19', '-line 20', ' line 21']);
    expect(lines[1]).toMatchObject({ before: null, after: 10 });
    expect(lines.at(-1)).toMatchObject({ before: 21, after: 21 });
  });

  it('is enough to make the one text of the other, whatever they hold', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const lines = diffLines(before, after, 100);
        const side = (left: 'added' | 'removed') =>
          lines
            .filter(({ kind }) => kind !== left)
            .map((line) => `${line.text}\n`)
            .join('');
        if (before === after) expect(lines).toEqual([]);
        else expect([side('added'), side('removed')]).toEqual([before, after]);
      }),
    );
  });
});
