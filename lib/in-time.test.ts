import { expect, test } from 'vitest';
import { virtualClock } from './clock.ts';
import { inTime } from './in-time.ts';
import { durationMs } from './time.ts';

const limitMs = durationMs(1_000);

test('work that ends in time is waited for, and its failure is the answer', async () => {
  const clock = virtualClock();
  await expect(inTime(Promise.resolve(), { clock, limitMs })).resolves.toBe('done');
  await expect(inTime(Promise.reject(new Error('no')), { clock, limitMs })).rejects.toThrow('no');
});

test('work that does not end is left alone at the limit', async () => {
  const clock = virtualClock();
  let answer: string | undefined;
  const asked = inTime(new Promise(() => {}), { clock, limitMs }).then((said) => {
    answer = said;
  });
  await clock.advance(durationMs(999));
  expect(answer).toBeUndefined();
  await clock.advance(durationMs(1));
  await asked;
  expect(answer).toBe('late');
});
