import { expect, test } from 'vitest';
import { runsFrom } from './probe-routes.ts';

const vantages = [
  { id: 'bj', region: '北京', carrier: '电信' },
  { id: 'gz', region: '广州', carrier: '移动', far: true },
  { id: 'office', region: '', carrier: '' },
];

test('a probe can be run from its vantages on this machine, in its order, and from no far one', () => {
  expect(runsFrom({ vantages }, { vantages: ['office', 'gz', 'bj'] })).toEqual([
    { id: 'office', name: 'office' },
    { id: 'bj', name: '北京 · 电信' },
  ]);
  expect(runsFrom({ vantages }, { vantages: ['local'] })).toEqual([{ id: 'local', name: 'local' }]);
});
