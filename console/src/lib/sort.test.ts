import { expect, it } from 'vitest';
import { nextOrder, sorted } from './sort.ts';

it('puts unknown values last whichever way it sorts', () => {
  const rows = [{ v: null }, { v: 2 }, { v: 9 }, { v: 1 }];
  expect(sorted(rows, (row) => row.v, false).map((row) => row.v)).toEqual([1, 2, 9, null]);
  expect(sorted(rows, (row) => row.v, true).map((row) => row.v)).toEqual([9, 2, 1, null]);
});

it('sorts a numeric column largest first, then smallest, then as it came', () => {
  const first = nextOrder(null, 'p95', true);
  expect(first).toEqual({ key: 'p95', down: true });
  const second = nextOrder(first, 'p95', true);
  expect(second).toEqual({ key: 'p95', down: false });
  expect(nextOrder(second, 'p95', true)).toBeNull();
});
