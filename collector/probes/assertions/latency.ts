import { z } from 'zod';
import { phaseNames } from '#collector/check.ts';
import type { Assertion } from '#collector/probes/answer.ts';
import { durationText } from '#lib/schema.ts';
import { formatDuration } from '#lib/time.ts';

/** `{ latency: 2s }`, `{ latency: 300ms, phase: firstByte }`: later is a failure; what is merely slow is said by `slow_after`. */
export const latency = z.strictObject({ latency: durationText, phase: z.enum(phaseNames).optional() }).transform(
  ({ latency: most, phase }): Assertion => ({
    about: 'latency',
    judge({ phases }) {
      const took = phase === undefined ? Object.values(phases).reduce((sum, ms) => sum + ms, 0) : (phases[phase] ?? 0);
      if (took <= most) return null;
      const got = `${Math.round(took)}ms`;
      return { kind: 'timeout', reason: `${phase ?? 'latency'} ${got} > ${formatDuration(most)}`, expected: `≤ ${formatDuration(most)}`, got };
    },
  }),
);
