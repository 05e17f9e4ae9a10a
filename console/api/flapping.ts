import type { RecentCheck } from './questions.ts';

/** Changes within the last 21 checks of one vantage: from four on it flaps, and it has come to rest below two. */
const terms = { checks: 21, begins: 4, ends: 2 };

/** Whether a target goes up and down, by what is known of it; checks newest first, each vantage by itself. Slow is up. */
export function isFlapping(newestFirst: readonly Pick<RecentCheck, 'vantage' | 'outcome' | 'maintenance'>[]): boolean {
  const ups = new Map<string, boolean[]>();
  for (const { vantage, outcome, maintenance } of newestFirst) {
    // What is unknown or planned says neither up nor down.
    if (outcome === 'unknown' || maintenance) continue;
    const known = ups.get(vantage);
    if (known) known.push(outcome !== 'fail');
    else ups.set(vantage, [outcome !== 'fail']);
  }
  return [...ups.values()].some((newest) => flaps(newest.reverse()));
}

/** Walks from the oldest on, since whether it flaps now depends on whether it did. */
function flaps(oldestFirst: readonly boolean[]): boolean {
  const changed = oldestFirst.map((up, index) => index > 0 && up !== oldestFirst[index - 1]);
  let flapping = false;
  let changes = 0;
  for (const [index, change] of changed.entries()) {
    changes += Number(change);
    // The change into the oldest check of the window lies outside of it.
    if (index >= terms.checks - 1) changes -= Number(changed[index - terms.checks + 1]);
    if (changes >= terms.begins) flapping = true;
    else if (changes < terms.ends) flapping = false;
  }
  return flapping;
}
