import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Assertion, notJson } from '#collector/probes/answer.ts';
import { type JsonPath, jsonPathText } from '#collector/probes/json-path.ts';
import { type Difference, differing } from './golden.ts';

/** More of them tell nobody more. */
const mostDifferences = 20;

/** What is ignored is a place, whatever else is in the answer. */
const placeText = jsonPathText.refine(({ path }) => path.every((step) => 'name' in step || 'index' in step || 'every' in step), {
  message: 'is not a place',
  params: { hint: 'write names, numbers and [*] only, for example $.items[*].id' },
});

/** `{ json_equals: { … }, ignore: [$.servedAt, "$.items[*].id"] }`: the whole body is this value, but for what is ignored. */
export const jsonEquals = z.strictObject({ json_equals: z.unknown(), ignore: z.array(placeText).max(100).default([]) }).transform(
  ({ json_equals: wanted, ignore }): Assertion => ({
    about: 'json',
    judge(answer) {
      const body = answer.json();
      if (body === undefined) return notJson(answer);
      const difference: Difference[] = [];
      compare({ wanted, got: body, at: [] }, { difference, ignored: ignore.map(({ path }) => path) });
      const miss = differing(difference);
      return miss && { ...miss, kind: 'assertion' };
    },
  }),
);

type Place = readonly (string | number)[];
interface Pair {
  wanted: unknown;
  got: unknown;
  at: Place;
}

/** Goes no deeper than what was written down, so a hostile body cannot make it. */
function compare({ wanted, got, at }: Pair, all: { difference: Difference[]; ignored: readonly JsonPath[] }): void {
  if (all.difference.length >= mostDifferences || isDeepStrictEqual(wanted, got) || all.ignored.some((path) => leadsTo(path, at))) return;
  if (Array.isArray(wanted) && Array.isArray(got)) {
    for (let index = 0; index < Math.max(wanted.length, got.length) && all.difference.length < mostDifferences; index++) compare({ wanted: wanted[index], got: got[index], at: [...at, index] }, all);
  } else if (isMap(wanted) && isMap(got)) {
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(got)])) compare({ wanted: own(wanted, name), got: own(got, name), at: [...at, name] }, all);
  } else {
    all.difference.push({ field: pathText(at), expected: wanted ?? null, got: got ?? null });
  }
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (map: Record<string, unknown>, name: string): unknown => (Object.hasOwn(map, name) ? map[name] : undefined);
const pathText = (at: Place): string => `$${at.map((step) => (typeof step === 'number' ? `[${step}]` : /^[\p{L}_][\p{L}\p{N}_]*$/u.test(step) ? `.${step}` : `['${step}']`)).join('')}`;

function leadsTo(path: JsonPath, at: Place): boolean {
  return path.length === at.length && path.every((step, index) => 'every' in step || ('index' in step ? step.index : 'name' in step ? step.name : undefined) === at[index]);
}
