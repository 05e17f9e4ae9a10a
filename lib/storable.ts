/**
 * Two things JSON can say and Postgres cannot keep: the character NUL and half of a surrogate pair. Both come only from broken or hostile
 * input, and one such text must not stop a commit; they are kept as U+FFFD, the mark of an unreadable character.
 */
export function storableJson(json: string): string {
  return json.includes('\\u') ? json.replace(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\ufffd')) : json;
}

/** The same for a plain text. Half surrogates turn into U+FFFD by themselves when a text is written as UTF-8. */
export const storableText = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\ufffd') : text);
