import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Problem } from '#lib/problem.ts';
import type { Bilingual, Language } from '#lib/text.ts';
import { notUtf8, readUtf8 } from '#lib/utf8.ts';
import type { NoticeTemplate } from './notice-template.ts';
import { parseRunbook, type RunbookFile } from './parse.ts';
import type { Branch, HttpAction, Runbook, Step, Undo } from './runbook.ts';

const shipped = fileURLToPath(new URL('./library/', import.meta.url));

export interface Library {
  runbooks: readonly Runbook[];
  problems: readonly Problem[];
}

/** The shipped runbooks and those of `paths`; one of yours takes the place of a shipped one with its id. */
export function loadLibrary(paths: readonly string[], root = '.'): Library {
  const own = readRunbooks(paths.map((path) => resolve(root, path)));
  const ours = readRunbooks([shipped]);
  const taken = new Set(own.runbooks.map(({ id }) => id));
  return { runbooks: [...own.runbooks, ...ours.runbooks.filter(({ id }) => !taken.has(id))], problems: [...own.problems, ...ours.problems] };
}

/** Reads files and directories, and joins the two languages of one id. */
export function readRunbooks(paths: readonly string[]): Library {
  const problems: Problem[] = [];
  const files = paths.flatMap((path) => markdownFiles(path, problems));
  const parsed = files.flatMap((path) => {
    const file = shownPath(path);
    const content = readUtf8(readFileSync(path));
    const read = content.ok ? parseRunbook(file, content.text) : { ok: false as const, problems: [{ file, line: content.line, path: '', ...notUtf8 }] };
    if (read.ok) return [read.file];
    problems.push(...read.problems);
    return [];
  });
  const runbooks: Runbook[] = [];
  for (const [id, twins] of Map.groupBy(parsed, ({ runbook }) => runbook.id)) {
    const joined = joinTwins(id, twins);
    problems.push(...joined.problems);
    if (joined.runbook) runbooks.push(joined.runbook);
  }
  return { runbooks: runbooks.sort((a, b) => a.id.localeCompare(b.id)), problems };
}

/** Below here by its way from here, elsewhere in full. */
const shownPath = (path: string): string => {
  const near = relative('.', path);
  return near === '' || near.startsWith('..') ? path : near;
};

function markdownFiles(path: string, problems: Problem[]): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => join(path, name));
  } catch (error) {
    problems.push({ file: path, line: 0, path: '', message: `cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, hint: 'check the path and its permissions' });
    return [];
  }
}

function joinTwins(id: string, twins: readonly RunbookFile[]): { runbook: Runbook | null; problems: Problem[] } {
  const [first, ...rest] = twins;
  if (!first) return { runbook: null, problems: [] };
  const of = (language: Language) => twins.find((twin) => twin.language === language)?.runbook;
  const extra = rest.find((twin, index) => twins.slice(0, index + 1).some(({ language }) => language === twin.language));
  const complain = (runbook: Runbook, line: number, message: string): Problem => ({
    file: runbook.sources[0]?.file ?? id,
    line,
    path: '',
    message,
    hint: 'keep id, steps and their kinds the same in both languages',
  });
  if (extra) return { runbook: first.runbook, problems: [complain(extra.runbook, 1, `runbook "${id}" is written twice in ${extra.language}`)] };
  const [zh, en] = [of('zh-CN'), of('en')];
  if (!zh || !en) return { runbook: first.runbook, problems: [] };
  const shape = ({ steps }: Runbook) => steps.map((step) => `${step.id} (${step.kind})`);
  const [zhShape, enShape] = [shape(zh), shape(en)];
  const odd = enShape.findIndex((step, index) => step !== zhShape[index]);
  if (odd >= 0 || zhShape.length !== enShape.length) {
    const at = odd >= 0 ? odd : enShape.length;
    return { runbook: zh, problems: [complain(en, en.steps[at]?.line ?? 1, `step ${at + 1} is "${enShape[at] ?? 'missing'}" in English and "${zhShape[at] ?? 'missing'}" in Chinese`)] };
  }
  return { runbook: joined(zh, en), problems: [] };
}

const pair = (zh: Bilingual, en: Bilingual): Bilingual => ({ 'zh-CN': zh['zh-CN'], en: en.en });
const pairOrNull = (zh: Bilingual | null, en: Bilingual | null): Bilingual | null => (zh && en ? pair(zh, en) : (zh ?? en));

/** What is done comes from the Chinese file, what is said from each language's own. */
function joined(zh: Runbook, en: Runbook): Runbook {
  return {
    ...zh,
    title: pair(zh.title, en.title),
    intro: pair(zh.intro, en.intro),
    notWhen: pairOrNull(zh.notWhen, en.notWhen),
    params: zh.params.map((param) => ({ ...param, about: pairOrNull(param.about, en.params.find(({ id }) => id === param.id)?.about ?? null) })),
    steps: zh.steps.map((step, index) => joinedStep(step, en.steps[index] ?? step)),
    sources: [...zh.sources, ...en.sources],
  };
}

function joinedStep(zh: Step, en: Step): Step {
  return {
    ...zh,
    title: pair(zh.title, en.title),
    body: pair(zh.body, en.body),
    timer: zh.timer && { ...zh.timer, onExpire: pairOrNull(zh.timer.onExpire, en.timer?.onExpire ?? null) },
    branches: zh.branches.map((branch, index): Branch => ({ ...branch, label: pair(branch.label, en.branches[index]?.label ?? branch.label) })),
    action: zh.action && joinedLabel<HttpAction>(zh.action, en.action),
    undo: zh.undo && joinedLabel<Undo>(zh.undo, en.undo),
    draft: zh.draft && joinedDraft(zh.draft, en.draft ?? zh.draft),
  };
}

const joinedLabel = <Labelled extends { label: Bilingual }>(zh: Labelled, en: { label: Bilingual } | null): Labelled => ({ ...zh, label: pair(zh.label, en?.label ?? zh.label) });
const joinedDraft = (zh: NoticeTemplate, en: NoticeTemplate): NoticeTemplate => ({ ...zh, title: pair(zh.title, en.title), body: pair(zh.body, en.body), advice: pair(zh.advice, en.advice) });
