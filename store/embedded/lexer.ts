/** One piece of ClickHouse SQL; spaces and comments are not pieces. `depth` counts the brackets around it. */
export interface Token {
  /** `foreign` is what no ClickHouse statement has outside quotes: bytes beyond ASCII. */
  kind: 'word' | 'number' | 'string' | 'quoted' | 'symbol' | 'foreign';
  start: number;
  end: number;
  depth: number;
}

const wordPart = /[A-Za-z0-9_$]/;
const opening = new Set(['(', '[', '{']);
const closing = new Set([')', ']', '}']);

/** Spaces beyond ASCII as UTF-8 bytes: the engine takes them for spaces, so a word before and after one stand side by side. */
const wideSpace = /^(?:\xc2[\x85\xa0]|\xe1(?:\x9a\x80|\xa0\x8e)|\xe2(?:\x80[\x80-\x8f\xa8-\xaf]|\x81[\x9f-\xa4])|\xe3\x80\x80|\xef\xbb\xbf)/;
const typographic = [
  { kind: 'string', open: '\xe2\x80\x98', close: '\xe2\x80\x99' },
  { kind: 'quoted', open: '\xe2\x80\x9c', close: '\xe2\x80\x9d' },
] as const;

/**
 * Cuts SQL into pieces as ClickHouse's own lexer does, one at a time, so a reader can stop where inline data begins. The text
 * is bytes (Latin-1). A string, comment or heredoc that never ends reaches to the end of the text: the engine then says what is wrong.
 */
export function* tokens(sql: string): Generator<Token, void> {
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    const skipped = skipBlank(sql, at);
    if (skipped > at) {
      at = skipped;
      continue;
    }
    const char = sql.charAt(at);
    const start = at;
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
  if (/[0-9]/.test(char)) return ['number', wordEnd(sql, at)];
  if (wordPart.test(char)) return ['word', wordEnd(sql, at)];
  if (char < '\x80') return ['symbol', at + 1];
  const quote = typographic.find(({ open }) => sql.startsWith(open, at));
  return quote ? [quote.kind, endAfter(sql, quote.close, at + quote.open.length)] : ['foreign', at + 1];
}

/** Past spaces and one comment at `at`; `at` itself when there is neither. */
function skipBlank(sql: string, at: number): number {
  const char = sql.charAt(at);
  if (/[ \t\n\r\f\v]/.test(char)) return at + 1;
  if (char >= '\x80') return at + (wideSpace.exec(sql.slice(at, at + 3))?.[0].length ?? 0);
  if (sql.startsWith('/*', at)) return endAfter(sql, '*/', at + 2);
  const lineComment = sql.startsWith('--', at) || sql.startsWith('//', at) || sql.startsWith('#!', at) || sql.startsWith('# ', at);
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
