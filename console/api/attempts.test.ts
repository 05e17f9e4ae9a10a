import { expect, it } from 'vitest';
import { after, durationMs, minute, unixMs } from '#lib/time.ts';
import { createAttempts } from './attempts.ts';

const now = unixMs(1_000_000);
const limits = [
  { key: 'li@example.test 192.0.2.1', tries: 2 },
  { key: '192.0.2.1', tries: 3 },
];

it('lets a key try again when its oldest try is over the window, not a moment sooner', () => {
  const attempts = createAttempts(durationMs(5 * minute));
  expect(attempts.begin(limits, now)).toBeNull();
  expect(attempts.begin(limits, after(now, minute))).toBeNull();
  const until = after(now, durationMs(5 * minute));
  expect(attempts.begin(limits, after(now, minute))).toBe(until);
  expect(attempts.begin(limits, unixMs(until - 1))).toBe(until);
  expect(attempts.begin(limits, until)).toBeNull();
});

it('forgets wrong tries of a person who gets it right, but keeps the other tries of the address', () => {
  const attempts = createAttempts();
  attempts.begin(limits, now);
  attempts.begin(limits, now);
  attempts.succeeded(limits);
  expect(attempts.begin(limits, now)).toBeNull();
  expect(attempts.begin(limits, now)).toBeNull();
  expect(attempts.begin([{ key: '192.0.2.1', tries: 3 }], now)).not.toBeNull();
});

it('counts tries under way, so that many at once are no way round it', () => {
  const attempts = createAttempts();
  expect([1, 2, 3, 4].map(() => attempts.begin(limits, now) === null)).toEqual([true, true, false, false]);
});

it('keeps a bounded number of keys', () => {
  const attempts = createAttempts(minute, 100);
  attempts.begin([{ key: 'first', tries: 1 }], now);
  for (let n = 0; n < 100; n++) attempts.begin([{ key: `made up ${n}`, tries: 1 }], now);
  expect(attempts.begin([{ key: 'made up 99', tries: 1 }], now)).not.toBeNull();
  expect(attempts.begin([{ key: 'first', tries: 1 }], now)).toBeNull();
});
