/** Chance that is the same for the same seed. */
export interface Dice {
  /** 0 ≤ n < below. */
  below(below: number): number;
  pick<One>(ones: readonly One[]): One;
  /** True once in `times`. */
  once(times: number): boolean;
  bytes(length: number): Buffer;
}

export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (most: number): number => Math.floor((next() / 2 ** 32) * most);
  return {
    below,
    pick: <One>(ones: readonly One[]): One => ones[below(ones.length)] as One,
    once: (times) => below(times) === 0,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 255)),
  };
}
