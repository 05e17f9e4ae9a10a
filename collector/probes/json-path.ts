/** The part of JSONPath probes need: `$.data.items[0].name`, `$['odd key']`, `$.items[-1]`, `$.items[*].id` (first match). */

type PathStep = { name: string } | { index: number } | { every: true };
export type JsonPath = readonly PathStep[];

/** Undefined when the text is not a path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: PathStep[] = [];
  const token = /\.\*|\.([\p{L}_$][\p{L}\p{N}_$-]*)|\[\*\]|\[(-?\d{1,9})\]|\['([^']*)'\]|\["([^"]*)"\]/uy;
  token.lastIndex = 1;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) return undefined;
    const [, name, index, single, double] = match;
    if (index !== undefined) steps.push({ index: Number(index) });
    else if (name !== undefined || single !== undefined || double !== undefined) steps.push({ name: name ?? single ?? double ?? '' });
    else steps.push({ every: true });
  }
  return steps;
}

/** The first value at the path; undefined when there is none. */
export function readJsonPath(value: unknown, path: JsonPath): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if ('every' in step) {
    for (const child of Object.values(value)) {
      const found = readJsonPath(child, rest);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if ('index' in step) return Array.isArray(value) ? readJsonPath(value.at(step.index), rest) : undefined;
  return Object.hasOwn(value, step.name) ? readJsonPath((value as Record<string, unknown>)[step.name], rest) : undefined;
}
