import type { AttributeValue } from '#collector/log.ts';

const mostFields = 200;

/** The `key=value` pairs of a line, quotes taken off; a word that is none is passed over. */
export function readPairs(line: string): Map<string, AttributeValue> {
  const fields = new Map<string, AttributeValue>();
  const pair = /([^\s="]{1,200})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?=\s|$)/gy;
  let at = 0;
  while (at < line.length && fields.size < mostFields) {
    pair.lastIndex = at;
    const match = pair.exec(line);
    if (match) fields.set(match[1] ?? '', match[2] === undefined ? (match[3] ?? '') : unescaped(match[2]));
    const end = match ? pair.lastIndex : line.indexOf(' ', at);
    if (end < 0) break;
    at = end;
    while (line.charCodeAt(at) === 32 || line.charCodeAt(at) === 9) at++;
  }
  return fields;
}

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_all, next: string) => (next === 'n' ? '\n' : next === 't' ? '\t' : next));
