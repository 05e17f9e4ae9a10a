import type { Field } from '#lib/kinds.ts';

/** Between what stands in a field and what is written in the configuration. */

const asJson = (text: string): { value: unknown } | null => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
};

/** Numbers, true, null and JSON are meant as such; anything else, `001` among it, is text. */
const typed = (text: string): unknown => asJson(text)?.value ?? (text.trim() === 'null' ? null : text);
const shownTyped = (value: unknown): string => (typeof value !== 'string' ? JSON.stringify(value) : asJson(value) ? JSON.stringify(value) : value);

export function textOf(value: unknown, input: Field['input']): string {
  if (value === undefined || value === null) return '';
  if (input === 'value') return shownTyped(value);
  if (input === 'list') return (Array.isArray(value) ? value : [value]).map((each) => (typeof each === 'object' ? JSON.stringify(each) : String(each))).join('\n');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Undefined where the field is empty: then the default holds. */
export function valueFrom(text: string, input: Field['input']): unknown {
  if (text.trim() === '') return undefined;
  switch (input) {
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case 'value':
      return typed(text);
    case 'list':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
    case 'switch':
      return text === 'true';
    case 'select':
      // A family or a version is a number in the file.
      return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'long':
      return text;
    default:
      return text.trim();
  }
}

type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `size.min` of `{ size: { min: 5 } }` → 5. */
export const at = (value: unknown, id: string): unknown => id.split('.').reduce<unknown>((inner, key) => (isPlain(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined), value);

/** The map with the value at `id`, or without it; a map that became empty goes. */
export function put(map: Plain, id: string, value: unknown): Plain {
  const [key = '', ...rest] = id.split('.');
  const { [key]: inner, ...others } = map;
  const next = rest.length === 0 ? value : put(isPlain(inner) ? inner : {}, rest.join('.'), value);
  if (next === undefined || (rest.length > 0 && isPlain(next) && Object.keys(next).length === 0)) return others;
  return key in map ? Object.fromEntries(Object.entries(map).map(([name, each]) => [name, name === key ? next : each])) : { ...others, [key]: next };
}
