import type { CheckResult } from '#collector/check.ts';
import type { LogRecord } from '#collector/log.ts';
import type { Field } from '#lib/kinds.ts';
import type { Actor } from '#lib/people.ts';
import type { Problem } from '#lib/problem.ts';
import type { Bilingual } from '#lib/text.ts';
import type { DiffLine } from '#lib/text-diff.ts';
import type { UnixMs } from '#lib/time.ts';

/** Editing the configuration by generated forms: the port the root implements, and what the browser reads of it. Files stay the truth. */

export const editableSections = ['probes', 'sources'] as const;
export type EditableSection = (typeof editableSections)[number];

/** A field with what holds when it is left empty, as it would be written. */
export type FormField = Field & { default?: string };
export interface FormKind {
  kind: string;
  label: Bilingual;
  fields: readonly FormField[];
  /** Why entries of this kind are only to be changed in the file; null when a form may. */
  readOnly: Bilingual | null;
  /** Whether an entry can be tried before it is saved. */
  tryable: boolean;
}
/** GET /api/v1/config/forms */
export interface FormsView {
  /** Why nothing can be written; null when it can. */
  closed: Bilingual | null;
  /** The folder new entries go to, as shown. */
  folder: string;
  sections: Record<EditableSection, readonly FormKind[]>;
  /** What a field's `from` stands for. */
  choices: Record<'services' | 'vantages' | 'probes', readonly { value: string; label: Bilingual }[]>;
}

/** One change of one file, as kept; newest first in lists. */
export interface ChangeNote<At = UnixMs> {
  id: string;
  at: At;
  actor: string;
  action: 'create' | 'edit' | 'remove' | 'undo';
  section: EditableSection;
  entry: string;
  file: string;
  diff: readonly DiffLine[];
  /** Whether the file still is as this change left it, so that it can be undone. */
  undoable: boolean;
}
export interface EntryOf<At = UnixMs> {
  section: EditableSection;
  id: string;
  kind: string;
  file: string;
  line: number;
  /** As it stands in the file, secrets as •••. */
  yaml: string;
  /** As written, references kept, secrets as •••. */
  values: Readonly<Record<string, unknown>>;
  /** The same as YAML, for fields that are written as a text. */
  texts: Readonly<Record<string, string>>;
  readOnly: Bilingual | null;
  changes: readonly ChangeNote<At>[];
}

/** What a person wants changed: only what they touched. Keys within a map are joined by a dot. */
export interface ChangeAsk {
  section: EditableSection;
  /** Null for a new entry. */
  id: string | null;
  kind: string;
  set: Readonly<Record<string, unknown>>;
  /** Fields written as YAML. */
  texts: Readonly<Record<string, string>>;
  unset: readonly string[];
}
export interface FormProblem {
  /** `assert[0].json`, relative to the entry; empty for the entry as a whole. */
  path: string;
  message: Bilingual;
  hint: Bilingual;
}
export interface Preview {
  action: 'create' | 'edit' | 'remove';
  file: string;
  /** Of the file as it is now; hand it in to apply what was seen. Empty where there is no file yet. */
  hash: string;
  diff: readonly DiffLine[];
  problems: readonly FormProblem[];
  /** What is wrong in other places of the configuration. */
  elsewhere: readonly Problem[];
}
export type Previewed = { ok: true; preview: Preview } | { ok: false; code: 'not-found' | 'forbidden' | 'invalid'; message: Bilingual; problems: readonly FormProblem[] };
export type Applied =
  | { ok: true; change: string; entry: string; file: string; diff: readonly DiffLine[] }
  | { ok: false; code: 'not-found' | 'forbidden' | 'invalid' | 'conflict'; message: Bilingual; problems: readonly FormProblem[]; preview: Preview | null };

export interface By {
  actor: Actor;
  now: UnixMs;
}
export interface EditingDesk {
  forms(): FormsView;
  entry(ask: { section: EditableSection; id: string }): Promise<EntryOf | null>;
  /** Nothing is written. */
  preview(ask: ChangeAsk): Promise<Previewed>;
  previewRemoval(ask: { section: EditableSection; id: string }): Promise<Previewed>;
  /** Answers once the new configuration is in force, or the old file is back. */
  apply(ask: ChangeAsk & By & { hash: string }): Promise<Applied>;
  remove(ask: { section: EditableSection; id: string; hash: string } & By): Promise<Applied>;
  undo(ask: { change: string } & By): Promise<Applied>;
  changes(): Promise<readonly ChangeNote[]>;
  tryProbe(ask: ChangeAsk): Promise<{ ok: true; result: CheckResult } | Extract<Previewed, { ok: false }>>;
  /** The given lines, or the first of a file the saved source reads. */
  trySource(
    ask: ChangeAsk & { lines: readonly string[] | null; now: UnixMs },
  ): Promise<{ ok: true; file: string | null; records: readonly LogRecord[]; lines: number } | Extract<Previewed, { ok: false }>>;
}
