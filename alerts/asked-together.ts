import type { CheckFact, Facts } from './ports.ts';

type ChecksQuestion = Parameters<Facts['recentChecks']>[0];
interface Asking {
  question: ChecksQuestion;
  answered: PromiseWithResolvers<readonly CheckFact[]>;
}

/** For one round of rules: each question is put once, and questions about checks that come at the same moment are put as one. */
export function askedTogether(facts: Facts): Facts {
  const asked = new Map<string, Promise<unknown>>();
  const once =
    <Question, Answer>(name: string, ask: (question: Question) => Promise<Answer>) =>
    (question: Question): Promise<Answer> => {
      const key = `${name} ${JSON.stringify(question)}`;
      const known = asked.get(key) as Promise<Answer> | undefined;
      if (known) return known;
      const answer = ask(question);
      asked.set(key, answer);
      return answer;
    };
  return {
    recentChecks: once('checks', inOne(facts)),
    ratio: once('ratio', (question) => facts.ratio(question)),
    metric: once('metric', (question) => facts.metric(question)),
  };
}

function inOne(facts: Facts): Facts['recentChecks'] {
  let waiting: Asking[] = [];
  const askAll = (): void => {
    const groups = Map.groupBy(waiting, ({ question }) => kinship(question));
    waiting = [];
    for (const group of groups.values()) void answer(facts, group);
  };
  return (question) => {
    const answered = Promise.withResolvers<readonly CheckFact[]>();
    if (waiting.push({ question, answered }) === 1) queueMicrotask(askAll);
    return answered.promise;
  };
}

/** Only windows of like length are joined: nobody's hour is read for the sake of another's minute. */
const kinship = ({ window: { from, until } }: ChecksQuestion): string => `${until} ${Math.ceil(Math.log2(Math.max(1, until - from)) / 2)}`;

async function answer(facts: Facts, group: readonly Asking[]): Promise<void> {
  const [first, ...others] = group;
  if (!first) return;
  try {
    const rows = await facts.recentChecks(others.reduce((joined, { question }) => union(joined, question), first.question));
    for (const { question, answered } of group) answered.resolve(others.length === 0 ? rows : partOf(rows, question));
  } catch (error) {
    for (const { answered } of group) answered.reject(error);
  }
}

const union = (a: ChecksQuestion, b: ChecksQuestion): ChecksQuestion => ({
  probeIds: [...new Set([...a.probeIds, ...b.probeIds])],
  limit: Math.max(a.limit, b.limit),
  window: a.window.from <= b.window.from ? a.window : b.window,
});

/** What the question alone would have been answered: rows come newest first. */
function partOf(rows: readonly CheckFact[], { probeIds, limit, window }: ChecksQuestion): CheckFact[] {
  const wanted = new Set(probeIds);
  const taken = new Map<string, number>();
  return rows.filter(({ probeId, vantage, at }) => {
    if (!wanted.has(probeId) || at < window.from) return false;
    const key = `${probeId}\n${vantage}`;
    const count = (taken.get(key) ?? 0) + 1;
    taken.set(key, count);
    return count <= limit;
  });
}
