import { describe, expect, it } from 'vitest';
import { durationMs, minute, unixMs } from '#lib/time.ts';
import { askedTogether } from './asked-together.ts';
import type { CheckFact, Facts } from './ports.ts';

const now = unixMs(1_800_000_000_000);
const check = (probeId: string, vantage: string, ago: number): CheckFact => ({
  probeId,
  service: 's',
  vantage,
  at: unixMs(now - ago),
  durationMs: durationMs(1),
  outcome: 'pass',
  failureKind: '',
  reason: '',
  attempt: 0,
});
/** Newest first, a check every ten seconds of each probe and vantage. */
const stored = Array.from({ length: 60 }, (_, index) => ['a', 'b', 'c'].flatMap((probe) => ['bj', 'sh'].map((vantage) => check(probe, vantage, 1 + index * 10_000)))).flat();

/** Answers as the store does, and keeps what it was asked. */
function store() {
  const asked: Parameters<Facts['recentChecks']>[0][] = [];
  const facts: Facts = {
    async recentChecks(question) {
      asked.push(question);
      const { probeIds, limit, window } = question;
      return probeIds.flatMap((probe) =>
        ['bj', 'sh'].flatMap((vantage) => stored.filter((row) => row.probeId === probe && row.vantage === vantage && row.at >= window.from && row.at < window.until).slice(0, limit)),
      );
    },
    ratio: async () => [],
    metric: async () => [],
  };
  return { asked, facts };
}

const question = (probeIds: string[], limit: number, ago: number) => ({ probeIds, limit, window: { from: unixMs(now - ago), until: now } });

describe('questions of one round', () => {
  it('are put as one and answered as each alone would have been', async () => {
    const questions = [question(['a', 'b'], 3, 5 * minute), question(['b', 'c'], 20, 10 * minute), question(['c'], 1, 6 * minute)];
    const { asked, facts } = store();
    const together = askedTogether(facts);
    const answers = await Promise.all(questions.map((one) => together.recentChecks(one)));
    expect(asked).toEqual([{ probeIds: ['a', 'b', 'c'], limit: 20, window: questions[1]?.window }]);
    expect(answers).toEqual(await Promise.all(questions.map((one) => store().facts.recentChecks(one))));
  });

  it('are put apart when one looks much further back', async () => {
    const { asked, facts } = store();
    const together = askedTogether(facts);
    await Promise.all([together.recentChecks(question(['a'], 3, minute)), together.recentChecks(question(['b'], 3, 60 * minute))]);
    expect(asked.length).toBe(2);
  });

  it('fail together when the store is away', async () => {
    const together = askedTogether({ ...store().facts, recentChecks: () => Promise.reject(new Error('away')) });
    const answers = await Promise.allSettled([together.recentChecks(question(['a'], 3, minute)), together.recentChecks(question(['b'], 3, minute))]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
