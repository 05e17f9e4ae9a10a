import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Assertion, type Miss, notJson } from '#collector/probes/answer.ts';
import { shown } from '#collector/probes/compare.ts';
import { type JsonPath, jsonPathText, parseJsonPath, readJsonPath } from '#collector/probes/json-path.ts';

/** A field that came back otherwise than known. */
export interface Difference {
  field: string;
  expected: unknown;
  got: unknown;
}

/** `{ golden: $.data, equals: { number: "26…", amount: "1280.00" } }`: a wrong field is a wrong answer, no record a missing one. */
export const golden = z
  .strictObject({
    golden: jsonPathText,
    equals: z.record(z.string(), z.unknown()).refine((fields) => Object.keys(fields).length > 0, { message: 'names no field', params: { hint: 'for example equals: { amount: "1280.00" }' } }),
  })
  .transform(
    ({ golden: at, equals }): Assertion => ({
      about: 'record',
      judge(answer) {
        const body = answer.json();
        return body === undefined ? notJson(answer) : againstKnown(body, { ...at, equals });
      },
    }),
  );

/** Compares the record at the path with the known one. */
export function againstKnown(body: unknown, { text, path, equals }: { text: string; path: JsonPath; equals: Readonly<Record<string, unknown>> }): Miss | null {
  const record = readJsonPath(body, path);
  if (record === undefined || record === null || (Array.isArray(record) && record.length === 0)) {
    return { kind: 'missing', reason: `${text} = ${shown(record)}`, expected: shown(equals), got: shown(record) };
  }
  return differing(differences(equals, record));
}

/** The fields of the known answer that came back otherwise; fields nobody expected are of no interest. */
function differences(expected: Readonly<Record<string, unknown>>, record: unknown): Difference[] {
  return Object.entries(expected).flatMap(([field, wanted]) => {
    const got = readJsonPath(record, parseJsonPath(`$.${field}`) ?? [{ name: field }]);
    return isDeepStrictEqual(got, wanted) ? [] : [{ field, expected: wanted, got: got ?? null }];
  });
}

/** Said field by field; null when nothing differs. */
export function differing(difference: readonly Difference[]): Miss | null {
  if (difference.length === 0) return null;
  const reason = difference.map(({ field, expected, got }) => `${field}: ${shown(got ?? undefined)} ≠ ${shown(expected)}`).join('; ');
  const side = (name: 'expected' | 'got') =>
    difference
      .map((each) => `${each.field}: ${shown(each[name] ?? undefined)}`)
      .join('; ')
      .slice(0, 300);
  return { kind: 'mismatch', reason: reason.slice(0, 300), expected: side('expected'), got: side('got'), evidence: { difference } };
}
