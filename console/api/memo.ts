import type { Clock } from '#lib/clock.ts';
import type { DurationMs } from '#lib/time.ts';

/** Many readers of one answer share one look at the stores: what was asked less than `keep` ago, or is being asked now, is not asked again. */
export function createMemo(clock: Pick<Clock, 'elapsed'>, keep: DurationMs) {
  const kept = new Map<string, { askedAt: number; answer: Promise<unknown> }>();
  return async function once<Value>(key: string, ask: () => Promise<Value>): Promise<Value> {
    const now = clock.elapsed();
    for (const [old, entry] of kept) if (now - entry.askedAt > keep) kept.delete(old);
    const entry = kept.get(key);
    if (entry) return entry.answer as Promise<Value>;
    const answer = ask();
    kept.set(key, { askedAt: now, answer });
    answer.catch(() => kept.delete(key));
    return answer;
  };
}
export type Memo = ReturnType<typeof createMemo>;
