import { IngestError } from './ingest.ts';

export type LabelPair = readonly [name: string, value: string];

const named = /[a-zA-Z_][a-zA-Z0-9_.]*/y;
const blank = /\s*/y;
const quoted = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/y;

/** `{app="shop", env="prod"}` → its pairs, in their order; what is written twice is there twice. */
export function readLabels(text: string): LabelPair[] {
  const pairs: LabelPair[] = [];
  let at = 0;
  const next = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const sign = (wanted: string): boolean => {
    next(blank);
    if (text[at] !== wanted) return false;
    at++;
    return true;
  };
  const need = (wanted: string): void => {
    if (!sign(wanted)) throw unreadable(text, `${wanted} is missing at ${at}`);
  };
  need('{');
  while (!sign('}')) {
    if (pairs.length > 0) need(',');
    // A comma behind the last one is allowed.
    if (pairs.length > 0 && sign('}')) break;
    next(blank);
    const name = next(named);
    if (name === undefined) throw unreadable(text, `no label name at ${at}`);
    need('=');
    next(blank);
    const value = next(quoted);
    if (value === undefined) throw unreadable(text, `no quoted value at ${at}`);
    pairs.push([name, plain(value)]);
  }
  next(blank);
  if (at < text.length) throw unreadable(text, `something follows at ${at}`);
  return pairs;
}

const unreadable = (text: string, why: string): IngestError => new IngestError(400, `labels ${text.slice(0, 100)}: ${why}`);

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\u0007', b: '\b', f: '\f', v: '\v' };

function plain(written: string): string {
  const inner = written.slice(1, -1);
  if (written[0] === '`' || !inner.includes('\\')) return inner;
  return inner.replace(/\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/gs, (sign) =>
    sign.length > 2 ? String.fromCharCode(Number.parseInt(sign.slice(2), 16)) : (escapes[sign.charAt(1)] ?? sign.charAt(1)),
  );
}
