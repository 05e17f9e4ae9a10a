import { z } from 'zod';
import type { Bilingual } from './text.ts';

/** One input of a generated form. */
export interface Field {
  /** The configuration key it edits; of a key within a map both, joined by a dot. */
  id: string;
  label: Bilingual;
  /**
   * `long` is a text of several lines, `value` any scalar or JSON, `yaml` a part too deep for inputs; `items` is a list of small
   * maps and `kind` a name with options of its own, both described by `variants`.
   */
  input: 'text' | 'long' | 'url' | 'duration' | 'number' | 'secret' | 'select' | 'list' | 'switch' | 'map' | 'value' | 'yaml' | 'items' | 'kind';
  required: boolean;
  options?: readonly { value: string; label: Bilingual }[];
  help?: Bilingual;
  /** What its values are names of. */
  from?: 'services' | 'vantages' | 'probes';
  /** Of a map: what its values are may not be shown. */
  secret?: boolean;
  /** Of a map: numbers, true and JSON among its values are meant as such. */
  typed?: boolean;
  variants?: readonly Variant[];
}

/** What an item of a list may be, told by the key it has, or which kind stands here. */
export interface Variant {
  key: string;
  label: Bilingual;
  fields: readonly Field[];
}

/**
 * A kind of probe, source, format, rule, sender or step: it carries its own configuration shape, form and labels,
 * and turns a parsed configuration into the ready thing, so its configuration type never leaks.
 */
export interface Kind<Ready, Context = void> {
  readonly kind: string;
  readonly label: Bilingual;
  readonly fields: readonly Field[];
  /** Strict: an unknown key is an error. Includes the discriminating `kind` and the shape shared by its family. */
  readonly schema: z.ZodObject;
  /** What a schema cannot say: keys that contradict each other. */
  readonly disagreements: (config: never) => readonly Disagreement[];
  /** Takes what `schema` gave; throws only on a bug. */
  readonly make: (config: never, context: Context) => Ready;
}

/** A complaint about keys that do not fit together; the path is relative to the entry. */
export interface Disagreement {
  path: PropertyKey[];
  message: string;
  hint: string;
}

interface KindDefinition<Name extends string, Shape extends z.ZodRawShape, Ready, Context> {
  kind: Name;
  label: Bilingual;
  fields: readonly Field[];
  shape: Shape;
  agree?(config: z.output<z.ZodObject<Shape>>): readonly Disagreement[];
  make(config: z.output<z.ZodObject<Shape>>, context: Context): Ready;
}

/** Writes a kind down; `shape` holds the shared shape of the family spread in by the caller. */
export function defineKind<const Name extends string, Shape extends z.ZodRawShape, Ready, Context = void>(
  definition: KindDefinition<Name, Shape, Ready, Context>,
): Kind<Ready, Context> & { readonly kind: Name } {
  const { kind, label, fields, shape, make, agree = () => [] } = definition;
  const disagreements = agree as (config: never) => readonly Disagreement[];
  return { kind, label, fields, schema: z.strictObject({ ...shape, kind: z.literal(kind) }), disagreements, make: make as (config: never, context: Context) => Ready };
}

export type KindParse<Ready> = { ok: true; ready: Ready; config: Record<string, unknown> } | { ok: false; issues: readonly z.core.$ZodIssue[] };

/** Finds the kind, parses and makes; issues carry paths relative to `raw`. An unknown kind is an issue that lists the known ones. */
export function buildKind<Ready, Context>(kinds: readonly Kind<Ready, Context>[], raw: Record<string, unknown>, context: Context): KindParse<Ready> {
  const kind = kinds.find((candidate) => candidate.kind === raw.kind);
  if (!kind) {
    const known = kinds.map((candidate) => candidate.kind);
    return { ok: false, issues: [{ code: 'custom', path: ['kind'], message: `"${String(raw.kind)}" is not a known kind`, input: raw.kind, params: { hint: `one of ${known.join(', ')}` } }] };
  }
  const parsed = kind.schema.safeParse(raw);
  if (!parsed.success) return { ok: false, issues: parsed.error.issues };
  const disagreements = kind.disagreements(parsed.data as never);
  if (disagreements.length > 0) return { ok: false, issues: disagreements.map(({ path, message, hint }) => ({ code: 'custom', path, message, input: raw, params: { hint } })) };
  return { ok: true, ready: kind.make(parsed.data as never, context), config: parsed.data };
}
