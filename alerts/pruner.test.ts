import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { day, durationMs, hour, unixMs } from '#lib/time.ts';
import { startPruner } from './pruner.ts';

it('asks each hour for what is older than ninety days, goes on while there is more, and counts it', async () => {
  const clock = virtualClock(unixMs(1_790_000_000_000));
  const asked: number[] = [];
  const answers = [{ notifications: 2_000, deliveries: 3, transitions: 0, decisions: 7 }];
  const nothing = { notifications: 0, deliveries: 0, transitions: 0, decisions: 0 };
  const store = {
    prune: async ({ before }: { before: number }) => {
      asked.push((clock.now() - before) / day);
      return answers.shift() ?? nothing;
    },
  };
  const pruner = startPruner({ store, clock, onError: () => {} });
  await clock.advance(durationMs(0));
  expect(pruner.health()).toMatchObject({ name: 'alert history', runs: 1, backlog: 2_000 });
  await clock.advance(durationMs(1_000));
  expect(pruner.health()).toMatchObject({ runs: 2, backlog: 0 });
  await clock.advance(durationMs(2 * hour));
  expect(asked).toEqual([90, 90, 90, 90]);
  expect(pruner.pruned()).toBe(2_010);
  await pruner.stop();
});
