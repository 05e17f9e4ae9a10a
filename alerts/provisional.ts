import type { CheckResult } from '#collector/check.ts';
import { after, durationMs, type UnixMs, unixMs } from '#lib/time.ts';
import type { CheckFact, Facts } from './ports.ts';

/** What is known of checks before the store knows it: answers pending past `slow_after`, and results on their way. */
export interface Provisional {
  facts: Facts;
  /** An answer is late and counts as slow from now on, or a result is on disk and not yet stored. */
  seen(result: CheckResult): void;
  /** The facts have arrived. */
  stored(results: readonly CheckResult[]): void;
}

/** A result that never comes to the store is forgotten after this long. */
const forgottenAfterMs = durationMs(120_000);

const keyOf = (result: { probeId: string; vantage: string }): string => `${result.probeId} ${result.vantage}`;

export function provisional(facts: Facts): Provisional {
  /** By probe and vantage, newest first. */
  const waiting = new Map<string, readonly CheckFact[]>();
  return {
    seen(result) {
      const fact = factOf(result);
      // The same check again is the whole of what was late; one gone by is of no use any more.
      const others = (waiting.get(keyOf(result)) ?? []).filter(({ at }) => at !== fact.at && after(at, forgottenAfterMs) > fact.at);
      waiting.set(
        keyOf(result),
        [...others, fact].sort((a, b) => b.at - a.at),
      );
    },
    stored(results) {
      for (const result of results) {
        const left = waiting.get(keyOf(result))?.filter(({ at }) => at > result.at);
        if (left?.length === 0) waiting.delete(keyOf(result));
        else if (left) waiting.set(keyOf(result), left);
      }
    },
    facts: {
      ratio: (question) => facts.ratio(question),
      metric: (question) => facts.metric(question),
      async recentChecks(question) {
        const stored = await facts.recentChecks(question);
        const news = newsFor(question, [...waiting.values()].flat(), stored);
        return news.length === 0 ? stored : [...news, ...stored];
      },
    },
  };
}

/** What the store has nothing newer for, newest first. */
function newsFor({ probeIds, window }: Parameters<Facts['recentChecks']>[0], waiting: readonly CheckFact[], stored: readonly CheckFact[]): CheckFact[] {
  const asked = new Set(probeIds);
  const newest = new Map<string, UnixMs>();
  for (const row of stored) newest.set(keyOf(row), unixMs(Math.max(row.at, newest.get(keyOf(row)) ?? row.at)));
  return waiting
    .filter((fact) => asked.has(fact.probeId) && fact.at >= window.from && after(fact.at, forgottenAfterMs) >= window.until && fact.at > (newest.get(keyOf(fact)) ?? fact.at - 1))
    .sort((a, b) => b.at - a.at);
}

function factOf({ probeId, service, vantage, at, durationMs: took, outcome, attempt }: CheckResult): CheckFact {
  const failure = outcome.kind === 'fail' ? outcome.failure : null;
  return { probeId, service, vantage, at, durationMs: took, outcome: outcome.kind, failureKind: failure?.kind ?? '', reason: failure?.reason ?? '', attempt };
}
