import type { Span } from '#lib/series.ts';
import { type Condition, type Params, rowsIn } from './questions-ask.ts';

export interface LogSearch {
  span: Span;
  q: string;
  service: string;
  level: string;
  status: string;
  outcome: string;
  source: string;
  limit: number;
  before: string;
}

/** OpenTelemetry's severity ranges by name; 0 (not known) reads as info. */
export const levelOf = `multiIf(severity = 0, 'info', severity <= 4, 'trace', severity <= 8, 'debug', severity <= 12, 'info', severity <= 16, 'warn', severity <= 20, 'error', 'fatal')`;

/** Words that can be asked as `name:value` inside the search text, and the column they mean. */
const columns = {
  user: 'user',
  client: 'client',
  path: 'path',
  route: 'route',
  method: 'method',
  reason: 'login_reason',
  login: 'login_outcome',
  error: 'error_type',
  source: 'source',
  service: 'service',
} as const;
type ColumnName = keyof typeof columns;
const isColumn = (name: string): name is ColumnName => Object.hasOwn(columns, name);

export interface Term {
  text: string;
  column: ColumnName | null;
  /** Leading minus: rows that do not match. */
  out: boolean;
}

/** Splits `验证码 user:demo -"not this"` into terms; anything unclosed or odd is searched for as it stands. */
export function terms(q: string): Term[] {
  return [...q.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g)].flatMap(([whole, minus, name, phrase, word]): Term[] => {
    const text = phrase ?? word ?? '';
    if (text === '') return [];
    if (name === undefined) return [{ text, column: null, out: minus === '-' }];
    return isColumn(name) ? [{ text, column: name, out: minus === '-' }] : [{ text: whole.replace(/^-/, ''), column: null, out: minus === '-' }];
  });
}

const likeText = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** The search as a condition over `logs`; every value is bound. */
export function matching(search: LogSearch): Condition {
  const during = rowsIn('timestamp', search.span);
  const parts: string[] = [during.sql];
  const params: Params = { ...during.params };
  const among = (name: string, expression: string, values: readonly string[]) => {
    if (values.length === 0) return;
    parts.push(`${expression} IN {${name}:Array(String)}`);
    params[name] = values;
  };
  among('service', 'service', list(search.service));
  among('source', 'source', list(search.source));
  among('outcome', 'outcome', list(search.outcome));
  among('level', levelOf, list(search.level));
  const statuses = list(search.status);
  // "5xx" and "404" may be mixed: the code itself, or its class.
  if (statuses.length > 0) {
    parts.push(`(toString(status) IN {status:Array(String)} OR (status > 0 AND concat(toString(intDiv(status, 100)), 'xx') IN {status:Array(String)}))`);
    params.status = statuses;
  }
  for (const [index, term] of terms(search.q).slice(0, 20).entries()) {
    const name = `term${index}`;
    // lower() leaves Chinese as it is and lets the n-gram index answer for ASCII.
    const test = term.column === null ? `lower(body) LIKE lower({${name}:String})` : `${columns[term.column]} = {${name}:String}`;
    parts.push(term.out ? `NOT (${test})` : test);
    params[name] = term.column === null ? likeText(term.text) : term.text;
  }
  return { sql: parts.join(' AND '), params };
}

/** Where the next page begins: the millisecond of the last record and how many of that millisecond were already shown. */
export interface Place {
  at: number;
  seen: number;
}
export function placeOf(text: string): Place | null {
  const cursor = /^(\d{1,15})\.(\d{1,9})$/.exec(text);
  if (cursor) return { at: Number(cursor[1]), seen: Number(cursor[2]) };
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : { at: at - 1, seen: 0 };
}
