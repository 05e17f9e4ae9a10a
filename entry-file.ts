import { join } from 'node:path';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ConfigPlace, ConfigText } from '#config';
import type { EditableSection } from '#console/api/editing.ts';
import { hideText } from '#lib/hidden.ts';
import { changeEntry, entriesOf, entryText, removeEntry } from '#lib/yaml-entry.ts';
import type { Plain } from './entry-values.ts';

/** Where an entry is written, and what its file becomes. */

export interface Found {
  text: ConfigText;
  /** Its place in the list of its file. */
  index: number;
  entry: Plain;
}

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value);

export function findEntry(texts: readonly ConfigText[], { section, id }: { section: EditableSection; id: string }): Found | null {
  for (const text of texts) {
    const index = entriesOf(text.text, section).findIndex((entry) => isPlain(entry) && String(entry.id) === id);
    const entry = entriesOf(text.text, section)[index];
    if (isPlain(entry)) return { text, index, entry };
  }
  return null;
}

/** All sections of all files as written; only to look something up in. */
export function writtenIn(texts: readonly ConfigText[]): Plain {
  return Object.fromEntries(
    texts.map(({ file, text }) => {
      const document = parseDocument(text, { merge: true, logLevel: 'silent' });
      return [file, document.errors.length > 0 ? null : (document.toJS() as unknown)];
    }),
  );
}

/** The lines an entry stands on, secrets as •••, and the first one's number. */
export function entryLines({ text: { text }, index }: Found, section: EditableSection): { yaml: string; line: number } {
  const shown = hideText(text);
  const lines = new LineCounter();
  const list = parseDocument(shown, { merge: true, logLevel: 'silent', lineCounter: lines }).get(section, true);
  const item = isSeq(list) ? list.items[index] : undefined;
  if (!isMap(item) || !item.range) return { yaml: '', line: 0 };
  const from = shown.lastIndexOf('\n', item.range[0] - 1) + 1;
  const end = shown.indexOf('\n', item.range[1] - 1);
  const piece = shown.slice(from, end < 0 ? undefined : end).replace(/\s+$/, '');
  const indent = /^ */.exec(piece)?.[0].length ?? 0;
  return {
    yaml: piece
      .split('\n')
      .map((line) => line.slice(Math.min(indent, line.length - line.trimStart().length)))
      .join('\n'),
    line: lines.linePos(item.range[0]).line,
  };
}

export const heading = '# 由烽火控制台写入，也可以手工修改。Written by the console of Fenghuo; it may be edited by hand as well.\n';
const words: Record<EditableSection, string> = { probes: 'probe', sources: 'source' };

export interface FileChange {
  path: string;
  /** Null where the file goes. */
  after: string | null;
}

/** A file of its own for a new entry, under a name nobody has taken. */
export function newFile({ confD }: ConfigPlace, { section, entry, taken }: { section: EditableSection; entry: Plain; taken(path: string): boolean }): FileChange {
  const name = `${words[section]}-${String(entry.id)}`;
  const paths = [`${name}.yaml`, ...Array.from({ length: 50 }, (_, turn) => `${name}-${turn + 2}.yaml`)].map((each) => join(confD, each));
  return { path: paths.find((path) => !taken(path)) ?? join(confD, `${name}.yaml`), after: entryText(section, entry, heading) };
}

/** The file with the entry changed in place; null when the way it is written does not allow it. */
export function changedFile({ text, index }: Found, { section, entry }: { section: EditableSection; entry: Plain }): FileChange | null {
  const edited = changeEntry(text.text, { section, index }, entry);
  return edited.ok && text.path !== null ? { path: text.path, after: edited.text } : null;
}

/** The file without the entry; one of `conf.d` that holds nothing else goes. */
export function reducedFile({ text, index }: Found, { section, confD }: { section: EditableSection; confD: string }): FileChange | null {
  if (text.path === null) return null;
  const document = parseDocument(text.text, { logLevel: 'silent' });
  const sections = isMap(document.contents) ? document.contents.items.length : 0;
  if (text.path.startsWith(`${confD}/`) && sections === 1 && entriesOf(text.text, section).length === 1) return { path: text.path, after: null };
  const edited = removeEntry(text.text, { section, index });
  return edited.ok ? { path: text.path, after: edited.text } : null;
}
