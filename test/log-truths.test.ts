import { expect, it } from 'vitest';
import { compareAll, haveSamples, samples } from './log-truths.ts';

if (!haveSamples) console.error(`skipped: the sample logs are not at ${samples}`);

it.skipIf(!haveSamples)('every sample log is read as its truth says, or differs for a reason that is written down', async () => {
  const verdicts = await compareAll();
  expect(verdicts.length).toBeGreaterThan(600);
  expect(verdicts.filter(({ verdict }) => verdict === 'differs')).toEqual([]);
});
