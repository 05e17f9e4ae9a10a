import type { CheckFact } from '../ports.ts';

/** What counts against a probe and how many good checks end it. */
export interface ProbeTerms {
  fail: number;
  of: number;
  recoverAfter: number;
  outcomes: readonly ('fail' | 'slow')[];
  /** Empty means any kind of failure. */
  failures: readonly string[];
}

/** How one probe looks from one vantage. */
export interface VantageVerdict {
  says: 'breach' | 'between' | 'clear' | 'noData';
  vantage: string;
  bad: number;
  judged: number;
  /** The newest result that counts against it. */
  worst: CheckFact | null;
}

/**
 * Collapses rows into checks: a scheduled check with the re-checks that follow it. A failure counts once its last re-check
 * failed too; a good re-check cancels it; until then the check says nothing.
 */
export function confirmed(newestFirst: readonly CheckFact[], confirmTimes: number): CheckFact[] {
  const checks: CheckFact[] = [];
  let inside = false;
  for (const row of newestFirst) {
    // The first row met of a check is its last attempt, which decides.
    if (!inside) checks.push(row);
    inside = row.attempt > 0;
  }
  return checks.filter((row) => row.outcome !== 'fail' || row.attempt >= confirmTimes);
}

/** N of the last M confirmed results, and recovery only by good ones in a row; what cannot be told (cut off, another kind of failure) is left out. */
export function verdict(vantage: string, checks: readonly CheckFact[], terms: ProbeTerms): VantageVerdict {
  const judged = checks.flatMap((check) => {
    const how = judgeCheck(check, terms);
    return how === 'neither' ? [] : [{ check, how }];
  });
  const bad = judged.slice(0, terms.of).filter(({ how }) => how === 'bad');
  const firstBad = judged.findIndex(({ how }) => how === 'bad');
  const goodInARow = firstBad === -1 ? judged.length : firstBad;
  const common = { vantage, bad: bad.length, judged: Math.min(judged.length, terms.of), worst: bad[0]?.check ?? null };
  if (judged.length === 0) return { ...common, says: 'noData' };
  if (bad.length >= terms.fail) return { ...common, says: 'breach' };
  return { ...common, says: goodInARow >= terms.recoverAfter ? 'clear' : 'between' };
}

function judgeCheck(check: CheckFact, terms: ProbeTerms): 'bad' | 'good' | 'neither' {
  if (check.outcome === 'unknown') return 'neither';
  if (check.outcome === 'pass') return 'good';
  if (check.outcome === 'slow') return terms.outcomes.includes('slow') ? 'bad' : 'good';
  if (!terms.outcomes.includes('fail')) return 'neither';
  return terms.failures.length === 0 || terms.failures.includes(check.failureKind) ? 'bad' : 'neither';
}
