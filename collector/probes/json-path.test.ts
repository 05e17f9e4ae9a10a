import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { allAtJsonPath, parseJsonPath, readJsonPath } from './json-path.ts';

const body = { code: '001', data: { items: [{ n: 1 }, { n: 2, 'odd key': true }], empty: null, 中文: '值' } };

test.each([
  { path: '$', expected: body },
  { path: '$.code', expected: '001' },
  { path: '$.data.items[0].n', expected: 1 },
  { path: '$.data.items[-1].n', expected: 2 },
  { path: "$['data']['items'][1]['odd key']", expected: true },
  { path: '$.data["items"][1].n', expected: 2 },
  { path: '$.data.items[*].n', expected: 1 },
  { path: '$.data.*[1].n', expected: 2 },
  { path: '$.data.中文', expected: '值' },
  { path: '$.data.empty', expected: null },
  { path: '$.data.items[7]', expected: undefined },
  { path: '$.data.code.more', expected: undefined },
  { path: '$.data.items[1:].n', expected: 2 },
  { path: '$.data.items[-2:-1]', expected: { n: 1 } },
  { path: '$.data.items[5:9]', expected: undefined },
  { path: '$..n', expected: 1 },
  { path: "$..items[?(@['odd key'])].n", expected: 2 },
  { path: '$.data.items[?(@.n == 2)].n', expected: 2 },
  { path: '$.data.items[?@.n>1].n', expected: 2 },
  { path: '$.data.items[?(@.n != 1)].n', expected: 2 },
  { path: "$.data.items[?(@.n == '2')]", expected: undefined },
  { path: '$.data.items[?(@.n < "3")]', expected: undefined },
  { path: "$[?(@ == '001')]", expected: '001' },
  { path: '$.data[?(@.none)]', expected: undefined },
  { path: '$.toString', expected: undefined },
  { path: '$.__proto__', expected: undefined },
])('$path finds $expected', ({ path, expected }) => {
  expect(readJsonPath(body, parseJsonPath(path) ?? [])).toEqual(expected);
});

it('finds all that a filter, a name at any depth and a part of a list lead to', () => {
  const all = (path: string) => allAtJsonPath(body, parseJsonPath(path) ?? []);
  expect([all('$..n'), all('$.data.items[?(@.n >= 1)].n'), all('$.data.items[:1].n')]).toEqual([[1, 2], [1, 2], [1]]);
});

it('looks at so many values of a hostile body and no more', () => {
  const wide = { list: Array.from({ length: 20_000 }, (_, n) => ({ n })) };
  expect(readJsonPath(wide, parseJsonPath('$.list[?(@.n == 19999)]') ?? [])).toBeUndefined();
  let deep: unknown = { end: 1 };
  for (let depth = 0; depth < 50_000; depth++) deep = { deep };
  expect(readJsonPath(deep, parseJsonPath('$..end') ?? [])).toBeUndefined();
});

test.each(['', 'code', '.code', '$code', '$.', '$..', '$...code', '$..a..b', '$[a]', '$[?(@.n == )]', '$[?(@.n == 2]', '$[?(@.n = 2)]', '$[?(n == 2)]', "$['a", '$.a b', '$[1', '$[99999999999]'])(
  '%s is not a path',
  (text) => {
    expect(parseJsonPath(text)).toBeUndefined();
  },
);

it('finds every value at the path that leads to it, and never throws', () => {
  const key = fc.stringMatching(/^[a-z]{1,5}$/);
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.jsonValue(), fc.string(), (keys, value, noise) => {
      const nested = keys.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
      expect(readJsonPath(nested, parseJsonPath(`$.${keys.join('.')}`) ?? [])).toEqual(value);
      const odd = parseJsonPath(`$${noise}`);
      if (odd) readJsonPath(nested, odd);
    }),
  );
});
