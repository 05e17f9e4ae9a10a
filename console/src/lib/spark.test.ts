import { describe, expect, it } from 'vitest';
import { sparkPath } from './spark.ts';

const plain = { normal: null, quiet: null };

describe('a small line', () => {
  it('breaks where nothing is known', () => {
    expect(sparkPath([1, 1, null, 1, 1], plain).path.match(/M/g)).toHaveLength(2);
  });

  it('shows a lone point between two gaps', () => {
    expect(sparkPath([null, 1, null], plain).path).toMatch(/^M[\d.]+ [\d.]+h/);
  });

  it('has no newest point when the newest minute is not known', () => {
    expect(sparkPath([1, 2, null], plain).last).toBeNull();
  });

  it('is empty when nothing is known', () => {
    expect(sparkPath([null, null], plain)).toEqual({ path: '', groundY: null, last: null });
  });

  it('does not blow a small wobble up', () => {
    const ys = [...sparkPath([100, 100.5, 100, 100.5], plain).path.matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y));
    expect(Math.max(...ys) - Math.min(...ys)).toBeLessThan(6);
  });
});
