import type { CheckResult } from '#collector/check.ts';
import type { UnixMs } from '#lib/time.ts';
import type { CheckFact, Facts } from './ports.ts';

/** Answers still pending past `slow_after`, laid over what is stored until the finished result is stored. */
export interface Provisional {
  facts: Facts;
  /** An answer is late; it counts as slow from now on. */
  late(result: CheckResult): void;
  /** The facts have arrived. */
  stored(results: readonly CheckResult[]): void;
}

/** A late answer that never ends in a stored result is forgotten after this long. */
const forgottenAfterMs = 120_000;

export function provisional(facts: Facts): Provisional {
  const late = new Map<string, CheckFact>();
  const keyOf = (result: { probeId: string; vantage: string }) => `${result.probeId} ${result.vantage}`;
  return {
    late(result) {
      const fact = factOf(result);
      const key = keyOf(result);
      if ((late.get(key)?.at ?? 0) <= fact.at) late.set(key, fact);
    },
    stored(results) {
      for (const result of results) if ((late.get(keyOf(result))?.at ?? Number.POSITIVE_INFINITY) <= result.at) late.delete(keyOf(result));
    },
    facts: {
      ratio: (question) => facts.ratio(question),
      metric: (question) => facts.metric(question),
      async recentChecks(question) {
        const stored = await facts.recentChecks(question);
        const waiting = [...late.values()].filter((fact) => question.probeIds.includes(fact.probeId) && fact.at >= question.window.from && isNews(fact, stored, question.window.until));
        return waiting.length === 0 ? stored : [...waiting, ...stored];
      },
    },
  };
}

function isNews(fact: CheckFact, stored: readonly CheckFact[], until: UnixMs): boolean {
  if (until - fact.at > forgottenAfterMs) return false;
  return !stored.some((row) => row.probeId === fact.probeId && row.vantage === fact.vantage && row.at >= fact.at);
}

function factOf({ probeId, service, vantage, at, durationMs, attempt }: CheckResult): CheckFact {
  return { probeId, service, vantage, at, durationMs, outcome: 'slow', failureKind: '', reason: '', attempt };
}
