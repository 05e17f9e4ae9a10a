import { expect, it } from 'vitest';
import { virtualClock } from '#lib/clock.ts';
import { durationMs, unixMs } from '#lib/time.ts';
import { createAdmission } from './admission.ts';

const opened = () => {
  const clock = virtualClock(unixMs(0));
  return { clock, admission: createAdmission({ mostBytes: 100, clock }) };
};

it('lets in what there is room for, and the next when someone has left', async () => {
  const { admission } = opened();
  const first = await admission.enter(60);
  await admission.enter(40);
  const order: string[] = [];
  const large = admission.enter(60).then(() => order.push('large'));
  const small = admission.enter(1).then(() => order.push('small'));
  first?.();
  await large;
  first?.();
  expect(order).toEqual(['large']);
  void small;
});

it('lets one in that is larger than the room, alone', async () => {
  const { admission } = opened();
  const huge = await admission.enter(1_000);
  expect(huge).not.toBeNull();
  const next = admission.enter(1);
  huge?.();
  expect(await next).not.toBeNull();
});

it('sends away who has waited for two seconds, and no longer counts them', async () => {
  const { admission, clock } = opened();
  const first = await admission.enter(100);
  const turnedAway = admission.enter(1);
  await clock.advance(durationMs(2_000));
  expect(await turnedAway).toBeNull();
  first?.();
  expect(await admission.enter(100)).not.toBeNull();
});
