import { type Document, isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Problem } from './problem.ts';

/** A path into the configuration: `['probes', 3, 'timeout']`. */
export type Path = readonly (string | number)[];

export interface MergedSource {
  /** Sections of all files together: lists joined, maps merged. */
  raw: Record<string, unknown>;
  problems: Problem[];
  /** The file and line a path of `raw` came from; the nearest written ancestor when the path itself is not written. */
  locate(path: Path): { file: string; line: number };
}

interface Parsed {
  file: string;
  document: Document.Parsed;
  lines: LineCounter;
}

/** `['probes', 3, 'timeout']` → `probes[3].timeout`. */
export function pathText(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** Reads YAML texts and merges them by section; the first file's name stands for whatever is written nowhere. */
export function mergeSources(sources: readonly { file: string; text: string }[]): MergedSource {
  const problems: Problem[] = [];
  const parsed = sources.map(({ file, text }) => parseOne(file, text, problems));
  const raw: Record<string, unknown> = {};
  /** Where each entry of a joined list, or each key of a merged map, was written. */
  const origin = new Map<string, { from: Parsed; path: Path }>();
  for (const from of parsed) {
    const value = from.document.contents === null ? {} : (from.document.toJS() as unknown);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push({ file: from.file, line: 1, path: '', message: 'the file must be a map of sections', hint: 'start with a section such as "site:"' });
      continue;
    }
    for (const [section, content] of Object.entries(value)) mergeSection({ raw, origin, problems, from, section, content });
  }
  return { raw, problems, locate: (path) => locate(path, origin, parsed) };
}

function parseOne(file: string, text: string, problems: Problem[]): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, merge: true });
  for (const error of [...document.errors, ...document.warnings]) {
    const line = lines.linePos(error.pos[0]).line;
    problems.push({ file, line, path: '', message: (error.message.split('\n')[0] ?? error.message).replace(/ at line \d+, column \d+:?$/, ''), hint: 'mend the YAML at this line' });
  }
  return { file, document, lines };
}

interface MergeStep {
  raw: Record<string, unknown>;
  origin: Map<string, { from: Parsed; path: Path }>;
  problems: Problem[];
  from: Parsed;
  section: string;
  content: unknown;
}

function mergeSection({ raw, origin, problems, from, section, content }: MergeStep): void {
  const present = raw[section];
  if (Array.isArray(content) && (present === undefined || Array.isArray(present))) {
    const list = (present as unknown[] | undefined) ?? [];
    raw[section] = list;
    content.forEach((entry, index) => {
      origin.set(pathText([section, list.length]), { from, path: [section, index] });
      list.push(entry);
    });
    if (!origin.has(section)) origin.set(section, { from, path: [section] });
    return;
  }
  if (present === undefined) {
    raw[section] = content;
    origin.set(section, { from, path: [section] });
    return;
  }
  if (isPlain(present) && isPlain(content)) {
    for (const [key, value] of Object.entries(content)) {
      if (key in present)
        problems.push({ file: from.file, line: lineOf(from, [section, key]), path: `${section}.${key}`, message: `"${key}" is already set in another file`, hint: 'keep it in one place' });
      else {
        present[key] = value;
        origin.set(pathText([section, key]), { from, path: [section, key] });
      }
    }
    return;
  }
  problems.push({
    file: from.file,
    line: lineOf(from, [section]),
    path: section,
    message: `"${section}" is a list in one file and something else in another`,
    hint: 'write it the same way in all files',
  });
}

const isPlain = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

function locate(path: Path, origin: Map<string, { from: Parsed; path: Path }>, parsed: readonly Parsed[]): { file: string; line: number } {
  for (let length = Math.min(path.length, 2); length > 0; length--) {
    const found = origin.get(pathText(path.slice(0, length)));
    if (found) return { file: found.from.file, line: lineOf(found.from, [...found.path, ...path.slice(length)]) };
  }
  return { file: parsed[0]?.file ?? '', line: 0 };
}

/** The line where the path is written, or its nearest written ancestor. */
function lineOf({ document, lines }: Parsed, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(parent)) {
      const key = parent.items.find((item) => isNode(item.key) && String(item.key) === String(last))?.key;
      if (isNode(key) && key.range) return lines.linePos(key.range[0]).line;
    }
    if (isSeq(parent) && typeof last === 'number') {
      const item = parent.items[last];
      if (isNode(item) && item.range) return lines.linePos(item.range[0]).line;
    }
  }
  return 1;
}
