import { expect, test } from 'vitest';
import { virtualClock } from './clock.ts';
import { startLoop } from './loop.ts';
import { second } from './time.ts';

test('a loop whose every failure reads differently tells only so many apart', async () => {
  const clock = virtualClock();
  let round = 0;
  const loop = startLoop({ name: 'odd', everyMs: second, clock, onError: () => {}, run: () => Promise.reject(new Error(`number ${++round}`)) });
  for (let turn = 0; turn < 100; turn++) await clock.advance(second);
  await loop.stop();
  const { failures, runs } = loop.health();
  expect(Object.keys(failures).length).toBeLessThanOrEqual(31);
  expect(Object.values(failures).reduce((sum, count) => sum + count, 0)).toBe(runs);
  expect(failures.other).toBeGreaterThan(50);
});

test('a nudge during a round starts another one right behind it, and a stop waits for the round', async () => {
  const clock = virtualClock();
  const waiting: (() => void)[] = [];
  const loop = startLoop({
    name: 'slow',
    everyMs: second,
    clock,
    onError: () => {},
    run: () => new Promise((resolve) => waiting.push(() => resolve({ backlog: 0 }))),
  });
  loop.nudge();
  loop.nudge();
  expect(waiting).toHaveLength(1);
  waiting[0]?.();
  await clock.advanceTo(clock.now());
  expect(waiting).toHaveLength(2);
  let stopped = false;
  const stopping = loop.stop().then(() => {
    stopped = true;
  });
  await clock.advanceTo(clock.now());
  expect(stopped).toBe(false);
  waiting[1]?.();
  await stopping;
  await clock.advance(second);
  expect(waiting).toHaveLength(2);
});
