import { expect, it } from 'vitest';
import { minute, unixMs } from '#lib/time.ts';
import { momentAt } from './history.ts';

const china = (text: string) => unixMs(Date.parse(`${text}+08:00`));
const now = china('2026-03-12T09:45:00');

it.each([
  { at: '2026-03-11T09:40:00', name: "yesterday's rush was slow", expected: { slowMs: 1_500 } },
  { at: '2026-03-11T20:20:00', name: 'yesterday evening captchas failed', expected: { captchaShare: 0.75 } },
  { at: '2026-03-11T15:00:00', name: 'the afternoon was calm', expected: { slowMs: 0, captchaShare: 0 } },
  { at: '2026-03-12T09:40:00', name: 'the hour before the start is calm, even in the rush', expected: { slowMs: 0, captchaShare: 0 } },
])('$name', ({ at, expected }) => {
  expect(momentAt(china(at), now)).toMatchObject(expected);
});

it('has bad spells short enough to be exceptions', () => {
  let bad = 0;
  for (let at = china('2026-03-10T00:00:00'); at < china('2026-03-11T00:00:00'); at = unixMs(at + minute)) if (momentAt(at, now).slowMs > 0 || momentAt(at, now).captchaShare > 0) bad++;
  expect(bad).toBe(22);
});
