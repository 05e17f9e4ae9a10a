import { RE2JS } from 're2js';
import type { Labels } from '#lib/labels.ts';

export const matcherOperators = ['=', '!=', '=~', '!~'] as const;
export type MatcherOperator = (typeof matcherOperators)[number];

/** One condition on one label; an absent label counts as empty. Plain data, so that it can be stored and compared. */
export interface Matcher {
  name: string;
  operator: MatcherOperator;
  value: string;
}

export type MatcherParse = { ok: true; matchers: Matcher[] } | { ok: false; message: string };

// Alertmanager's regular expressions are RE2; the same engine keeps a hostile pattern from hanging the dispatcher.
const compiled = new Map<string, RE2JS>();

function pattern(source: string): RE2JS {
  const known = compiled.get(source);
  if (known) return known;
  const made = RE2JS.compile(`^(?:${source})$`, RE2JS.DOTALL);
  if (compiled.size > 2_000) compiled.clear();
  compiled.set(source, made);
  return made;
}

/** Says what is wrong with a regular expression, or nothing. */
export function patternProblem(source: string): string | undefined {
  try {
    pattern(source);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function matches(matcher: Matcher, labels: Labels): boolean {
  const value = labels[matcher.name] ?? '';
  if (matcher.operator === '=') return value === matcher.value;
  if (matcher.operator === '!=') return value !== matcher.value;
  return pattern(matcher.value).matches(value) === (matcher.operator === '=~');
}

export const matchesAll = (matchers: readonly Matcher[], labels: Labels): boolean => matchers.every((matcher) => matches(matcher, labels));

/** Reads `severity="critical"`, `{a=b, c=~"d|e"}`, `"quoted name"!="x"`. */
export function parseMatchers(text: string): MatcherParse {
  const inner = text
    .trim()
    .replace(/^\{([\s\S]*)\}$/, '$1')
    .trim();
  const matchers: Matcher[] = [];
  for (const part of splitOutsideQuotes(inner)) {
    const parsed = parseOne(part);
    if (typeof parsed === 'string') return { ok: false, message: parsed };
    matchers.push(parsed);
  }
  if (matchers.length === 0 && inner !== '') return { ok: false, message: `"${text}" holds no matcher` };
  return { ok: true, matchers };
}

export const formatMatcher = ({ name, operator, value }: Matcher): string => `${/^[A-Za-z_][\w.:]*$/.test(name) ? name : JSON.stringify(name)}${operator}${JSON.stringify(value)}`;

function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let current = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? '';
    if (letter === '\\' && quoted) {
      current += letter + (text[++at] ?? '');
      continue;
    }
    if (letter === '"') quoted = !quoted;
    if (letter === ',' && !quoted) {
      parts.push(current);
      current = '';
    } else current += letter;
  }
  parts.push(current);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function parseOne(part: string): Matcher | string {
  const found = /^("(?:[^"\\]|\\.)*"|[^\s=!~"{},]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^"]*)$/s.exec(part);
  if (!found) return `"${part}" is not a matcher; write it like severity="critical"`;
  const [, name = '', operator = '', value = ''] = found;
  const matcher: Matcher = { name: unquote(name), operator: operator as MatcherOperator, value: unquote(value) };
  const problem = matcher.operator.endsWith('~') ? patternProblem(matcher.value) : undefined;
  return problem ? `"${part}": bad regular expression: ${problem}` : matcher;
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text.trim();
  return text.slice(1, -1).replace(/\\(.)/gs, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}
