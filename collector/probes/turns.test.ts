import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('so many at a time, the others in the order they came, and who gave up is passed over', async () => {
  const turns = createTurns(2);
  const never = new AbortController().signal;
  const patience = new AbortController();
  const first = await turns.take(never);
  const second = await turns.take(never);
  const entered: string[] = [];
  const third = turns.take(patience.signal).then((turn) => entered.push(turn === null ? 'third left' : 'third'));
  const fourth = turns.take(never).then((turn) => {
    entered.push('fourth');
    return turn;
  });
  patience.abort();
  await third;
  expect(entered).toEqual(['third left']);
  first?.();
  // Given back twice counts once.
  first?.();
  const turn = await fourth;
  expect(entered).toEqual(['third left', 'fourth']);
  const fifth = turns.take(never);
  const sixth = turns.take(AbortSignal.abort());
  expect(await sixth).toBeNull();
  second?.();
  expect(await fifth).not.toBeNull();
  turn?.();
});
