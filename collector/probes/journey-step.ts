import { z } from 'zod';
import { failureKinds } from '#collector/check.ts';
import { assertionSchema } from './assertion.ts';
import { regexText } from './compare.ts';
import { headerMap, methodText } from './http-shape.ts';
import { jsonPathText } from './json-path.ts';

/** How a step of a journey is written: the request, what must hold, what is kept, and the answer known beforehand. */

const requestSchema = z
  .strictObject({
    method: methodText.optional(),
    /** May be relative to the step before. */
    url: z.string().min(1),
    headers: headerMap.default({}),
    form: z.record(z.string(), z.coerce.string()).optional(),
    json: z.unknown().optional(),
    body: z.string().optional(),
  })
  .refine(({ form, json, body }) => [form, json, body].filter((part) => part !== undefined).length <= 1, { message: 'has more than one body', params: { hint: 'keep one of form, json, body' } });

/** `$.data.token`, or a map with one of json, header, regex (its first group), cookie. */
const extractSchema = z.union([
  jsonPathText.transform((json) => ({ json })),
  z.strictObject({ json: jsonPathText }),
  z.strictObject({ header: z.string().min(1) }),
  z.strictObject({ regex: regexText }),
  z.strictObject({ cookie: z.string().min(1) }),
]);

/** Where a business code hides inside a 200 answer, which codes are good, and what the others mean. */
const codesSchema = z.strictObject({
  path: jsonPathText,
  ok: z.union([z.array(z.coerce.string()), z.coerce.string()]).transform((value) => [value].flat()),
  map: z.record(z.string(), z.enum(failureKinds)).default({}),
  message: jsonPathText.optional(),
});

/** The record known beforehand; a wrong field is a wrong answer, no record is a missing one. */
const goldenSchema = z.strictObject({ json: jsonPathText, equals: z.record(z.string(), z.unknown()) });

export const stepSchema = z.strictObject({
  name: z.string().min(1).max(60),
  request: requestSchema,
  extract: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'a stored name is letters, digits and "_"'), extractSchema).default({}),
  expect: z.array(assertionSchema).default([]),
  codes: codesSchema.optional(),
  golden: goldenSchema.optional(),
  /** What a failed assertion of this step means, for example `login`. */
  fails_as: z.enum(failureKinds).optional(),
});
export type JourneyStep = z.output<typeof stepSchema>;
export type Extract = z.output<typeof extractSchema>;
