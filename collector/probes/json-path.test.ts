import fc from 'fast-check';
import { expect, it, test } from 'vitest';
import { parseJsonPath, readJsonPath } from './json-path.ts';

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
  { path: '$.toString', expected: undefined },
  { path: '$.__proto__', expected: undefined },
])('$path finds $expected', ({ path, expected }) => {
  expect(readJsonPath(body, parseJsonPath(path) ?? [])).toEqual(expected);
});

test.each(['', 'code', '.code', '$code', '$.', '$..code', '$[a]', "$['a", '$.a b', '$[1', '$[99999999999]'])('%s is not a path', (text) => {
  expect(parseJsonPath(text)).toBeUndefined();
});

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
