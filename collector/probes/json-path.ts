import { z } from 'zod';

/**
 * The part of JSONPath (RFC 9535) probes need: `$.data.items[0].name`, `$['odd key']`, `$.items[-1]`, `$.items[1:3]`,
 * `$.items[*].id`, `$..id`, `$.items[?(@.id == 2)].price` with one comparison, or none for "has it".
 */

type Scalar = string | number | boolean | null;
const operators = ['==', '!=', '<=', '>=', '<', '>'] as const;
interface Condition {
  path: JsonPath;
  /** Null asks only whether there is a value. */
  compared: { operator: (typeof operators)[number]; with: Scalar } | null;
}
export type PathStep = { name: string } | { index: number } | { every: true } | { from: number; to: number | undefined } | { deep: string } | { where: Condition };
export type JsonPath = readonly PathStep[];

const name = String.raw`[\p{L}_$][\p{L}\p{N}_$-]*`;
const place = String.raw`\.${name}|\[-?\d{1,9}\]|\['[^']*'\]|\["[^"]*"\]`;
const literal = String.raw`-?\d{1,15}(?:\.\d{1,15})?|true|false|null|'[^']*'|"[^"]*"`;
const filterText = String.raw`\[\?\s*(\(?)\s*@((?:${place}){0,20})\s*(?:(==|!=|<=|>=|<|>)\s*(${literal})\s*)?(\)?)\s*\]`;
const token = new RegExp(String.raw`\.\*|\.\.(${name})|\.(${name})|\[\*\]|\[(-?\d{1,9})\]|\[(-?\d{0,9}):(-?\d{0,9})\]|\['([^']*)'\]|\["([^"]*)"\]|${filterText}`, 'uy');

/** Undefined when the text is not a path. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return undefined;
  const steps: PathStep[] = [];
  token.lastIndex = 1;
  while (token.lastIndex < text.length) {
    const step = readStep(token.exec(text));
    if (step === undefined) return undefined;
    steps.push(step);
  }
  // Values at any depth of values at any depth are as many as their product.
  return steps.filter((step) => 'deep' in step).length > 1 ? undefined : steps;
}

function readStep(match: RegExpExecArray | null): PathStep | undefined {
  if (!match) return undefined;
  const [, deep, plain, index, from, to, single, double, opened, inner, operator, value, closed] = match;
  if (index !== undefined) return { index: Number(index) };
  if (deep !== undefined) return { deep };
  if (from !== undefined) return { from: from === '' ? 0 : Number(from), to: to === '' || to === undefined ? undefined : Number(to) };
  const named = plain ?? single ?? double;
  if (named !== undefined) return { name: named };
  if (inner === undefined) return { every: true };
  if ((opened === '') !== (closed === '')) return undefined;
  // The path inside is read by the same expression, whose place must not be lost.
  const resumeAt = token.lastIndex;
  const path = parseJsonPath(`$${inner}`);
  token.lastIndex = resumeAt;
  const how = operators.find((one) => one === operator);
  return path && { where: { path, compared: how === undefined || value === undefined ? null : { operator: how, with: readLiteral(value) } } };
}

const readLiteral = (text: string): Scalar => (text.startsWith("'") ? text.slice(1, -1) : text.startsWith('"') ? text.slice(1, -1) : (JSON.parse(text) as Scalar));

/** A JSON path, parsed; a bad one is a problem of the configuration. */
export const jsonPathText = z.string().transform((text, context): { text: string; path: JsonPath } => {
  const path = parseJsonPath(text);
  if (path) return { text, path };
  context.addIssue({ code: 'custom', message: `"${text}" is not a JSON path`, params: { hint: "for example $.data.code, $.items[0].name, $['odd key'], $.items[?(@.id == 2)].price" } });
  return z.NEVER;
});

/** At most this many are looked at: a list is as long as its sender likes. */
const mostValues = 10_000;

/** What a step leads to from here. */
function ahead(here: unknown, step: PathStep): readonly unknown[] {
  if (typeof here !== 'object' || here === null) return [];
  if ('name' in step) return Object.hasOwn(here, step.name) ? [(here as Record<string, unknown>)[step.name]] : [];
  if ('index' in step) return Array.isArray(here) ? [here.at(step.index)] : [];
  if ('every' in step) return Object.values(here);
  if ('from' in step) return Array.isArray(here) ? here.slice(step.from, step.to) : [];
  if ('deep' in step) return within(here, step.deep);
  return Object.values(here)
    .slice(0, mostValues)
    .filter((value) => holds(value, step.where));
}

/** Every value of that name at any depth, outer ones first. */
function within(here: object, wanted: string): unknown[] {
  const found: unknown[] = [];
  const waiting: object[] = [here];
  for (let seen = 0; seen < waiting.length && seen < mostValues; seen++) {
    const at = waiting[seen] as object;
    if (Object.hasOwn(at, wanted)) found.push((at as Record<string, unknown>)[wanted]);
    for (const value of Object.values(at)) if (typeof value === 'object' && value !== null && waiting.length < mostValues) waiting.push(value);
  }
  return found;
}

function holds(value: unknown, { path, compared }: Condition): boolean {
  const seen = readJsonPath(value, path);
  if (compared === null) return seen !== undefined;
  const { operator, with: wanted } = compared;
  if (operator === '==') return seen === wanted;
  if (operator === '!=') return seen !== wanted;
  if (typeof seen === 'number' && typeof wanted === 'number') return inOrder(operator, seen - wanted);
  return typeof seen === 'string' && typeof wanted === 'string' && inOrder(operator, seen < wanted ? -1 : seen > wanted ? 1 : 0);
}

const inOrder = (operator: '<' | '<=' | '>' | '>=', difference: number): boolean =>
  operator === '<' ? difference < 0 : operator === '<=' ? difference <= 0 : operator === '>' ? difference > 0 : difference >= 0;

/** The first value at the path; undefined when there is none. */
export function readJsonPath(value: unknown, path: JsonPath): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  for (const child of ahead(value, step)) {
    const found = readJsonPath(child, rest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every value at the path, in order. */
export function allAtJsonPath(value: unknown, path: JsonPath): unknown[] {
  let found = [value];
  for (const step of path) {
    const next: unknown[] = [];
    for (const here of found) next.push(...ahead(here, step).slice(0, mostValues - next.length));
    found = next.filter((each) => each !== undefined);
  }
  return found;
}
