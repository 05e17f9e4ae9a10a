import { describe, expect, test } from 'vitest';
import type { Field, Kind } from '#lib/kinds.ts';
import { languages } from '#lib/text.ts';
import { formats } from './formats/index.ts';
import { keysOnlyInFile, kindsOnlyInFile } from './only-in-file.ts';
import { assertionSubjects } from './probes/assertion.ts';
import { assertField } from './probes/assertion-fields.ts';
import { probeKinds } from './probes/index.ts';
import { sourceKinds } from './sources/index.ts';

/** Every option of every kind can be set in its form, or is named among those that only the file may hold. */

type AnyKind = Pick<Kind<unknown, never>, 'kind' | 'fields' | 'schema'>;
const named = (family: string, kinds: readonly AnyKind[]) => kinds.map((kind) => ({ name: `${family} ${kind.kind}`, kind }));
const all = [...named('probe', probeKinds), ...named('source', sourceKinds), ...named('format', formats)];
const first = (id: string): string => id.split('.')[0] ?? '';

const nested = (fields: readonly Field[]): Field[] => fields.flatMap((field) => [field, ...(field.variants ?? []).flatMap((variant) => nested(variant.fields))]);

describe.each(all.filter(({ kind }) => kindsOnlyInFile[kind.kind] === undefined))('the form of $name', ({ kind }) => {
  const keys = Object.keys(kind.schema.shape).filter((key) => key !== 'kind');

  test('has every key, once, and no other', () => {
    const formed = [...new Set(kind.fields.map(({ id }) => first(id)))];
    const left = keys.filter((key) => !formed.includes(key) && keysOnlyInFile[key] === undefined && keysOnlyInFile[`${kind.kind}.${key}`] === undefined);
    expect(left, 'write a field for it, or a reason in collector/only-in-file.ts').toEqual([]);
    expect(formed.filter((key) => !keys.includes(key))).toEqual([]);
    const ids = kind.fields.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test('says what each is in both languages', () => {
    for (const { id, label, help, input, options, variants } of nested(kind.fields)) {
      for (const language of languages) expect([label[language].trim(), help?.[language].trim()], `${id} ${language}`).not.toContain('');
      if (input === 'select') expect(options?.length, id).toBeGreaterThan(0);
      if (input === 'items' || input === 'kind') expect(variants?.length, id).toBeGreaterThan(0);
    }
  });
});

test('every assertion has a form, told apart by its key', () => {
  expect(assertField.variants?.map(({ key }) => key).toSorted()).toEqual([...assertionSubjects].toSorted());
  for (const { key, fields } of assertField.variants ?? []) expect(first(fields[0]?.id ?? ''), key).toBe(key);
});
