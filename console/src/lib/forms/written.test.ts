import { describe, expect, it, test } from 'vitest';
import type { Field } from '#lib/kinds.ts';
import { at, put, textOf, valueFrom } from './written.ts';

describe('what stands in a field', () => {
  test.each<{ input: Field['input']; text: string; value: unknown }>([
    { input: 'text', text: 'a', value: 'a' },
    { input: 'value', text: '001', value: '001' },
    { input: 'value', text: '"12"', value: '12' },
    { input: 'value', text: '12', value: 12 },
    { input: 'value', text: 'true', value: true },
    { input: 'value', text: '{"a":[1]}', value: { a: [1] } },
    { input: 'value', text: '2xx', value: '2xx' },
    { input: 'list', text: 'a\nb', value: ['a', 'b'] },
    { input: 'number', text: '3', value: 3 },
    { input: 'switch', text: 'false', value: false },
    { input: 'select', text: '6', value: 6 },
    { input: 'select', text: 'POST', value: 'POST' },
    { input: 'long', text: ' a\nb\n', value: ' a\nb\n' },
  ])('$input $text goes both ways', ({ input, text, value }) => {
    expect(valueFrom(text, input)).toEqual(value);
    expect(textOf(value, input)).toBe(text);
  });

  it('empty is not written, and no number is left for the server to judge', () => {
    for (const input of ['text', 'value', 'list', 'number', 'switch', 'select', 'long'] as const) expect(valueFrom('  ', input)).toBeUndefined();
    expect(valueFrom('x', 'number')).toBe('x');
    expect(textOf(undefined, 'list')).toBe('');
  });
});

it('puts a key within a map, in its place, and takes the map away with its last key', () => {
  expect(put({ a: 1, size: { min: 1 }, z: 2 }, 'size.max', 5)).toEqual({ a: 1, size: { min: 1, max: 5 }, z: 2 });
  expect(Object.keys(put({ a: 1, b: 2 }, 'a', 3))).toEqual(['a', 'b']);
  expect(put({ a: 1, size: { min: 1 } }, 'size.min', undefined)).toEqual({ a: 1 });
  expect([at({ size: { min: 1 } }, 'size.min'), at({}, 'constructor')]).toEqual([1, undefined]);
});
