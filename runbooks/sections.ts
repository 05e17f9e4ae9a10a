import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';

/** A piece of YAML inside a Markdown file, with the way back from a path to a line of that file. */
export interface YamlPart {
  value: unknown;
  line: number;
  lineOf(path: readonly PropertyKey[]): number;
  errors: readonly { line: number; message: string }[];
}
export interface Section {
  title: string;
  line: number;
  yaml: YamlPart | null;
  body: string;
}
export interface Outline {
  frontMatter: YamlPart | null;
  intro: string;
  sections: readonly Section[];
}

interface Piece {
  lines: string[];
  /** Of its first line, from 1. */
  line: number;
}

/** Cuts a runbook file into its front matter, what stands before the first step, and one section for each `##` heading. */
export function outline(text: string): Outline {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const end = lines[0]?.trimEnd() === '---' ? lines.findIndex((line, index) => index > 0 && line.trimEnd() === '---') : -1;
  const frontMatter = end > 0 ? readYaml({ lines: lines.slice(1, end), line: 2 }) : null;
  const intro: string[] = [];
  const sections: (Piece & { title: string })[] = [];
  let fence: string | null = null;
  lines.slice(end + 1).forEach((line, index) => {
    const mark = /^\s{0,3}(```+|~~~+)/.exec(line)?.[1];
    if (fence === null && mark) fence = mark;
    else if (fence !== null && mark?.startsWith(fence) && line.trim() === mark) fence = null;
    const heading = fence === null ? /^##\s+(.*?)\s*#*\s*$/.exec(line) : null;
    if (heading) sections.push({ title: (heading[1] ?? '').replace(/^\d+\s*[.、．:：)]\s*/, ''), line: end + 2 + index, lines: [] });
    else (sections.at(-1)?.lines ?? intro).push(line);
  });
  return { frontMatter, intro: intro.join('\n').trim(), sections: sections.map(readSection) };
}

/** The first fenced block marked `yaml` that follows the heading holds the typed fields; the rest is for people. */
function readSection({ title, line, lines }: Piece & { title: string }): Section {
  const first = lines.findIndex((text) => text.trim() !== '');
  const opening = /^(```+|~~~+)\s*ya?ml\b/.exec(lines[first] ?? '')?.[1];
  const last = opening ? lines.findIndex((text, index) => index > first && text.trimEnd() === opening) : -1;
  if (!opening || last < 0) return { title, line, yaml: null, body: lines.join('\n').trim() };
  return {
    title,
    line,
    yaml: readYaml({ lines: lines.slice(first + 1, last), line: line + first + 2 }),
    body: lines
      .slice(last + 1)
      .join('\n')
      .trim(),
  };
}

function readYaml({ lines, line }: Piece): YamlPart {
  const counter = new LineCounter();
  const document = parseDocument(lines.join('\n'), { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number) => line - 1 + counter.linePos(offset).line;
  const errors = document.errors.map((error) => ({ line: lineAt(error.pos[0]), message: error.message }));
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length > 0; length--) {
      const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
      const last = path[length - 1];
      if (isMap(parent)) {
        const key = parent.items.find((item) => isNode(item.key) && String(item.key) === String(last))?.key;
        if (isNode(key) && key.range) return lineAt(key.range[0]);
      }
      const item = isSeq(parent) && typeof last === 'number' ? parent.items[last] : undefined;
      if (isNode(item) && item.range) return lineAt(item.range[0]);
    }
    return line;
  };
  return { value: errors.length === 0 ? contentOf(document) : null, line, lineOf, errors };
}

/** An alias bomb or a broken anchor is a fault of the file, said by the schema as "not a map". */
function contentOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch {
    return null;
  }
}
