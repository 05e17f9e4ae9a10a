import { lex, nameOf, type Token, written } from './questions-sql-lexer.ts';

/** What `GET /api/v1/query` may read, by name. */
export const documentedViews = ['checks', 'logs', 'samples', 'check_10s', 'check_1m', 'check_1h', 'request_10s', 'request_1m', 'request_1h', 'alert_transitions', 'deliveries'] as const;

/** What the engine says it has; everything outside `documentedViews` is closed. */
export interface EngineNames {
  databases: readonly string[];
  tables: readonly string[];
  tableFunctions: readonly string[];
  functions: readonly { name: string; aliasTo: string; categories: string; origin: string }[];
}

export type Guarded = { ok: true; statement: string } | { ok: false; reason: string };

/** Lower-case names that may not appear. */
export interface Closed {
  names: ReadonlySet<string>;
  functions: ReadonlySet<string>;
}

/** Table functions that only make up or parse rows. */
const harmlessTables = new Set(['numbers', 'format', 'generateseries', 'generate_series', 'values']);
/** Some builds of the engine have these without listing them. */
const alwaysClosed = ['python', 'url', 'file', 's3', 'remote', 'executable'];
/** Functions of these sorts read files, other tables, dictionaries, the machine or the network. */
const closedSorts = /Dictionary|Introspection|Internal|Machine Learning|\bAI\b/;
/** "Other" is a mixed bag; of it only these look at nothing but their arguments. */
const openOther =
  /^(bar|byteSize|countDigits|digits|finalizeAggregation|initializeAggregation|formatReadable\w+|parseReadable\w+|parseTimeDelta|identity|ignore|isConstant|isDecimalOverflow|materialize|transform|toTypeName|toColumnTypeName|MAC\w+|lowCardinality\w+|runningDifference\w*|runningAccumulate|neighbor|rowNumber\w+|visibleWidth|minSampleSize\w+|variantElement|variantType|getSubcolumn)$/;

/** Draws the line through what the engine has. */
export function closedNames({ databases, tables, tableFunctions, functions }: EngineNames): Closed {
  const open = new Set<string>(documentedViews);
  const isClosed = (entry: EngineNames['functions'][number]): boolean =>
    entry.origin !== 'System' || closedSorts.test(entry.categories) || (/Other/.test(entry.categories) && !openOther.test(entry.name));
  const closedFunctions = new Set(functions.filter(isClosed).map((entry) => entry.name));
  const aliases = functions.filter((entry) => entry.aliasTo !== '' && closedFunctions.has(entry.aliasTo)).map((entry) => entry.name);
  const lower = (list: Iterable<string>): string[] => [...list].map((name) => name.toLowerCase());
  return {
    names: new Set([...lower(databases), 'system', 'information_schema', ...lower(tables).filter((name) => !open.has(name))].filter((name) => name !== 'fenghuo')),
    functions: new Set([...alwaysClosed, ...lower(tableFunctions).filter((name) => !harmlessTables.has(name)), ...lower(closedFunctions), ...lower(aliases)]),
  };
}

/** One SELECT over the documented views: comments dropped, nothing else read, nothing written, no settings of its own. */
export function guarded(statement: string, closed: Closed): Guarded {
  const lexed = lex(statement.trim().replace(/;\s*$/, ''));
  if (!lexed.ok) return lexed;
  const { tokens } = lexed;
  const first = tokens.find((token) => token.text !== '(');
  if (!first || !/^(select|with)$/i.test(first.text)) return { ok: false, reason: 'only a SELECT statement is answered here' };
  for (const [index, token] of tokens.entries()) {
    const problem = problemOf(token, tokens[index + 1]?.text === '(', closed);
    if (problem !== null) return { ok: false, reason: problem };
  }
  return { ok: true, statement: written(tokens) };
}

/** Words that write a file, change a limit or look at plans. */
const closedWords = new Set(['into', 'outfile', 'infile', 'settings', 'explain']);

function problemOf(token: Token, called: boolean, closed: Closed): string | null {
  const name = nameOf(token)?.toLowerCase();
  if (name === undefined) return null;
  if (token.kind === 'word' && closedWords.has(name)) return `${token.text} is not answered here`;
  if (token.kind === 'word' && name === 'format' && !called) return 'the answer is always JSON; leave FORMAT out';
  if (name.split('.').some((part) => closed.names.has(part))) return `${token.text} is outside the documented views: ${documentedViews.join(', ')}`;
  if (called && closed.functions.has(name)) return `${token.text}() reads from outside the documented views`;
  return null;
}
