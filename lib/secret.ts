import { inspect } from 'node:util';

/** A value that prints as ••• wherever it is logged, inspected or serialised; `reveal()` is the only way to read it. */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return '•••';
  }
  toJSON(): string {
    return '•••';
  }
  [inspect.custom](): string {
    return '•••';
  }
}

/** What `${NAME}` in the configuration stood for: plain text wherever it is used, and never to be shown. */
const filledIn = new Set<string>();
/** Shorter values would be found in every other word. */
const shortestHidden = 6;

/** Remembers a value that came from the environment. */
export function noteSecret(value: string): void {
  if (value.length >= shortestHidden) filledIn.add(value);
}

/** The text with every remembered value as •••; the longest first, since one may hold another. */
export function hideSecrets(text: string): string {
  let shown = text;
  for (const value of [...filledIn].sort((a, b) => b.length - a.length)) if (shown.includes(value)) shown = shown.replaceAll(value, '•••');
  return shown;
}
