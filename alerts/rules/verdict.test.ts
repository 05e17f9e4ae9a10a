import { expect, test } from 'vitest';
import { durationMs, unixMs } from '#lib/time.ts';
import type { CheckFact } from '../ports.ts';
import { confirmed, type ProbeTerms, verdict } from './verdict.ts';

/** Newest first: `f` fail, `p` pass, `s` slow, `u` unknown, `c` a failure of kind captcha; a digit behind it is the attempt. */
function facts(text: string): CheckFact[] {
  const outcomes = { f: 'fail', c: 'fail', p: 'pass', s: 'slow', u: 'unknown' } as const;
  return text
    .split(' ')
    .filter(Boolean)
    .map((word, index): CheckFact => {
      const letter = (word[0] ?? 'p') as keyof typeof outcomes;
      return {
        probeId: 'home',
        service: 'invoice',
        vantage: 'bj',
        at: unixMs(1_000_000 - index * 1_000),
        durationMs: durationMs(1),
        outcome: outcomes[letter],
        failureKind: letter === 'c' ? 'captcha' : letter === 'f' ? 'status' : '',
        reason: '',
        attempt: Number(word[1] ?? 0),
      };
    });
}

const terms = (more: Partial<ProbeTerms> = {}): ProbeTerms => ({ fail: 1, of: 1, recoverAfter: 2, outcomes: ['fail'], failures: [], ...more });

test.each<{ name: string; rows: string; confirm?: number; terms?: Partial<ProbeTerms>; says: string }>([
  { name: 'nothing seen is no data', rows: '', says: 'noData' },
  { name: 'a failure without re-checks counts at once', rows: 'f p p', says: 'breach' },
  { name: 'a failure that waits for its re-check says nothing yet', rows: 'f p p', confirm: 1, says: 'clear' },
  { name: 'a failed re-check confirms it', rows: 'f1 f p', confirm: 1, says: 'breach' },
  { name: 'a good re-check cancels it', rows: 'p1 f p', confirm: 1, says: 'clear' },
  { name: 'two re-checks: one is not enough', rows: 'f1 f p p', confirm: 2, says: 'clear' },
  { name: 'one good check after a failure is not yet recovery', rows: 'p f1 f', confirm: 1, says: 'between' },
  { name: 'two good checks in a row are', rows: 'p p f1 f', confirm: 1, says: 'clear' },
  { name: 'two of the last three', rows: 'f p f', terms: { fail: 2, of: 3 }, says: 'breach' },
  { name: 'two of the last three, one too old', rows: 'f p p f', terms: { fail: 2, of: 3 }, says: 'between' },
  { name: 'unknown is neither good nor bad', rows: 'u u f', says: 'breach' },
  { name: 'only unknown is no data', rows: 'u u u', says: 'noData' },
  { name: 'slow is good unless the rule says it is not', rows: 's s', says: 'clear' },
  { name: 'slow counts where the rule says so', rows: 's p', terms: { outcomes: ['fail', 'slow'] }, says: 'breach' },
  { name: 'a rule for one kind of failure leaves other kinds aside', rows: 'f f c', terms: { failures: ['captcha'] }, says: 'breach' },
  { name: 'another kind of failure is no recovery either', rows: 'f f p c', terms: { failures: ['captcha'] }, says: 'between' },
])('$name', ({ rows, confirm = 0, terms: more, says }) => {
  expect(verdict('bj', confirmed(facts(rows), confirm), terms(more)).says).toBe(says);
});
