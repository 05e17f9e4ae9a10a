/** Reads a statement someone typed into tokens, and refuses whatever two readers could read differently. */
export type Token = { kind: 'word' | 'quotedName' | 'string' | 'number' | 'sign'; text: string };
export type Tokens = { ok: true; tokens: readonly Token[] } | { ok: false; reason: string };

const whitespace = /[ \t\r\n]+/y;
const lineComment = /--[^\n]*/y;
const blockComment = /\/\*[\s\S]*?\*\//y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:0x[0-9A-Fa-f]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)/y;
// Backslashes only before a quote, a backslash or a simple control letter: nothing that could end the text elsewhere.
const text = /'(?:[^'\\]|''|\\['\\ntr%_0bfav])*'/y;
const tickName = /`[A-Za-z_][A-Za-z0-9_ ./:-]*`/y;
const quotedName = /"[A-Za-z_][A-Za-z0-9_ ./:-]*"/y;
// A comment that is never closed is no division and no product.
const sign = /(?!\/\*)(?:->|<=>|<=|>=|<>|!=|==|\|\||::|[()[\],.*+\-/%=<>?:])/y;

const skipped = [whitespace, lineComment, blockComment];
const kinds: [Token['kind'], RegExp][] = [
  ['word', word],
  ['number', number],
  ['string', text],
  ['quotedName', tickName],
  ['quotedName', quotedName],
  ['sign', sign],
];

export function lex(statement: string): Tokens {
  const tokens: Token[] = [];
  let at = 0;
  while (at < statement.length) {
    const gap = skipped.map((pattern) => matchedAt(pattern, statement, at)).find((found) => found !== null);
    if (gap) {
      at += gap.length;
      continue;
    }
    const found = kinds.map(([kind, pattern]) => ({ kind, text: matchedAt(pattern, statement, at) })).find((candidate) => candidate.text !== null);
    if (!found?.text) return { ok: false, reason: `"${statement.slice(at, at + 20)}" at character ${at + 1} cannot be read; one statement without braces, semicolons, heredocs or unusual quotes` };
    tokens.push({ kind: found.kind, text: found.text });
    at += found.text.length;
  }
  return { ok: true, tokens };
}

function matchedAt(pattern: RegExp, statement: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(statement)?.[0] ?? null;
}

/** The name a token stands for: a bare word, or what its quotes hold. */
export const nameOf = (token: Token): string | null => (token.kind === 'word' ? token.text : token.kind === 'quotedName' ? token.text.slice(1, -1) : null);

/** Exactly what was read and nothing else: comments gone, one blank between tokens. */
export const written = (tokens: readonly Token[]): string => tokens.map((token) => token.text).join(' ');
