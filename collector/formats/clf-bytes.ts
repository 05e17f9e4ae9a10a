import { clfTimeLength, clfTimeReader } from './clf-time.ts';

/** Milliseconds since 1970 of `17/May/2015:10:05:03 +0000` at a place in bytes, or NaN. Lines of one second, and of one day, share what was worked out. */
export function clfBytesReader(): (bytes: Buffer, at: number) => number {
  const read = clfTimeReader();
  /** The last time read, as it was written. */
  const last = new Uint8Array(clfTimeLength);
  let midnight = Number.NaN;

  const two = (bytes: Buffer, at: number): number => {
    const tens = (bytes[at] as number) - 48;
    const ones = (bytes[at + 1] as number) - 48;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1e6;
  };

  return (bytes, at) => {
    // Day and zone, all but the eight characters of the clock.
    let same = true;
    for (let index = 0; index < 12 && same; index++) same = bytes[at + index] === last[index];
    for (let index = 20; index < clfTimeLength && same; index++) same = bytes[at + index] === last[index];
    if (!same) {
      const time = read(bytes.toString('latin1', at, at + clfTimeLength), 0);
      if (Number.isNaN(time)) return time;
      for (let index = 0; index < clfTimeLength; index++) last[index] = bytes[at + index] as number;
      midnight = time - clockAt(bytes, at, two);
      return time;
    }
    const clock = clockAt(bytes, at, two);
    return clock < 0 ? Number.NaN : midnight + clock;
  };
}

/** Milliseconds since midnight; below zero when it is no clock. */
function clockAt(bytes: Buffer, at: number, two: (bytes: Buffer, at: number) => number): number {
  const hours = two(bytes, at + 12);
  const minutes = two(bytes, at + 15);
  const seconds = two(bytes, at + 18);
  if (bytes[at + 14] !== 58 || bytes[at + 17] !== 58 || hours > 23 || minutes > 59 || seconds > 60) return -1;
  return (hours * 3_600 + minutes * 60 + seconds) * 1_000;
}
