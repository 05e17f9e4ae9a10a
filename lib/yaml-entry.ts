import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isSeq, parseDocument, stringify } from 'yaml';
import { changeNode, type Page, removeItem, spliced } from './yaml-splice.ts';

/** Changes one entry of a list in a YAML text, and nothing else: comments, order and the way the rest is written stay as they are. */

export interface EntryPlace {
  section: string;
  /** Its place in the list of this text. */
  index: number;
}

export type Edited = { ok: true; text: string } | { ok: false };
type Plain = Record<string, unknown>;

const read = (text: string): Document.Parsed => parseDocument(text, { merge: true, logLevel: 'silent' });

/** The entries of a section in this text as written; empty when there is no such list. */
export function entriesOf(text: string, section: string): unknown[] {
  const value = (read(text).toJS() as Plain | null)?.[section];
  return Array.isArray(value) ? value : [];
}

/** The text with the entry as `after`; not ok when it is written in a way that cannot be changed without touching something else. */
export function changeEntry(text: string, { section, index }: EntryPlace, after: Plain): Edited {
  const document = read(text);
  const whole = document.toJS() as Plain;
  const list = whole[section];
  const node = document.get(section, true);
  if (document.errors.length > 0 || !Array.isArray(list) || !isSeq(node)) return { ok: false };
  const wanted = { ...whole, [section]: list.map((entry, at) => (at === index ? after : (entry as unknown))) };
  const page: Page = { text, splices: [] };
  const bySplices = changeNode(page, node.items[index], { before: list[index] as unknown, after }) && proven(native(text, spliced(page)), wanted);
  if (bySplices) return bySplices;
  const set = bySetting(document, { section, index }, { before: list[index] as unknown, after });
  return (set !== null && proven(set, wanted)) || { ok: false };
}

/** The text without the entry; its list stays, empty when it was the last. */
export function removeEntry(text: string, { section, index }: EntryPlace): Edited {
  const document = read(text);
  const whole = document.toJS() as Plain;
  const list = whole[section];
  const node = document.get(section, true);
  if (document.errors.length > 0 || !Array.isArray(list) || !isSeq(node)) return { ok: false };
  const wanted = { ...whole, [section]: list.filter((_, at) => at !== index) };
  const page: Page = { text, splices: [] };
  if (list.length > 1 && !node.flow && removeItem(page, node.items[index])) {
    const removed = proven(spliced(page), wanted);
    if (removed) return removed;
  }
  node.items.splice(index, 1);
  if (node.items.length === 0) node.flow = true;
  const anew = printed(document);
  return (anew !== null && proven(anew, wanted)) || { ok: false };
}

/** A text that holds this one entry. */
export const entryText = (section: string, entry: Plain, heading: string): string => `${heading}${stringify({ [section]: [entry] }, plainly)}`;

const plainly = { lineWidth: 0, flowCollectionPadding: true } as const;

/** The same line ends as the file has. */
const native = (before: string, text: string): string => (/\r\n/.test(before) ? text.replace(/\r?\n/g, '\r\n') : text);

/** Only a text that says exactly what is wanted is handed on. */
function proven(text: string, wanted: Plain): Edited | false {
  const document = read(text);
  return document.errors.length === 0 && isDeepStrictEqual(document.toJS(), wanted) && { ok: true, text };
}

/** The plain way: comments stay, but the file is written anew; null when something leans on what would go. */
function bySetting(document: Document.Parsed, { section, index }: EntryPlace, { before, after }: { before: unknown; after: Plain }): string | null {
  const node = document.getIn([section, index], true);
  const known = before as Plain;
  if (!isMap(node)) document.setIn([section, index], after);
  for (const key of Object.keys(known)) if (!(key in after)) document.deleteIn([section, index, key]);
  for (const [key, value] of Object.entries(after)) if (!isDeepStrictEqual(known[key], value)) document.setIn([section, index, key], document.createNode(value));
  return printed(document);
}

function printed(document: Document.Parsed): string | null {
  try {
    return document.toString(plainly);
  } catch {
    // An alias whose anchor is gone.
    return null;
  }
}
