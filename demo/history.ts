import { durationMs, hour, minute, type UnixMs } from '#lib/time.ts';

/** How the fictional service was at a past instant. */
export interface Moment {
  slowMs: number;
  errorShare: number;
  captchaShare: number;
}

const calm: Moment = { slowMs: 0, errorShare: 0.0005, captchaShare: 0 };

/** The hour before the start is calm, or rules would fire on a past that never was. */
const quiet = durationMs(90 * minute);

/** Two bad spells a day in China's time: the morning's rush is slow with some errors, and in the evening captchas fail for a while. */
export function momentAt(at: UnixMs, now: UnixMs): Moment {
  if (now - at < quiet) return calm;
  const intoDay = (at + 8 * hour) % (24 * hour);
  const since = (spell: number): number => (intoDay - spell) / minute;
  const rush = since(9.6 * hour);
  if (rush >= 0 && rush < 14) return { slowMs: 1_500, errorShare: 0.06, captchaShare: 0 };
  const evening = since(20.25 * hour);
  if (evening >= 0 && evening < 8) return { ...calm, captchaShare: 0.75 };
  return calm;
}
