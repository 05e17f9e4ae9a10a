/** What bytes say as text; other encodings are refused, with the line of the first byte that does not fit, rather than read as something else. */
type Utf8 = { ok: true; text: string } | { ok: false; line: number };

export const notUtf8 = { message: 'is not UTF-8 text', hint: 'save the file as UTF-8; this line holds the first byte that is not' } as const;

export function readUtf8(bytes: Uint8Array): Utf8 {
  const strict = new TextDecoder('utf-8', { fatal: true });
  try {
    const text = strict.decode(bytes);
    const nul = text.indexOf('\u0000');
    return nul < 0 ? { ok: true, text } : { ok: false, line: lineAt(text, nul) };
  } catch {
    const text = new TextDecoder('utf-8').decode(bytes);
    return { ok: false, line: lineAt(text, text.indexOf('\uFFFD')) };
  }
}

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length;
