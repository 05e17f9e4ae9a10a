import { isDeepStrictEqual } from 'node:util';
import { isAlias, isMap, isScalar, isSeq, type Pair, parseDocument } from 'yaml';
import { hideSecrets } from './secret.ts';
import { type Page, spliced } from './yaml-splice.ts';

/** Keeps what may be a secret from whoever reads the configuration in a browser, and puts it back when they hand it in unchanged. */

export const hiddenMark = '•••';
type Plain = Record<string, unknown>;
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

const secretKey = /(^|[-_.])(secrets?|password|passwd|pwd|token|authorization|cookie|credentials?|bearer|signature|key|client_certificate)$/i;
/** What stands under these says where to find a value and is none itself. */
const placeKeys = new Set(['extract', 'store']);
const credentials = /^([a-z][a-z0-9+.-]{1,20}:\/\/)[^/?#@\s]+@/i;
const queryCredential = /([?&](?:access_?token|token|key|api_?key|secret|sign|signature|password)=)[^&#\s]+/gi;
/** `${NAME}` and `{{name}}`, alone or behind the word for how it is sent, say nothing by themselves and help the reader. */
const reference = /^((Bearer|Basic|Token) )?(\$\{[A-Za-z_][A-Za-z0-9_]*\}|\{\{[\w. ]+\}\})$/;

const isFileReference = (value: unknown): boolean => isPlain(value) && Object.keys(value).length === 1 && typeof value.file === 'string';
/** Shown, hidden, or shown with everything below it. */
export type Sight = 'shown' | 'hidden' | 'place';
const sights = ['shown', 'hidden'] as const;
const below = (sight: Sight, key: string): Sight => (sight === 'place' || placeKeys.has(key) ? 'place' : sight === 'hidden' || secretKey.test(key) ? 'hidden' : 'shown');

function hideScalar(value: unknown, sight: Sight): unknown {
  if (value === null || value === undefined) return value;
  if (sight === 'hidden') return typeof value === 'string' && reference.test(value) ? value : hiddenMark;
  if (typeof value !== 'string') return value;
  return hideSecrets(value.replace(credentials, `$1${hiddenMark}@`).replaceAll(queryCredential, `$1${hiddenMark}`));
}

/** The same value with everything that may be a secret as •••: what stands under a key that names one, and credentials in an address. */
export function hideValue(value: unknown, sight: Sight = 'shown'): unknown {
  if (Array.isArray(value)) return value.map((entry) => hideValue(entry, sight));
  if (!isPlain(value)) return hideScalar(value, sight);
  if (isFileReference(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, hideValue(entry, below(sight, key))]));
}

/** Every scalar that `hideValue` would not show as it is. */
export function secretsIn(value: unknown, sight: Sight = 'shown'): Set<string> {
  if (Array.isArray(value)) return new Set(value.flatMap((entry) => [...secretsIn(entry, sight)]));
  if (!isPlain(value)) return new Set(hideScalar(value, sight) === value ? [] : [String(value)]);
  return isFileReference(value) ? new Set() : new Set(Object.entries(value).flatMap(([key, entry]) => [...secretsIn(entry, below(sight, key))]));
}

/** A YAML text with the same things hidden; one that is not among `known` is marked as a new one. */
export function hideText(text: string, known?: ReadonlySet<string>): string {
  const document = parseDocument(text, { merge: true, logLevel: 'silent' });
  if (document.errors.length > 0) return '';
  const page: Page = { text, splices: [] };
  const walk = (node: unknown, sight: Sight): void => {
    if (isSeq(node)) for (const item of node.items) walk(item, sight);
    else if (isMap(node)) {
      if (isFileReference(node.toJS(document))) return;
      for (const pair of node.items as Pair[]) walk(pair.value, below(sight, isScalar(pair.key) ? String(pair.key.value) : ''));
    } else if (isScalar(node) && node.range && !isAlias(node)) {
      const shown = hideScalar(node.value, sight);
      if (shown === node.value) return;
      const mark = known === undefined || known.has(String(node.value)) ? String(shown) : String(shown).replace(hiddenMark, `${hiddenMark}*`);
      const block = text.slice(node.range[0], node.range[1]).endsWith('\n') ? '\n' : '';
      page.splices.push({ from: node.range[0], to: node.range[1], text: `${mark}${block}` });
    }
  };
  walk(document.contents, 'shown');
  return spliced(page);
}

export type Restored = { ok: true; value: unknown } | { ok: false; path: (string | number)[] };

/** What was handed in with every ••• as it was before; where none was before at that place, the place. */
export function restoreHidden(value: unknown, before: unknown, path: (string | number)[] = []): Restored {
  if (typeof value === 'string') {
    if (!value.includes(hiddenMark)) return { ok: true, value };
    return typeof before !== 'object' && sights.some((sight) => hideScalar(before, sight) === value) ? { ok: true, value: before } : { ok: false, path };
  }
  if (Array.isArray(value)) {
    const known = Array.isArray(before) ? (before as unknown[]) : [];
    return gathered(
      value.map((entry, index) => ({ key: index, done: restoreHidden(entry, counterpart(entry as unknown, known, index), [...path, index]) })),
      (values) => values.map(([, each]) => each),
    );
  }
  if (!isPlain(value)) return { ok: true, value };
  const known = isPlain(before) ? before : {};
  return gathered(
    Object.entries(value).map(([key, entry]) => ({ key, done: restoreHidden(entry, Object.hasOwn(known, key) ? known[key] : undefined, [...path, key]) })),
    (values) => Object.fromEntries(values),
  );
}

function gathered(parts: readonly { key: string | number; done: Restored }[], whole: (values: [string | number, unknown][]) => unknown): Restored {
  const values: [string | number, unknown][] = [];
  for (const { key, done } of parts) {
    if (!done.ok) return done;
    values.push([key, done.value]);
  }
  return { ok: true, value: whole(values) };
}

/** The item it was before: one that looks the same hidden, else one of the same name, else the one at the same place. */
function counterpart(entry: unknown, known: readonly unknown[], index: number): unknown {
  const same = known.find((each) => sights.some((sight) => isDeepStrictEqual(hideValue(each, sight), entry)));
  if (same !== undefined) return same;
  const named = isPlain(entry) && typeof entry.name === 'string' ? known.find((each) => isPlain(each) && each.name === entry.name) : undefined;
  return named ?? known[index];
}

/** Names of the environment and secret files a value refers to. */
export function referencesIn(value: unknown): Set<string> {
  if (typeof value === 'string') return new Set([...value.matchAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g)].map(([whole]) => whole));
  if (Array.isArray(value)) return new Set(value.flatMap((entry) => [...referencesIn(entry)]));
  if (!isPlain(value)) return new Set();
  if (isFileReference(value)) return new Set([`file: ${String(value.file)}`]);
  return new Set(Object.values(value).flatMap((entry) => [...referencesIn(entry)]));
}

/** Who is spoken to: the origins of addresses, and every `host:port`. */
export function originsIn(value: unknown): Set<string> {
  if (typeof value === 'string') {
    if (URL.canParse(value) && /^[a-z]+:\/\//i.test(value)) return new Set([`${new URL(value).protocol}//${new URL(value).host}`]);
    return new Set(/^(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(value) ? [value.toLowerCase()] : []);
  }
  if (Array.isArray(value)) return new Set(value.flatMap((entry) => [...originsIn(entry)]));
  return isPlain(value) ? new Set(Object.values(value).flatMap((entry) => [...originsIn(entry)])) : new Set();
}
