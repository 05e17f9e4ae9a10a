import { fault } from './fault.ts';
import { type Token, tokens } from './lexer.ts';

/** What has to be known of a statement before it is run; offsets count from its beginning. */
export type Statement = ReadStatement | InsertStatement | { kind: 'other'; end: number; format: undefined };

export interface ReadStatement {
  kind: 'read';
  end: number;
  format: string | undefined;
  /** Not so when planning it, which happens on the event loop, runs subqueries that are not tables. */
  streamable: boolean;
}

export interface InsertStatement {
  kind: 'insert';
  end: number;
  /** Of the data; undefined for INSERT … SELECT without `input()`. */
  format: string | undefined;
  /** Where the words before the data end: at VALUES or FORMAT. */
  headEnd: number;
  /** Where inline data begins. */
  dataStart: number;
  /** Just before the word SETTINGS, when the statement has its own. */
  settingsStart: number | undefined;
  input: { start: number; end: number; structure: string } | undefined;
}

const reading = new Set(['select', 'with', 'from', 'show', 'describe', 'desc', 'explain', 'exists', 'check', '(']);

/** Reads as much of `sql` (its bytes, as Latin-1) as is SQL and not data; refuses what a server refuses over HTTP. */
export function readStatement(sql: string): Statement {
  const reader = new Reader(sql);
  const first = reader.next();
  if (!first) throw fault(62, 'SYNTAX_ERROR', 'Syntax error: the query is empty');
  // The engine takes a beginning it does not know for an empty query and calls that a success.
  if (!/^[A-Za-z(]/.test(reader.text(first))) throw fault(62, 'SYNTAX_ERROR', `Syntax error: failed at position ${first.start + 1}: a statement begins with a word`);
  const word = reader.word(first);
  if (word === 'insert') return readInsert(reader);
  if (reading.has(word)) return readRead(reader, word);
  reader.finish();
  return { kind: 'other', end: reader.end, format: undefined };
}

/** Walks the pieces, remembering the one before and refusing a second statement. */
class Reader {
  readonly sql: string;
  readonly #pieces: Generator<Token, void>;
  previous: Token | undefined;
  current: Token | undefined;
  /** The end of the statement proper, without a closing semicolon. */
  end = 0;
  constructor(sql: string) {
    this.sql = sql;
    this.#pieces = tokens(sql);
  }
  next(): Token | undefined {
    let token = this.#pieces.next().value ?? undefined;
    // What lies between two words does not hide that they stand together; the engine refuses it by itself.
    while (token?.kind === 'foreign' && this.current) token = this.#pieces.next().value ?? undefined;
    if (token && this.text(token) === ';' && token.depth === 0) {
      const end = token;
      while (token && this.text(token) === ';') token = this.#pieces.next().value ?? undefined;
      if (token) throw fault(62, 'SYNTAX_ERROR', `Syntax error (Multi-statements are not allowed): failed at position ${end.start + 1} (end of query)`);
    }
    this.previous = this.current;
    this.current = token;
    if (token) this.end = token.end;
    const both = `${this.word(this.previous)} ${this.word(token)}`;
    // The engine would write and read files of this machine.
    if (both === 'into outfile' || both === 'from infile') throw fault(48, 'NOT_IMPLEMENTED', `${both.toUpperCase()} is not allowed over HTTP`);
    return token;
  }
  finish(): void {
    while (this.next());
  }
  text(token: Token | undefined): string {
    return token ? this.sql.slice(token.start, token.end) : '';
  }
  /** Lower case for words and symbols; empty for anything quoted. */
  word(token: Token | undefined): string {
    return token && (token.kind === 'word' || token.kind === 'symbol') ? this.text(token).toLowerCase() : '';
  }
}

function readRead(reader: Reader, first: string): ReadStatement | InsertStatement {
  const selecting = first === 'select' || first === 'with' || first === 'from' || first === '(';
  let format: string | undefined;
  let streamable = selecting;
  let beforeBracket = '';
  for (let token = reader.next(); token; token = reader.next()) {
    const word = reader.word(token);
    if (word === '(') beforeBracket = reader.word(reader.previous);
    if ((word === 'select' || word === 'with') && reader.word(reader.previous) === '(') streamable &&= /^(from|join|as|all|distinct|\(|)$/.test(beforeBracket);
    // Totals do not come through the engine's streaming door.
    if (word === 'totals' && reader.word(reader.previous) === 'with') streamable = false;
    if (token.depth > 0) continue;
    if (word === 'insert' && first === 'with') return readInsert(reader);
    if (word === 'format') format = formatName(reader) ?? format;
  }
  return { kind: 'read', end: reader.end, format, streamable };
}

function formatName(reader: Reader): string | undefined {
  const before = reader.word(reader.previous);
  const token = reader.next();
  // `format` may also be a column or a function; the clause is followed by a bare name and is never first in a list.
  return token?.kind === 'word' && !['select', ',', '.', 'as'].includes(before) ? reader.text(token) : undefined;
}

function readInsert(reader: Reader): InsertStatement {
  let settingsStart: number | undefined;
  let named = false;
  for (let token = reader.next(); token; token = reader.next()) {
    if (token.depth > 0) continue;
    const word = reader.word(token);
    if (!named) {
      named = !['into', 'table', 'function'].includes(word);
      continue;
    }
    if (reader.word(reader.previous) === '.' || word === '.') continue;
    if (word === 'settings') settingsStart = token.start;
    if (word === 'values') return { kind: 'insert', end: token.end, format: 'Values', headEnd: token.start, dataStart: token.end, settingsStart, input: undefined };
    if (word === 'format') return insertFormat(reader, { settingsStart, input: undefined });
    if (word === 'select' || word === 'with' || (word === '(' && /^\(\s*(select|with)\b/i.test(reader.sql.slice(token.start, token.start + 40)))) return insertSelect(reader, settingsStart);
  }
  return { kind: 'insert', end: reader.end, format: undefined, headEnd: reader.end, dataStart: reader.end, settingsStart, input: undefined };
}

function insertFormat(reader: Reader, known: Pick<InsertStatement, 'settingsStart' | 'input'>): InsertStatement {
  const headEnd = reader.current?.start ?? reader.end;
  // Not `reader.next()`: what follows the name is data, which may look like anything.
  const match = /^\s*([A-Za-z][A-Za-z0-9_]*)[ \t\f]*\r?\n?/.exec(reader.sql.slice(reader.end));
  if (!match?.[1]) throw fault(62, 'SYNTAX_ERROR', 'Syntax error: a format name must follow FORMAT');
  const dataStart = reader.end + match[0].length;
  return { kind: 'insert', end: dataStart, format: match[1], headEnd, dataStart, ...known };
}

function insertSelect(reader: Reader, settingsStart: number | undefined): InsertStatement {
  let input: InsertStatement['input'];
  for (let token = reader.next(); token; token = reader.next()) {
    const word = reader.word(token);
    if (word === 'input') input ??= inputCall(reader, token);
    if (word === 'format' && token.depth === 0 && input) return insertFormat(reader, { settingsStart, input });
  }
  return { kind: 'insert', end: reader.end, format: undefined, headEnd: reader.end, dataStart: reader.end, settingsStart, input: undefined };
}

function inputCall(reader: Reader, name: Token): InsertStatement['input'] {
  if (reader.word(reader.next()) !== '(') return undefined;
  const structure = reader.next();
  if (structure?.kind !== 'string') return undefined;
  const close = reader.next();
  return reader.word(close) === ')' && close ? { start: name.start, end: close.end, structure: reader.text(structure) } : undefined;
}

/** The statement that reads its data from a file instead of from the request. */
export function insertFromFile(sql: string, insert: InsertStatement, path: string): string {
  const file = `'${path}'`;
  if (insert.input) {
    const { start, end, structure } = insert.input;
    return `${sql.slice(0, start)}file(${file}, '${insert.format}', ${structure})${sql.slice(end, insert.headEnd)}`;
  }
  const settingsStart = insert.settingsStart ?? insert.headEnd;
  return `${sql.slice(0, settingsStart)} FROM INFILE ${file} ${sql.slice(settingsStart, insert.headEnd)} FORMAT ${insert.format}`;
}

const beyondReading = new Set(['file', 'catboostevaluate']);

/**
 * What a read-only request could still do outside the tables: the engine guards table functions, but not these. They are
 * refused as names wherever they stand, for a function may be called without brackets (`* APPLY file`).
 */
export function assertOnlyReads(sql: string): void {
  const bytes = Buffer.from(sql).toString('latin1');
  let first = true;
  for (const { kind, start, end } of tokens(bytes)) {
    if (kind === 'string' || kind === 'foreign') continue;
    const text = bytes.slice(start, end);
    const name = text.replaceAll(/[^A-Za-z]/g, '').toLowerCase();
    // An escape inside a quoted name could spell anything.
    if (beyondReading.has(name) || (kind === 'quoted' && text.includes('\\')) || (first && name === 'kill'))
      throw fault(164, 'READONLY', `default: Cannot execute query in readonly mode: ${text} is not allowed`);
    first = false;
  }
}
