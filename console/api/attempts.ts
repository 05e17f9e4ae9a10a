import { after, type DurationMs, minute, type UnixMs, unixMs } from '#lib/time.ts';

/** How many tries one key may have within the window. */
export interface Limit {
  key: string;
  tries: number;
}

/** Counts tries, so that guessing is slow: a sliding window for each key, kept in memory. */
export interface Attempts {
  /** Counts a try against every key and answers null, or, when one is used up, counts nothing and says when to come back. */
  begin(limits: readonly Limit[], now: UnixMs): UnixMs | null;
  /** It was no guess: forgets the tries of the first key and this one try of the others. */
  succeeded(limits: readonly Limit[]): void;
}

export function createAttempts(windowMs: DurationMs = (5 * minute) as DurationMs, most = 10_000): Attempts {
  const tries = new Map<string, UnixMs[]>();

  function recent(key: string, now: UnixMs): UnixMs[] {
    const kept = (tries.get(key) ?? []).filter((at) => at > now - windowMs);
    if (kept.length === 0) tries.delete(key);
    else tries.set(key, kept);
    return kept;
  }

  /** A flood of made-up keys must not fill the memory: the oldest make room. */
  function makeRoom(): void {
    for (const key of tries.keys()) {
      if (tries.size < most) return;
      tries.delete(key);
    }
  }

  return {
    begin(limits, now) {
      const full = limits.map(({ key, tries: allowed }) => ({ allowed, past: recent(key, now) })).filter(({ allowed, past }) => past.length >= allowed);
      if (full.length > 0) return unixMs(Math.max(...full.map(({ allowed, past }) => after(past[past.length - allowed] ?? now, windowMs))));
      makeRoom();
      for (const { key } of limits) tries.set(key, [...(tries.get(key) ?? []), now]);
      return null;
    },
    succeeded([first, ...others]) {
      if (first) tries.delete(first.key);
      for (const { key } of others) tries.get(key)?.pop();
    },
  };
}
