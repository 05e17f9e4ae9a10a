import type { z } from 'zod';
import { kindsOnlyInFile } from '#collector/only-in-file.ts';
import { probeKinds } from '#collector/probes/index.ts';
import { sourceKinds } from '#collector/sources/index.ts';
import type { Config } from '#config';
import type { EditableSection, FormField, FormKind, FormsView } from '#console/api/editing.ts';
import type { Kind } from '#lib/kinds.ts';
import { type DurationMs, formatDuration } from '#lib/time.ts';

/** Every kind as a form: its fields with what holds when they are left empty. */

type AnyKind = Pick<Kind<unknown, never>, 'kind' | 'label' | 'fields' | 'schema'>;
const kinds: Record<EditableSection, readonly AnyKind[]> = { probes: probeKinds, sources: sourceKinds };
/** Beats come from elsewhere: there is nothing to look at. */
const untryable = new Set(['exec', 'push']);

export const kindOf = (section: EditableSection, name: unknown): AnyKind | undefined => kinds[section].find(({ kind }) => kind === name);

type Definition = { type: string; defaultValue?: unknown; innerType?: z.core.$ZodType; in?: z.core.$ZodType; shape?: Record<string, z.core.$ZodType> };
const definitionOf = (type: z.core.$ZodType): Definition => type._zod.def as unknown as Definition;

/** What zod would fill in for a key, however it is wrapped; undefined when nothing. */
function defaultOf(type: z.core.$ZodType | undefined, path: readonly string[]): unknown {
  if (!type) return undefined;
  const { type: name, defaultValue, innerType, in: from, shape } = definitionOf(type);
  if (name === 'object') return path.length === 0 ? undefined : defaultOf(shape?.[path[0] ?? ''], path.slice(1));
  if ((name === 'default' || name === 'prefault') && path.length === 0) return defaultValue;
  return defaultOf(innerType ?? from, path);
}

function defaultText(value: unknown, input: FormField['input']): string | undefined {
  if (typeof value === 'number') return input === 'duration' ? formatDuration(value as DurationMs) : String(value);
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function formOf(section: EditableSection, { kind, label, fields, schema }: AnyKind): FormKind {
  const readOnly = section === 'probes' ? (kindsOnlyInFile[kind] ?? null) : null;
  const shown = fields.map((field): FormField => {
    const text = defaultText(defaultOf(schema, field.id.split('.')), field.input);
    return text === undefined ? field : { ...field, default: text };
  });
  return { kind, label, fields: shown, readOnly, tryable: section === 'probes' ? !untryable.has(kind) : 'format' in schema.shape };
}

export function formsOf({ services, vantages, probes }: Config, { closed, folder }: Pick<FormsView, 'closed' | 'folder'>): FormsView {
  const same = (value: string) => ({ value, label: { 'zh-CN': value, en: value } });
  return {
    closed,
    folder,
    sections: { probes: kinds.probes.map((kind) => formOf('probes', kind)), sources: kinds.sources.map((kind) => formOf('sources', kind)) },
    choices: {
      services: services.map(({ id, name }) => ({ value: id, label: name })),
      vantages: vantages.map(({ id, region, carrier }) => {
        const text = `${region} ${carrier}`.trim() || id;
        return { value: id, label: { 'zh-CN': text, en: text === id ? id : `${text} (${id})` } };
      }),
      probes: probes.map(({ id }) => same(id)),
    },
  };
}
