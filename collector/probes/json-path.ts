import { z } from 'zod';

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

/** A JSON path, parsed; a bad one is a problem of the configuration. */
export const jsonPathText = z.string().transform((text, context): { text: string; path: JsonPath } => {
  const path = parseJsonPath(text);
  if (path) return { text, path };
  context.addIssue({ code: 'custom', message: `"${text}" is not a JSON path`, params: { hint: "for example $.data.code, $.items[0].name, $['odd key']" } });
  return z.NEVER;
});

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

/** At most this many are looked at: a list is as long as its sender likes. */
const mostValues = 10_000;

/** Every value at the path, in order. */
export function allAtJsonPath(value: unknown, path: JsonPath): unknown[] {
  let found = [value];
  for (const step of path) {
    const next: unknown[] = [];
    for (const here of found) {
      if (typeof here !== 'object' || here === null) continue;
      if ('every' in step) next.push(...Object.values(here).slice(0, mostValues - next.length));
      else if ('index' in step) next.push(...(Array.isArray(here) ? [here.at(step.index)] : []));
      else if (Object.hasOwn(here, step.name)) next.push((here as Record<string, unknown>)[step.name]);
    }
    found = next.filter((each) => each !== undefined);
  }
  return found;
}
