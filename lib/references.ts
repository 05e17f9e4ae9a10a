import { type Path, pathText } from './yaml-source.ts';

/** `{ from: 'probes[].service', to: 'services[].id' }`: every value found at `from` must be one of those at `to`. */
export interface Reference {
  from: string;
  to: string;
}

export interface Issue {
  path: Path;
  message: string;
  hint: string;
}

/** Every value at a pattern, with its path; `[]` walks a list, `**` walks any depth of the key that follows it. */
export function valuesAt(raw: unknown, pattern: string): { path: Path; value: unknown }[] {
  let found: { path: Path; value: unknown }[] = [{ path: [], value: raw }];
  for (const step of pattern.replaceAll('[]', '.[]').split('.')) {
    if (step === '') continue;
    found = found.flatMap(({ path, value }) => walk(path, value, step));
  }
  return found;
}

function walk(path: Path, value: unknown, step: string): { path: Path; value: unknown }[] {
  if (step === '[]') return Array.isArray(value) ? value.map((entry, index) => ({ path: [...path, index], value: entry as unknown })) : [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  if (step.endsWith('**')) {
    const key = step.slice(0, -2);
    const children = (value as Record<string, unknown>)[key];
    const here = { path, value };
    return [here, ...(Array.isArray(children) ? children.flatMap((child, index) => walk([...path, key, index], child, step)) : [])];
  }
  const child = (value as Record<string, unknown>)[step];
  return child === undefined ? [] : [{ path: [...path, step], value: child }];
}

/** References that point at nothing, each with what there is to point at. */
export function danglingReferences(raw: unknown, references: readonly Reference[]): Issue[] {
  return references.flatMap(({ from, to }) => {
    const known = valuesAt(raw, to).map(({ value }) => String(value));
    return valuesAt(raw, from)
      .filter(({ value }) => typeof value === 'string' && !known.includes(value))
      .map(({ path, value }) => ({
        path,
        message: `"${String(value)}" is not among ${to.replace('[]', '')}`,
        hint: known.length ? `known: ${known.slice(0, 12).join(', ')}` : `add it under ${to.split('[')[0]}`,
      }));
  });
}

/** Entries whose name is taken by an earlier one. */
export function duplicateIds(raw: unknown, patterns: readonly string[]): Issue[] {
  return patterns.flatMap((pattern) => {
    const first = new Map<string, Path>();
    return valuesAt(raw, pattern).flatMap(({ path, value }) => {
      const id = String(value);
      const earlier = first.get(id);
      if (earlier === undefined) {
        first.set(id, path);
        return [];
      }
      return [{ path, message: `"${id}" is already used at ${pathText(earlier)}`, hint: 'every id is used once' }];
    });
  });
}
