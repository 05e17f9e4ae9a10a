import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import { z } from 'zod';

/** How a value seen is compared with what is expected; regular expressions run in linear time. */

/** A regular expression in RE2 syntax, compiled; a bad one is a problem of the configuration. */
export const regexText = z.string().transform((text, context): RE2JS => {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `"${text}" is not a regular expression: ${error instanceof Error ? error.message : String(error)}`,
      params: { hint: 'RE2 syntax: no look-around, no back-references' },
    });
    return z.NEVER;
  }
});

export const comparisonShape = {
  equals: z.unknown().optional(),
  not_equals: z.unknown().optional(),
  contains: z.string().optional(),
  matches: regexText.optional(),
  above: z.number().optional(),
  below: z.number().optional(),
  /** Of a text in characters, of a list or map in entries. */
  length: z.number().int().min(0).optional(),
  exists: z.boolean().optional(),
};
const comparisonNames = Object.keys(comparisonShape);
export type Comparison = z.output<z.ZodObject<typeof comparisonShape>>;

/** True when at least one comparison is written; an assertion without one would say nothing. */
export const saysSomething = (raw: object): boolean => comparisonNames.some((name) => name in raw);

/** What was expected, in a few words, when `seen` falls short; null when it does not. */
export function shortfall(seen: unknown, expected: Comparison): string | null {
  if (expected.exists !== undefined && (seen !== undefined) !== expected.exists) return expected.exists ? 'present' : 'absent';
  if ('equals' in expected && !isDeepStrictEqual(seen, expected.equals)) return shown(expected.equals);
  if ('not_equals' in expected && isDeepStrictEqual(seen, expected.not_equals)) return `≠ ${shown(expected.not_equals)}`;
  if (expected.contains !== undefined && !asText(seen).includes(expected.contains)) return `∋ ${shown(expected.contains)}`;
  if (expected.matches !== undefined && !expected.matches.matcher(asText(seen)).find()) return `~ ${expected.matches.pattern()}`;
  if (expected.above !== undefined && !(asNumber(seen) > expected.above)) return `> ${expected.above}`;
  if (expected.below !== undefined && !(asNumber(seen) < expected.below)) return `< ${expected.below}`;
  if (expected.length !== undefined && lengthOf(seen) !== expected.length) return `length ${expected.length}`;
  return null;
}

/** Nothing, an empty text and a list are no numbers, whatever the language makes of them. */
const asNumber = (value: unknown): number => (typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN);

function lengthOf(value: unknown): number | undefined {
  if (typeof value === 'string') return [...value].length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : undefined;
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));

/** A value as a person reads it, short. */
export function shown(value: unknown): string {
  const text = value === undefined ? '∅' : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
