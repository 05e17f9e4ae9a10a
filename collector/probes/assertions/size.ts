import { z } from 'zod';
import type { Assertion } from '#collector/probes/answer.ts';

const range = z
  .strictObject({ min: z.number().int().min(0).optional(), max: z.number().int().min(0).optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, { message: 'has no limit', params: { hint: 'for example { size: { min: 500, max: 200000 } }' } })
  .refine(({ min = 0, max = Number.POSITIVE_INFINITY }) => min <= max, { message: 'min is above max', params: { hint: 'for example { size: { min: 500, max: 200000 } }' } });

/** `{ size: { min: 500, max: 200000 } }`: bytes of the body once unpacked. */
export const size = z.strictObject({ size: range }).transform(({ size: { min, max } }): Assertion => {
  const expected = [min === undefined ? [] : `≥ ${min}`, max === undefined ? [] : `≤ ${max}`].flat().join(', ');
  return {
    about: 'size',
    judge({ bodyBytes }) {
      if (bodyBytes >= (min ?? 0) && bodyBytes <= (max ?? bodyBytes)) return null;
      return { kind: 'assertion', reason: `size ${bodyBytes} B, ≠ ${expected}`, expected: `${expected} B`, got: `${bodyBytes} B` };
    },
  };
});
