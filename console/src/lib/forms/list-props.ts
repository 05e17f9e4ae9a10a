import type { Component } from 'svelte';
import type { FormField, FormProblem, FormsView } from '#console/api/editing.ts';
import type { Variant } from '#lib/kinds.ts';

/** What an input of options within options is given. */
export interface VariantProps {
  list: ListProps['list'];
  value: unknown;
  variants: readonly Variant[];
  problems: readonly FormProblem[];
  choices: FormsView['choices'];
  onchange: (value: unknown) => void;
}

/** What a list of fields is given; fields within fields are drawn by the same list, handed down. */
export interface ListProps {
  list: Component<ListProps>;
  fields: readonly FormField[];
  value: (id: string) => unknown;
  text?: (id: string) => string;
  problems: readonly FormProblem[];
  choices: FormsView['choices'];
  fixed?: readonly string[];
  onchange: (id: string, value: unknown) => void;
  ontext?: (id: string, text: string) => void;
}
