import type { EntryView } from '#console/api/config-routes.ts';
import type { ChangeAsk, EditableSection, FormKind, FormProblem } from '#console/api/editing.ts';
import { at } from './written.ts';

/** What a person has changed in the form of one entry; what they did not touch is not sent. */
export class EntryForm {
  readonly section: EditableSection;
  readonly entry: EntryView | null;
  kind: string = $state('');
  set: Readonly<Record<string, unknown>> = $state.raw({});
  texts: Readonly<Record<string, string>> = $state.raw({});
  unset: readonly string[] = $state.raw([]);
  problems: readonly FormProblem[] = $state.raw([]);
  touched: boolean = $state(false);

  constructor(section: EditableSection, entry: EntryView | null, start: { kind: string; set: Readonly<Record<string, unknown>> }) {
    this.section = section;
    this.entry = entry;
    this.kind = start.kind;
    this.set = start.set;
  }

  value(id: string): unknown {
    if (Object.hasOwn(this.set, id)) return this.set[id];
    return this.unset.includes(id) ? undefined : at(this.entry?.values, id);
  }

  text(id: string): string {
    if (this.unset.includes(id)) return '';
    return this.texts[id] ?? this.entry?.texts[id] ?? '';
  }

  change(id: string, value: unknown): void {
    const { [id]: _, ...rest } = this.set;
    const before = at(this.entry?.values, id);
    this.touched = true;
    this.unset = this.unset.filter((each) => each !== id);
    if (value === undefined) {
      this.set = rest;
      if (before !== undefined) this.unset = [...this.unset, id];
    } else this.set = JSON.stringify(value) === JSON.stringify(before) ? rest : { ...rest, [id]: value };
  }

  changeText(id: string, text: string): void {
    const { [id]: _, ...rest } = this.texts;
    const before = this.entry?.texts[id];
    this.touched = true;
    this.unset = this.unset.filter((each) => each !== id);
    if (text.trim() === '') {
      this.texts = rest;
      if (before !== undefined) this.unset = [...this.unset, id];
    } else this.texts = text === before ? rest : { ...rest, [id]: text };
  }

  /** Another kind keeps what it has a field for. */
  choose({ kind, fields }: FormKind): void {
    const known = new Set(fields.map(({ id }) => id));
    this.kind = kind;
    this.set = Object.fromEntries(Object.entries(this.set).filter(([id]) => known.has(id)));
    this.texts = {};
    this.problems = [];
  }

  get changed(): boolean {
    return this.touched && (Object.keys(this.set).length > 0 || Object.keys(this.texts).length > 0 || this.unset.length > 0);
  }

  ask(): Omit<ChangeAsk, 'section'> {
    return { id: this.entry?.id ?? null, kind: this.kind, set: this.set, texts: this.texts, unset: this.unset };
  }
}

/** The problems of a field, their paths relative to it. */
export function problemsOf(problems: readonly FormProblem[], id: string): FormProblem[] {
  return problems
    .filter(({ path }) => path === id || path.startsWith(`${id}.`) || path.startsWith(`${id}[`))
    .map((problem) => ({ ...problem, path: problem.path.slice(id.length).replace(/^\./, '') }));
}
