/** One piece of ClickHouse SQL; spaces and comments are not pieces. `depth` counts the brackets around it. */
export interface Token {
  kind: 'word' | 'number' | 'string' | 'quoted' | 'symbol';
  start: number;
  end: number;
  depth: number;
}

const wordStart = /[A-Za-z_\u0080-\uffff]/;
const wordPart = /[A-Za-z0-9_$\u0080-\uffff]/;
const opening = new Set(['(', '[', '{']);
const closing = new Set([')', ']', '}']);

/**
 * Cuts SQL into pieces as ClickHouse's own lexer does, one at a time, so a reader can stop where inline data begins.
 * A string, comment or heredoc that never ends reaches to the end of the text: the engine then says what is wrong.
 */
export function* tokens(sql: string): Generator<Token, void> {
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    const char = sql.charAt(at);
    const start = at;
    const skipped = skipBlank(sql, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    if (closing.has(char)) depth = Math.max(0, depth - 1);
    const [kind, end] = piece(sql, at);
    at = end;
    yield { kind, start, end, depth };
    if (opening.has(char)) depth++;
  }
}

function piece(sql: string, at: number): [Token['kind'], number] {
  const char = sql.charAt(at);
  if (char === "'") return ['string', quotedEnd(sql, at)];
  if (char === '"' || char === '`') return ['quoted', quotedEnd(sql, at)];
  if (char === '$') return heredoc(sql, at);
  if (wordStart.test(char)) return ['word', wordEnd(sql, at)];
  if (/[0-9]/.test(char)) return ['number', wordEnd(sql, at)];
  return ['symbol', at + 1];
}

/** Past spaces and one comment at `at`; `at` itself when there is neither. */
function skipBlank(sql: string, at: number): number {
  if (/\s/.test(sql.charAt(at))) return at + 1;
  if (sql.startsWith('/*', at)) return endAfter(sql, '*/', at + 2);
  const lineComment = sql.startsWith('--', at) || sql.startsWith('#!', at) || sql.startsWith('# ', at);
  return lineComment ? endAfter(sql, '\n', at) : at;
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from);
  return found < 0 ? sql.length : found + mark.length;
}

/** Quotes end at the same quote, unless a backslash stands before it or it is doubled. */
function quotedEnd(sql: string, at: number): number {
  const quote = sql.charAt(at);
  for (let end = at + 1; end < sql.length; end++) {
    const char = sql.charAt(end);
    if (char === '\\') end++;
    else if (char === quote && sql.charAt(end + 1) === quote) end++;
    else if (char === quote) return end + 1;
  }
  return sql.length;
}

/** `$tag$ anything $tag$`; a lone dollar sign belongs to a word. */
function heredoc(sql: string, at: number): [Token['kind'], number] {
  const tag = /^\$[A-Za-z0-9_]*\$/.exec(sql.slice(at, at + 130))?.[0];
  if (!tag || sql.indexOf(tag, at + tag.length) < 0) return ['word', Math.max(at + 1, wordEnd(sql, at))];
  return ['string', endAfter(sql, tag, at + tag.length)];
}

function wordEnd(sql: string, at: number): number {
  let end = at;
  while (end < sql.length && wordPart.test(sql.charAt(end))) end++;
  return end;
}
